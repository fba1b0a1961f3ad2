import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { shellCommands } from "../../../src/kit/text/shell-words.ts";

/** What `sh` makes of the words of each command; one `sh` reads them all. */
function bySh(commands: readonly string[]): string[][] {
  const out = execFileSync("sh", ["-c", commands.map((line) => `printf '%s\\0' ${line}\nprintf '\\0'`).join("\n")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  // No word is empty, so an empty one ends a command.
  return out
    .split("\0\0")
    .slice(0, -1)
    .map((words) => words.split("\0"));
}

const texts = (script: string): string[][] => shellCommands(script).map((words) => words.map(({ text }) => text));

const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("ab=-/.,:@%+ä")), minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...Array.from('a "\\$`#;&|<>()*~\n\t')) }).map((text) => `'${text}'`),
  fc.string({ unit: fc.constantFrom(...Array.from("a '#;&|<>()*~\n\t")) }).map((text) => `"${text}"`),
  fc.constantFrom(
    '"\\""',
    '"\\\\"',
    '"\\$"',
    '"a$"',
    '"$ a"',
    '"\\`"',
    '"\\x"',
    '"a\\\nb"',
    "\\'",
    "\\ ",
    "\\#",
    "\\\\",
    "\\\n",
    "a#b",
    "\\*",
  ),
);
const line = fc
  .array(
    fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")),
    { minLength: 1, maxLength: 12 },
  )
  .map((words) => words.map((word) => `x${word}`).join(" "));

it("reads words as sh does, each at its place", () => {
  const scripts = fc.sample(line, 100);
  const theirs = bySh(scripts);
  expect(theirs).toHaveLength(100);
  for (const [at, script] of scripts.entries()) {
    const [words = [], ...more] = shellCommands(script);
    expect(more).toEqual([]);
    expect(words.map(({ text }) => text)).toEqual(theirs[at]);
    // Its own place alone gives the same word, and only blanks stand between two.
    for (const { start, end, text } of words) expect(texts(script.slice(start, end))).toEqual([[text]]);
    const between = words.map(({ end }, at) => script.slice(end, words[at + 1]?.start)).join("");
    expect(between).toMatch(/^(?: |\\\n)*$/);
  }
});

it.each<[string, string[][]]>([
  ["a b; c && d || e | f &\ng # h ; i\nj", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["j"]]],
  ["a >out 2>&1 <in b &>all c>d", [["a", "b", "c"]]],
  ["cat <<EOF; a\nb c\nEOF\nd", [["cat"], ["a"], ["d"]]],
  [
    "cat <<-'E F' x\n\tb\n\tE F\nd <<<word e",
    [
      ["cat", "x"],
      ["d", "e"],
    ],
  ],
  [
    "x=$(a 'b)' \"$(c d)\") y",
    [
      ["c", "d"],
      ["a", "b)", "$(c d)"],
      ["x=$(a 'b)' \"$(c d)\")", "y"],
    ],
  ],
  ["a 3<<<b c\nb", [["a", "c"], ["b"]]],
  ["(a; b) { c; }", [["a"], ["b"], ["{", "c"], ["}"]]],
  ["a 'b", [["a", "b"]]],
  ['a "b $(c', [["c"], ["a", "b $(c"]]],
])("%j", (script, commands) => {
  expect(texts(script)).toEqual(commands);
});

it("tells words that are known only when they run", () => {
  const known = ["a", "a$", '"a$"', "'$a'", '"a b"', "\\$a", "a#", "a~"];
  const unknown = ["$a", '"$a"', "${a:-b c}", "`a b`", "$(a b)", "*.txt", "~/a", "A=~/b", "$'a'", '$"a"'];
  for (const word of [...known, ...unknown]) {
    const [[first] = [], ...more] = shellCommands(`${word} z`).slice(-1);
    expect([first?.expands, first?.end, more], word).toEqual([unknown.includes(word), word.length, []]);
  }
});

it("any text ends, in time that grows with it", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("'\"\\$`(){}<>#;&|\n\r 0a~")), maxLength: 60 }),
      (script) => {
        for (const { start, end } of shellCommands(script).flat()) expect(end).toBeGreaterThan(start);
      },
    ),
    { numRuns: 3000 },
  );
  const started = performance.now();
  for (const part of ["$(", "`", '"', "'", "${", "<<a\n", "\\", "a ", "2>"]) shellCommands(part.repeat(20_000));
  expect(performance.now() - started).toBeLessThan(10_000);
});
