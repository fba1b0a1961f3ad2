import { looksRandom } from "../entropy.ts";
import { isEvidence, type EvidenceOutcome } from "../evidence.ts";

/** Labels that document how to run the image (Red Hat's `usage`, label-schema's `docker.cmd`), or what it is. */
const FOR_PEOPLE =
  /(?:^|[._-])(?:usage|help|examples?|description|summary|synopsis|documentation|docker\.(?:cmd|params|debug)(?:\.[a-z]{1,20})?)$/;
const BY_NAME = /^(?:password|secret|key|user-password|assignment|command|url-password)$/;
const OPENS = /^\s{0,20}(?:\/bin\/sh -c #\(nop\)\s{1,4})?LABEL\s/;

/** `docker run -e MYSQL_PASSWORD=pass …` in a text for people is an example; a random value there is somebody's own. */
export function unlessExample(label: string, outcome: EvidenceOutcome): EvidenceOutcome {
  if (!isEvidence(outcome) || !BY_NAME.test(outcome.rule) || !FOR_PEOPLE.test(label.toLowerCase())) return outcome;
  if (looksRandom(outcome.part, 12)) return outcome;
  return { rule: "example", why: "is an example in documentation" };
}

/**
 * A `LABEL` line of history without its texts for people. History writes labels one behind the other and without
 * quotes, so that a text ends where the next label begins: a name in small letters that no option stands before.
 */
export function withoutTexts(line: string): string {
  if (!OPENS.test(line.slice(0, 60))) return line;
  const kept: string[] = [];
  let text = false;
  let before = "";
  for (const word of line.split(" ")) {
    const label = /^"?([a-z][a-z0-9._/-]{0,100})"?=/.exec(word)?.[1];
    if (label !== undefined && !/^-[^=]*$/.test(before)) text = FOR_PEOPLE.test(label);
    if (!text) kept.push(word);
    before = word;
  }
  return kept.join(" ");
}
