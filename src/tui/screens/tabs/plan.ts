import type { SecretGroup } from "../../groups.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine } from "../../widgets/text.ts";
import { planLines } from "../plan.ts";
import { fields } from "./fields.ts";
import type { TuiState } from "../../state.ts";

/** Everything that the details show: moving a mark or the filter does not make it again. */
export type DetailState = Pick<TuiState, "tab" | "scan" | "history" | "previews" | "stores">;

/** What the store of the last plan would do with one secret; before there was one, how to get there. */
export function planTab({ fingerprint, findings, state: is }: SecretGroup, state: DetailState): SpanLine[] {
  const { last } = state.stores;
  const all = state.scan.hits.filter(({ finding }) => finding.fingerprint === fingerprint).length;
  const where = all === findings.length ? "" : `, ${findings.length} of them here`;
  const it = `it moves from ${countText(Math.max(all, findings.length), "place")} at once${where}`;
  if (last === null) {
    return [
      line("Nothing is planned yet"),
      BLANK,
      ...fields("what", [it, ...(is === "migrated" ? ["a run keeps it until scrub: L shows the run"] : [])]),
      ...fields("next", [
        "m asks for a store and shows the plan with its masked diff; nothing is changed before y",
        "once a store was chosen, this tab shows what it would do with each secret",
      ]),
    ];
  }
  const preview = state.previews.get(fingerprint);
  const title = wrapped(0, { text: `With ${last}`, bold: true }, `  ${it}`);
  if (preview?.store === last && preview.plan !== null)
    return [title, BLANK, ...planLines(preview.plan, { diff: true })];
  if (preview?.store === last && preview.error !== null) {
    const { text, hint } = preview.error;
    return [
      title,
      BLANK,
      wrapped(2, { text: "✗ ", color: "red" }, text),
      ...fields("next", [...(hint === null ? [] : [hint]), "m asks for the store again"]),
    ];
  }
  const waits = state.scan.status === "running" ? "once the scan has ended: all its places must be known" : "planning…";
  return [title, BLANK, line({ text: waits, dimColor: true })];
}
