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
  const slots: { keyword: string; rules: Rule[] }[][] = [[]];
  /** Of three characters the slot; 0 is the empty one. */
  const slotOf = new Uint16Array(1 << (3 * WIDTH));
  for (const rule of rules) {
    for (const keyword of rule.keywords) {
      const key = gram(keyword, 0);
      if (slotOf[key] === 0) slotOf[key] = slots.push([]) - 1;
      const slot = slots[slotOf[key] as number] as { keyword: string; rules: Rule[] }[];
      const entry = slot.find((other) => other.keyword === keyword);
      if (entry === undefined) slot.push({ keyword, rules: [rule] });
      else entry.rules.push(rule);
    }
  }
  return (lower) => {
    let found: Rule[] | null = null;
    let key = ((lower.charCodeAt(0) & 31) << WIDTH) | (lower.charCodeAt(1) & 31);
    for (let at = 2; at < lower.length; at++) {
      key = ((key << WIDTH) | (lower.charCodeAt(at) & 31)) & 0x7fff;
      const slot = slotOf[key] as number;
      if (slot === 0) continue;
      for (const entry of slots[slot] as { keyword: string; rules: Rule[] }[]) {
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
