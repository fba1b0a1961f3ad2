import type { Finding } from "../../../model/finding.ts";
import type { SecretGroup } from "../../groups.ts";
import { subjectText } from "../../where.ts";
import { STATE } from "../../theme.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine } from "../../widgets/text.ts";

/** Each place is laid out whole, so that no name is cut; thousands of places would make every key slow. */
const MOST = 200;

/** Every place of a secret: its subject, where it is in there, and what is known about it. */
export function places({ findings, name, images }: SecretGroup): SpanLine[] {
  const left = findings.length - MOST;
  return [
    line(`${countText(findings.length, "place")} in ${subjectsText(findings)}`),
    ...(images.length > 0 ? [wrapped(8, { text: "image   ", dimColor: true }, images.join(", "))] : []),
    BLANK,
    ...findings.slice(0, MOST).flatMap((one) => place(one, name)),
    ...(left > 0
      ? [wrapped(0, { text: `and ${countText(left, "place")} more: b groups by container`, color: "yellow" })]
      : []),
  ];
}

/** How many things hold it, by what they are: `2 containers, 1 image`. */
function subjectsText(findings: readonly Finding[]): string {
  const names = Map.groupBy(findings, ({ location }) => location.subject);
  return [...names].map(([kind, own]) => countText(new Set(own.map(subjectText)).size, kind)).join(", ");
}

function place({ location, name, state, ignoredBy, liveness }: Finding, groupName: string): SpanLine[] {
  const is = STATE[state];
  const facts = [
    ...(name === groupName ? [] : [`as ${name}`]),
    ...(location.origin === "image" ? ["from its image"] : []),
    ...(ignoredBy === null ? [] : [ignoredBy]),
    ...(liveness === null ? [] : [`${liveness.state}: ${liveness.why}`]),
  ];
  return [
    wrapped(2, { text: `${is.glyph} ${is.word.padEnd(9)} `, ...is.style }, `${location.subject} `, {
      text: subjectText({ location }),
      bold: true,
    }),
    wrapped(4, "    ", location.path, { text: `  ${[location.where, ...facts].join("  ")}`, dimColor: true }),
  ];
}
