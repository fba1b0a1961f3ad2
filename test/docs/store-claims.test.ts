import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stores } from "../../providers/index.ts";
import { CLAIMS, HOLES, PROPERTIES } from "./store-claims.ts";

const TESTS = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(TESTS, file), "utf8");

/** Calls whose first argument is a text, with their name: titles of tests, among others. */
const CALL = /([\w.]+)(?:<[^;]*?>)?\(\s*(["'`])((?:(?!\2).)+)\2,/g;
/** A table of cases, called with its title. */
const CASES = /\)\(\s*(["'`])((?:(?!\1).)+)\1,/g;

const titles = (text: string): readonly string[] => [
  ...[...text.matchAll(CALL)].map(([, , , title = ""]) => title),
  ...[...text.matchAll(CASES)].map(([, , title = ""]) => title),
];

/** What must be true of a store for it to have a case of the conformance suite, by the suite's own words. */
function traitsOf(file: string, title: string): readonly string[] {
  const calls = [...read(file).matchAll(CALL)].filter(([, , , one]) => one === title).map(([, call = ""]) => call);
  return [
    ...(calls.includes("bench.onServer") || file === "conformance/faults.ts" ? ["server"] : []),
    ...(calls.includes("bench.acrossProcesses") ? ["acrossProcesses"] : []),
  ];
}

/** The files in which a store is put through the conformance suite. */
const conforming = globSync("providers/*.test.ts", { cwd: TESTS })
  .map(read)
  .filter((text) => text.includes("providerConformance("));

test.each(PROPERTIES)("%s: each store shows it, or there is a reason why nothing does, never both", (property) => {
  const about = <T extends (typeof HOLES | typeof CLAIMS)[number]>(rows: readonly T[], name: string): readonly T[] =>
    rows.filter((one) => one.property === property && one.stores.includes(name));
  for (const { name } of stores)
    expect(about(HOLES, name), name).toHaveLength(about(CLAIMS, name).length === 0 ? 1 : 0);
});

test("every row is about properties and stores that there are", () => {
  const known = new Set(stores.map(({ name }) => name));
  for (const { property, stores: of } of [...CLAIMS, ...HOLES])
    expect([PROPERTIES.includes(property), of.filter((name) => !known.has(name))], property).toEqual([true, []]);
});

test.each(CLAIMS)("$file: $title", ({ file, title, stores: of }) => {
  expect(titles(read(file))).toContain(title);
  if (!file.startsWith("conformance/")) return;
  for (const name of of)
    for (const trait of ["", ...traitsOf(file, title)]) {
      const held = conforming.some(
        (text) =>
          [`providerConformance("${name}`, `providerConformance(\`${name}`].some((call) => text.includes(call)) &&
          (trait === "" || text.includes(`${trait}: true`)),
      );
      expect(held, `${name} ${trait}`).toBe(true);
    }
});

test("files that a reason names are there", () => {
  const named = HOLES.flatMap(({ why }) => [...why.matchAll(/`test\/(\S+\.ts)`/g)].map(([, file = ""]) => file));
  expect(named.length).toBeGreaterThan(0);
  for (const file of named) expect(read(file)).not.toBe("");
});
