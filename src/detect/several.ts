import { isEvidence, MEDIUM, type Evidence, type EvidenceOutcome } from "./evidence.ts";
import { peel } from "./structure/decode.ts";

/** No value holds more secrets than this that anyone would look at one by one. */
const MOST = 16;

/** The other secrets in a value in which `first` was found, the strongest first. */
export function others(first: Evidence, again: (found: ReadonlySet<string>) => EvidenceOutcome): readonly Evidence[] {
  const parts = new Set([first.part]);
  const more: Evidence[] = [];
  while (more.length < MOST) {
    const next = again(parts);
    if (!isEvidence(next) || next.score < MEDIUM || next.part === "" || parts.has(next.part)) break;
    // A part of what is known, or all of the value again, is no other secret; nor is what it is encoded in.
    // What is left of a value around one that was found.
    if (!next.part.includes("${X}") && ![...parts].some((part) => holds(part, next.part) || holds(next.part, part)))
      more.push(next);
    parts.add(next.part);
  }
  return more;
}

/** True where the one has the other in it, as it stands or encoded. */
export function holds(outer: string, inner: string): boolean {
  return outer.includes(inner) || peel(outer)?.inner.includes(inner) === true;
}
