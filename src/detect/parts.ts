import { looksRandom } from "./entropy.ts";
import type { Evidence, EvidenceOutcome, Judge } from "./evidence.ts";
import { readName, type NameInfo } from "./names/names.ts";
import { programOf } from "./commands/programs.ts";
import type { Cleared } from "./cleared.ts";
import { inAssignments } from "./structure/structure.ts";

/** Options of a program: by the name, or if the text begins with one. Prose about options is not. */
export function takesOptions(name: NameInfo, text: string): boolean {
  if (text.length > 65_536 || name.family === "password" || !/(?:^|\s)-{1,2}[A-Za-z]/.test(text)) return false;
  return (
    text.startsWith("-") ||
    /(?:^|_)(?:opts?|options?|args?|arguments|flags?|params?|parameters|cmd|command|exec|run|script|entrypoint|hook|cli|extra|check|test|invocation)(?:_|$)/.test(
      name.key,
    ) ||
    programOf(text.split(/\s/, 1)[0] ?? "") !== null ||
    // A line of cron's.
    /^(?:@[a-z]{5,10}|[\d*]\S{0,20}(?:\s{1,4}[\d*]\S{0,20}){4})\s{1,4}\S/.test(text) ||
    /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a|z)?sh -[a-z]{0,4}c\s/.test(text)
  );
}

/** JDBC and the like carry the password behind `?` or `;`. */
export function urlSettings(text: string, inner: Judge): EvidenceOutcome {
  const at = text.search(/[?;]/);
  if (at < 0) return null;
  const strict: Judge = (key, value, step) => {
    const family = readName(key).family;
    return family === "password" || family === null || looksRandom(value, 12) ? inner(key, value, step) : null;
  };
  const found = inAssignments(text.slice(at).replaceAll("&", ";"), strict);
  return found === null ? null : { ...found, rule: "url-password" };
}

/** A verdict from an inner name is reported as a setting inside the value. */
export function generic(found: Evidence | null): Evidence | null {
  return found !== null && /^(?:password|secret|key)$/.test(found.rule) ? { ...found, rule: "assignment" } : found;
}

/** JSON in which no secret was found. */
export function cleanJson(partly: boolean): Cleared {
  const why = partly
    ? "JSON without a secret in the part that was read (it is very large)"
    : "JSON without a secret in it";
  return { rule: "structure", why, ...(partly ? { partly: true as const } : {}) };
}

/** Random and long, without a name that helps: worth a look at low confidence, no more. */
export function byEntropy(name: NameInfo, text: string): EvidenceOutcome {
  if (name.digest || name.setting !== null || name.open || text.length < 24 || text.length > 512) return null;
  if (!/^[A-Za-z0-9+/_=-]+$/.test(text) || /^[0-9a-f]+$/i.test(text) || !looksRandom(text, 24)) return null;
  if (!/\d/.test(text) || !/[a-z]/.test(text) || !/[A-Z]/.test(text) || /[/-]{1}.*[/-]/.test(text)) return null;
  // Base64 of a text, or of one that was compressed, in which no secret was found.
  if (text.startsWith("H4sI") || /^[\t\n\r\x20-\x7e]{16,}$/.test(Buffer.from(text, "base64").toString("latin1")))
    return null;
  // A short word, a mark and a long random text is how tokens are made today; ids of that form are shorter.
  const tokenlike = /^(?!cs_)[a-z][a-z0-9]{1,11}(?:_[a-z0-9]{1,10})?[_][A-Za-z0-9]{36,120}$/.test(text);
  return {
    rule: "high-entropy",
    score: tokenlike ? 0.62 : 0.42,
    severity: tokenlike ? "medium" : "low",
    why: tokenlike
      ? ["a word, then a long random text, as tokens are made"]
      : ["looks random, and nothing says what it is"],
    part: text,
  };
}
