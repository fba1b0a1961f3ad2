import type { Question } from "../contract/detector.ts";
import type { SecretPart } from "../model/finding.ts";
import { textOf } from "./classify.ts";
import type { Evidence } from "./evidence.ts";

/** Where in the value the secret itself stands, and the way there through its encodings and structure. */
export function locate(found: Evidence, question: Question): SecretPart {
  const text = textOf(question.value);
  const start = placeOf(found, text);
  return { path: (found.via ?? []).join(" → "), start, length: start === null ? null : found.part.length };
}

/** The place of the part, in UTF-16 units; null when it only shows once the value is decoded. */
function placeOf({ rule, part }: Evidence, text: string): number | null {
  if (part === "") return null;
  const first = text.indexOf(part);
  if (first < 0) return null;
  // `postgres://postgres:postgres@…`: of equal texts, the one where this rule's secret stands.
  const wanted = rule === "url-password" ? /[:/]$/ : rule === "assignment" || rule === "command" ? /[=:\s"']$/ : null;
  if (wanted === null) return first;
  let seen = 0;
  for (let at = first; at >= 0 && seen < 100; at = text.indexOf(part, at + 1), seen++) {
    const before = text.slice(Math.max(0, at - 1), at);
    const after = text.charAt(at + part.length);
    if (wanted.test(before) && (rule !== "url-password" || after === "@")) return at;
  }
  return first;
}
