/** A way in which the value could stand in a file. `at` is where the value begins in it. */
export type ValueForm = {
  readonly text: string;
  readonly at: number;
  /** Tried only when no other form had a match: the writing that a pattern insists on. */
  readonly last: boolean;
};

const LONGEST_QUOTED = 65_536;

/**
 * Patterns are written for files. Each is tried on `NAME=value` and on the value itself; one that speaks of colons or
 * quotes also on `NAME: value`, `NAME="value"`, `NAME: "value"` and `"NAME": "value"`, when it matched neither.
 */
export function* formsOf(name: string, text: string, pattern: string): Generator<ValueForm> {
  const form = (before: string, after: string, last: boolean): ValueForm => ({
    text: before + text + after,
    at: before.length,
    last,
  });
  if (name !== "") yield form(`${name}=`, "", false);
  yield form("", "", false);
  if (text.length > LONGEST_QUOTED || text.includes("\n")) return;
  if (name !== "" && pattern.replace(/\(\?[\w-]*:|\[:|:\]/g, "").includes(":")) yield form(`${name}: `, "", true);
  if (!/["'`]|\\x(?:22|27|60)/.test(pattern)) return;
  if (name === "") yield form('"', '"', true);
  else {
    yield form(`${name}="`, '"', true);
    yield form(`${name}: "`, '"', true);
    yield form(`"${name}": "`, '"', true);
  }
}
