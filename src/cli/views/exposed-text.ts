import type { Exposed } from "../../core/exposed.ts";
import type { Rotation } from "../../model/finding.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint } from "../../kit/paint.ts";
import { hanging, lineWidth, wrapWords } from "../../kit/text/wrap.ts";

/** Exposed secrets with what to do about each kind. */
export type Advised = Exposed & { readonly rotate: Rotation };

/** Places of one kind that are named; more are counted. */
const NAMED = 6;

/** What a run leaves to people: rotating what it moved. One kind of secret at a time; no line if there is none. */
export function exposedText(exposed: readonly Advised[], stream: NodeJS.WriteStream | null): string[] {
  if (exposed.length === 0) return [];
  return [
    "",
    ...wrapWords(
      "Rotate these secrets: they were readable until now. unsprawl rotate last --dry-run shows what it can do; for the rest, put the new values into the store only.",
      lineWidth(stream),
    ).map((line) => paint("bold", line, stream)),
    ...exposed.flatMap(({ secrets, rotate }) => {
      const names = secrets.slice(0, NAMED).map(({ name, subject }) => `${name} (${subject})`);
      const more = secrets.length > NAMED ? ` and ${secrets.length - NAMED} more` : "";
      return [
        ...hanging("  ", `${printable(names.join(", "))}${more}`, 2, lineWidth(stream)),
        ...hanging("    ", `${rotate.text}${rotate.url === null ? "" : `  ${rotate.url}`}`, 4, lineWidth(stream)),
      ];
    }),
  ];
}

/** The advice for each kind of secret that a run exposed. */
export async function adviceFor(exposed: readonly Exposed[]): Promise<Advised[]> {
  if (exposed.length === 0) return [];
  const { rotationFor } = await import("../../detect/index.ts");
  return exposed.map((one) => ({ ...one, rotate: rotationFor(one.rule ?? "", one.service) }));
}
