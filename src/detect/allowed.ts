import { isEvidence, type Evidence, type EvidenceOutcome } from "./evidence.ts";
import type { OwnRules } from "./own/index.ts";
import { ruleById } from "./rules/index.ts";

/** How much on either side of a secret counts as its line. */
const AROUND = 2048;

/** What the built-in rules found in a value, unless an allowlist for all rules lets it go. */
export function inValue(
  found: EvidenceOutcome,
  own: OwnRules,
  name: string,
  value: string,
  path: string,
): EvidenceOutcome {
  if (!isEvidence(found)) return found;
  const at = name.length + 1;
  return unlessAllowed(found, own, found.part === value ? name : "", { text: `${name}=${value}`, at }, path);
}

/** The same for a text, in which it stands from byte `start` on. */
export function inBytes(
  {
    found,
    name,
    start,
    value,
  }: { readonly found: Evidence; readonly name: string; readonly start: number; readonly value: string },
  own: OwnRules,
  bytes: Uint8Array,
  path: string,
): EvidenceOutcome {
  const decoded = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString("utf8");
  const before = decoded(Math.max(0, start - AROUND), start);
  const text = before + decoded(start, start + Buffer.byteLength(value) + AROUND);
  return unlessAllowed(found, own, found.part === value ? name : "", { text, at: before.length }, path);
}

/** `name` is empty when the secret is not all of what it names; `at` is where in the text the value begins. */
function unlessAllowed(
  found: Evidence,
  own: OwnRules,
  name: string,
  { text, at }: { readonly text: string; readonly at: number },
  path: string,
): EvidenceOutcome {
  const { rule, part: secret } = found;
  const builtIn = ruleById(rule);
  // What only a name gives away, gitleaks matches together with the name.
  const named = name !== "" && (builtIn === null || builtIn.pattern === null || builtIn.names !== null);
  const start = text.indexOf(secret, at);
  const end = start + secret.length;
  // What shows only once it is decoded stands on no line.
  const line = start < 0 ? "" : lineAt(text, start, end);
  const by = own.allowed({ secret, match: named ? `${name}=${secret}` : secret, line, start, end }, path);
  return by === null ? found : { rule, why: "is allowed", suppressedBy: `allowlist: ${by}` };
}

function lineAt(text: string, start: number, end: number): string {
  const before = text.slice(Math.max(0, start - AROUND), start);
  const [after = ""] = text.slice(end, end + AROUND).split("\n", 1);
  return before.slice(before.lastIndexOf("\n") + 1) + text.slice(start, end) + after;
}
