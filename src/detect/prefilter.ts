import type { Rule } from "./rules/rule.ts";

/** Finds, in one pass over a text, which rules have a keyword in it. */
export type Prefilter = (lower: string) => readonly Rule[];

const NONE: readonly Rule[] = [];
const WIDTH = 5;

/**
 * Builds the pass: every keyword is filed under its first three characters, so that a text costs one table look-up a
 * character, however many rules there are.
 */
export function prefilter(rules: readonly Rule[]): Prefilter {
  const table: ({ keyword: string; rules: Rule[] }[] | undefined)[] = Array.from({ length: 1 << (3 * WIDTH) });
  for (const rule of rules) {
    for (const keyword of rule.keywords) {
      const key = gram(keyword, 0);
      const slot = (table[key] ??= []);
      const entry = slot.find((other) => other.keyword === keyword);
      if (entry === undefined) slot.push({ keyword, rules: [rule] });
      else entry.rules.push(rule);
    }
  }
  const used = Uint8Array.from(table, (slot) => (slot === undefined ? 0 : 1));
  return (lower) => {
    let found: Rule[] | null = null;
    let key = ((lower.charCodeAt(0) & 31) << WIDTH) | (lower.charCodeAt(1) & 31);
    for (let at = 2; at < lower.length; at++) {
      key = ((key << WIDTH) | (lower.charCodeAt(at) & 31)) & 0x7fff;
      if (used[key] === 0) continue;
      for (const entry of table[key] as { keyword: string; rules: Rule[] }[]) {
        if (!lower.startsWith(entry.keyword, at - 2)) continue;
        for (const rule of entry.rules) {
          found ??= [];
          if (!found.includes(rule)) found.push(rule);
        }
      }
    }
    return found ?? NONE;
  };
}

function gram(text: string, at: number): number {
  if (text.length < at + 3) throw new Error(`keyword too short: ${text}`);
  return (
    ((text.charCodeAt(at) & 31) << (2 * WIDTH)) |
    ((text.charCodeAt(at + 1) & 31) << WIDTH) |
    (text.charCodeAt(at + 2) & 31)
  );
}
