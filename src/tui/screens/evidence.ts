import type { Finding } from "../../model/finding.ts";
import type { Item } from "../items.ts";
import type { State } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { some } from "../widgets/bar.ts";
import { BLANK, line, wrapped, type Line } from "../widgets/text.ts";

const LABEL = 8;

/** Why it is a secret, where it is, and who can read it; the value only masked. */
export function evidence(item: Item | undefined, state: State): Line[] {
  if (!item) return [line({ text: state.scan.status === "done" ? "" : "…", dimColor: true })];
  if (item.kind === "unread") {
    const { source, subject, message, hint } = item.error;
    return [
      wrapped(0, { text: `${source} ${subject}`, bold: true }),
      BLANK,
      ...fields("why", [message]),
      ...fields("next", [hint]),
    ];
  }
  const { lead, findings, severity, name } = item.group;
  const mark = SEVERITY[severity];
  return [
    wrapped(0, { text: name, bold: true }),
    wrapped(
      0,
      { text: `${mark.glyph} ${mark.word}`, ...mark.style },
      `  ${lead.rule}  ${lead.confidence} ${lead.score.toFixed(2)}`,
    ),
    wrapped(0, { text: lead.masked, color: "magenta" }, `  ${some(lead.length, "byte")}`),
    BLANK,
    ...fields("why", lead.why),
    ...fields("unless", [lead.unless]),
    ...fields(
      "seen",
      findings.map((one) => place(one, name)),
    ),
    ...fields("who", [...new Set(findings.flatMap((one) => one.exposure))]),
    ...fields("id", [`${lead.id}  fingerprint ${lead.fingerprint.slice(0, 12)}`]),
  ];
}

function place({ location, name, state }: Finding, groupName: string): string {
  const called = name === groupName ? "" : `  as ${name}`;
  const from = location.origin === "image" ? "  from its image" : "";
  const is = state === "new" ? "" : `  ${STATE[state].word}`;
  return `${location.subjectName}  ${location.subject === "image" ? "image " : ""}${location.path}${called}${from}${is}`;
}

function fields(label: string, texts: readonly string[]): Line[] {
  return texts.map((text, at) => wrapped(LABEL, { text: (at === 0 ? label : "").padEnd(LABEL), dimColor: true }, text));
}
