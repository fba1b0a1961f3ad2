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
function placeOf({ rule, part, via = [] }: Evidence, text: string): number | null {
  if (part === "") return null;
  const places = placesOf(part, text);
  if (places.length < 2) return places[0] ?? null;
  // Behind the name that the last step tells: `line DB_PASSWORD`, `json → db.password`.
  const key = via
    .at(-1)
    ?.split(/[^\w-]/)
    .at(-1);
  const behindKey = key ? new RegExp(`${key}\\W{1,6}$`) : null;
  const named = places.find((at) => behindKey?.test(text.slice(Math.max(0, at - 100), at)));
  // `postgres://postgres:postgres@…`: of equal texts, the one where this rule's secret stands.
  const sign = rule === "url-password" ? /[:/]$/ : rule === "assignment" || rule === "command" ? /[=:\s"']$/ : null;
  const signed = places.find(
    (at) =>
      sign?.test(text.slice(Math.max(0, at - 1), at)) &&
      (rule !== "url-password" || text.charAt(at + part.length) === "@"),
  );
  return named ?? signed ?? (places[0] as number);
}

function placesOf(part: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0 && places.length < 100; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}
