import type { Field } from "../form.ts";
import { wantedText } from "../items.ts";
import { typedSpans } from "../screens/typed.ts";
import { layout, line, wrapped, type Guard, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

const HANG = 14;

/** Where each secret goes, one field per line; the selected field's purpose and error below it. */
export function Form({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows } = room;
  const { form: shown, stores } = state;
  const step = shown?.from === "plan" ? "2 of 4" : "1 of 4";
  const title = line(
    { text: ` Where it goes: ${wantedText(state)}`, bold: true },
    { text: stores.busy === null ? "" : `  ▸ ${stores.busy}`, color: "cyan" },
    { text: `  ${step}  Form`, dimColor: true },
  );
  if (shown === null) return <Pane title={title} rows={[]} room={room} />;
  const made: ScreenRow[] = [];
  let [from, to] = [0, 0];
  // A field has at least one row: more fields than rows are never visible.
  const first = Math.max(0, shown.at - rows);
  for (const [index, field] of shown.fields.slice(first, shown.at + rows + 1).entries()) {
    const at = first + index;
    const here = at === shown.at;
    if (here) from = made.length;
    if (field.head !== "" && field.head !== shown.fields[at - 1]?.head)
      made.push(...layout([wrapped(3, { text: ` ${field.head}`, bold: true })], columns, guard));
    made.push(...layout(fieldLines(field, here ? shown.cursor : null, guard), columns, guard));
    if (here) to = made.length;
  }
  // The whole selected field is visible, with as much before it as after it.
  const spare = Math.max(0, rows - (to - from));
  const { rows: body } = windowFrom(made, from - Math.floor(spare / 2), rows);
  return <Pane title={title} rows={body} room={room} />;
}

/** `cursor` is null for a field that is not selected. */
function fieldLines(field: Field, cursor: number | null, guard: Guard): SpanLine[] {
  const { label, value, options, about, error } = field;
  const head = { text: ` ${cursor === null ? " " : "▸"} ${label.padEnd(HANG - 4)} `, bold: cursor !== null };
  const lines = [
    options === null
      ? wrapped(HANG, head, ...(cursor === null ? [value] : typedSpans({ text: value, at: cursor }, guard)))
      : wrapped(HANG, head, { text: cursor === null ? value : `‹ ${value} ›`, inverse: cursor !== null }),
  ];
  if (error !== null) lines.push(wrapped(HANG + 2, { text: `${" ".repeat(HANG)}✗ `, color: "red", bold: true }, error));
  else if (cursor !== null) {
    const choices = options === null ? "" : `: ${options.join(", ")}`;
    lines.push(wrapped(HANG, { text: `${" ".repeat(HANG)}${about}${choices}`, dimColor: true }));
  }
  return lines;
}
