import type { Evidence } from "../evidence.ts";
import type { Rule } from "../rules/rule.ts";
import { firstMatch, matchesAt, type TokenMatch } from "../tokens.ts";
import { latin1Text } from "./assignment.ts";
import type { Watch } from "./watch.ts";
import type { PendingHit } from "./hit.ts";

const BEHIND = 2048;
const BEFORE = 256;
/** A private key is longer than any token. */
const KEY = 16_384;
/** From so many searches in vain on they are extended, by at most `FURTHER` times their length. */
const OFTEN = 16;
const FURTHER = 32;
/** So much behind a match may have a say in it, and in where it ends. */
const AFTER = 64;

/** What is known of a rule: from `from` on its pattern fits nowhere before `next`. */
type Searched = {
  readonly from: number;
  readonly next: number;
  /** What stands at `next` only looks like a token. */
  readonly isRejected: boolean;
  /** How many searches found nothing. */
  readonly vain: number;
};

/**
 * Finds the tokens of a text around the keywords of their rules. What was searched in vain is not searched again for the
 * next keyword: a text may be nothing but keywords.
 */
export class TokenSearch {
  readonly #bytes: Buffer;
  readonly #searched = new Map<Rule, Searched>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * The token of this rule that the keyword at `at` belongs to; null for none. `read` is where the last token of this kind
   * ends: the one before is not found again in place of the next.
   */
  near(at: number, watch: Watch, rule: Rule, read: number): PendingHit | null {
    const bytes = this.#bytes;
    const from = watch.leads ? Math.max(0, at - 1) : Math.max(read, at - BEFORE);
    const to = Math.min(bytes.length, at + (rule.vendor === "PEM" ? KEY : BEHIND));
    if (!watch.leads && this.#isKnown(rule, from, to)) return null;
    const window = latin1Text(bytes, from, to);
    // Every keyword of such a rule is watched, so each place where a token may begin is asked for by itself.
    const evidence = watch.leads ? matchesAt(rule, window, at - from) : this.#first(rule, window, from, to);
    if (evidence === null || (rule.vendor === "PEM" && !isKey(evidence))) return null;
    const start = from + window.indexOf(evidence.part);
    return { found: evidence, name: nameBefore(bytes, start), start, end: start + evidence.part.length };
  }

  #isKnown(rule: Rule, from: number, to: number): boolean {
    const known = this.#searched.get(rule);
    if (known === undefined || from < known.from) return false;
    return known.isRejected ? from <= known.next : to <= known.next;
  }

  #first(rule: Rule, window: string, from: number, to: number): Evidence | null {
    const match = firstMatch(rule, window);
    if (match !== null && match.found !== null) return match.found;
    const vain = (this.#searched.get(rule)?.vain ?? 0) + 1;
    if (match !== null || vain < OFTEN || to === this.#bytes.length) {
      this.#searched.set(rule, { ...searched(match, from, to), vain });
      return null;
    }
    const further = Math.min(this.#bytes.length, to + BEHIND * Math.min(vain - OFTEN + 1, FURTHER));
    const next = firstMatch(rule, latin1Text(this.#bytes, from, further));
    this.#searched.set(rule, { ...searched(next, from, further), vain });
    return null;
  }
}

/** A match at the end of what was searched may be another one with what follows. */
function searched(match: TokenMatch | null, from: number, to: number): Omit<Searched, "vain"> {
  if (match === null) return { from, next: to, isRejected: false };
  return { from, next: from + match.at, isRejected: match.found === null && from + match.end + AFTER < to };
}

function isKey({ part }: Evidence): boolean {
  // Code that reads keys names their first line: a key continues after it.
  if (!/[A-Za-z0-9+/=]{40}/.test(part)) return false;
  // A log shows that there is a key by its first line.
  return part.length >= 140 || !part.startsWith("-") || part.includes("-----END");
}

/** The name that the value at `start` is assigned to, or an empty one. */
export function nameBefore(bytes: Buffer, start: number): string {
  const before = latin1Text(bytes, Math.max(0, start - 240), start);
  const name = /([A-Za-z_][\w.-]{0,79})["'\]]{0,2}\s{0,4}(?::|=|=>|:=)\s{0,4}["'`]?$/.exec(before)?.[1] ?? "";
  // npm's settings name the registry that a token is for: `//registry.example.org/:_authToken`.
  return name.startsWith("_") ? (REGISTRY.exec(before)?.[1] ?? name) : name;
}

const REGISTRY = /(?:^|[\s"'])(\/\/[\w.-]{1,120}(?::\d{1,5})?\/[\w.@/-]{0,80}:_\w{4,20})\s{0,4}=\s{0,4}["']?$/;
