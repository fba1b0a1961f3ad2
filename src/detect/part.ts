import type { ClassifyInput } from "../contract/detector.ts";
import type { SecretPart } from "../model/finding.ts";
import { standsInName, type Evidence } from "./evidence.ts";
import { classifiedText } from "./text-of.ts";

/** Where in the value the secret itself stands, and the way there through its encodings and structure. */
export function locate(found: Evidence, question: ClassifyInput): SecretPart {
  const path = (found.via ?? []).join(" → ");
  if (standsInName(found)) return { in: "name", path, start: null, length: null };
  const start = placeOf(found, classifiedText(question.value));
  return { in: "value", path, start, length: start === null ? null : found.part.length };
}

/** The place of the part, in UTF-16 units; null when it only shows once the value is decoded. */
function placeOf({ rule, part, via }: Evidence, text: string): number | null {
  if (part === "") return null;
  const first = text.indexOf(part);
  if (first < 0) return null;
  if (text.indexOf(part, first + 1) < 0) return first;
  // Behind the name that the last step tells: `line DB_PASSWORD`, `json → db.password`.
  const key =
    via
      ?.at(-1)
      ?.split(/[^\w-]/)
      .at(-1) || undefined;
  for (
    let at = key === undefined ? -1 : first, seen = 0;
    at >= 0 && seen < 100;
    at = text.indexOf(part, at + 1), seen++
  )
    if (new RegExp(`${key ?? ""}\\W{1,6}$`).test(text.slice(Math.max(0, at - 100), at))) return at;
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
