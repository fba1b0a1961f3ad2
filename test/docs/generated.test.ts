import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stores } from "../../providers/index.ts";
import { SOURCES } from "../../src/assembly/plug-ins.ts";
import { generatedRegions, regionsOf, withRegions } from "./generated.ts";

const ROOT = join(import.meta.dirname, "../..");
const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })].sort();
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");
const regions = await generatedRegions();

/** Without what the formatter does to tables. */
const bare = (text: string): string => text.replace(/-{3,}/g, "---").replace(/ +/g, " ").replace(/\n+/g, "\n");

test.each(pages.filter((page) => regionsOf(read(page)).length > 0))(
  "%s has what the code has (after a wanted change: npm run docs)",
  (page) => {
    expect(bare(read(page))).toBe(bare(withRegions(read(page), regions)));
  },
);

test("every generated region is on a page", () => {
  const shown = pages.flatMap((page) => regionsOf(read(page)));
  expect([...regions.keys()].filter((name) => !shown.includes(name))).toEqual([]);
});

test("every source and every store has a page, which docs/README.md lists", () => {
  const wanted = [...SOURCES.map(({ kind }) => `sources/${kind}.md`), ...stores.map(({ name }) => `stores/${name}.md`)];
  expect(wanted.filter((page) => !pages.includes(`docs/${page}`))).toEqual([]);
});

test("docs/README.md lists every page but those for contributors", () => {
  const index = read("docs/README.md");
  const listed = pages
    .filter((page) => page.startsWith("docs/") && !page.startsWith("docs/contributing/") && page !== "docs/README.md")
    .map((page) => page.slice("docs/".length));
  expect(listed.filter((page) => !index.includes(`](${page})`))).toEqual([]);
});
