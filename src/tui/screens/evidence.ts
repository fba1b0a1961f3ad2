import type { Finding, Rotation } from "../../model/finding.ts";
import { placeWords } from "../../model/place-words.ts";
import type { SecretGroup } from "../groups.ts";
import type { RunHistory } from "../history.ts";
import { subjectText } from "../where.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { countText } from "../widgets/bar.ts";
import { addressLine, BLANK, wrapped, type SpanLine } from "../widgets/text.ts";
import { fields } from "./tabs/fields.ts";

/** All places are in their own tab. */
const SEEN = 6;

/** Why it is a secret, where it is, who can read it, and what to do about that; the value only masked. */
export function evidence(group: SecretGroup, rotation: Rotation | undefined, history: RunHistory): SpanLine[] {
  const { lead, findings, severity, name, firstSeen } = group;
  const renewed = history.renewed(group);
  const mark = SEVERITY[severity];
  const left = findings.length - SEEN;
  const seen = findings.slice(0, SEEN);
  return [
    wrapped(0, { text: name, bold: true }),
    wrapped(
      0,
      { text: `${mark.glyph} ${mark.word}`, ...mark.style },
      `  ${lead.rule}  ${lead.confidence} ${lead.score.toFixed(2)}`,
    ),
    wrapped(0, { text: lead.masked, color: "magenta" }, `  ${countText(lead.length, "byte")}`),
    BLANK,
    ...fields("why", lead.why),
    ...fields("unless", [lead.unless]),
    ...fields("seen", [...seen.map((one) => place(one, name)), ...(left > 0 ? [`and ${left} more: 2 Places`] : [])]),
    ...fields("since", firstSeen === null ? [] : [`${firstSeen.slice(0, 10)}, when a saved scan first had it`]),
    ...fields("age", renewed === null ? [] : [`${renewed.how} ${renewed.at.slice(0, 10)}, by run ${renewed.run}`]),
    ...fields("who", [...new Set(seen.flatMap((one) => one.exposure))]),
    ...fields("rotate", rotation === undefined ? [] : [rotation.text]),
    ...(rotation?.url ? [addressLine(8, rotation.url)] : []),
    ...fields("id", [`${lead.id}  fingerprint ${lead.fingerprint.slice(0, 12)}`]),
  ];
}

function place(finding: Finding, groupName: string): string {
  const { location, name, state } = finding;
  const called = name === groupName ? "" : `  as ${name}`;
  const is = state === "new" ? "" : `  ${STATE[state].word}`;
  return `${subjectText(finding)}  ${location.subject === "image" ? "image " : ""}${placeWords(location)}${called}${is}`;
}
