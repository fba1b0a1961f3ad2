import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockName, blocksOf, pageBlocks, patched } from "./pages.ts";
import { DEEP } from "../support/deep.ts";
import { applyBlock, copyTree, type WorkedCopy } from "./worked-copy.ts";

const blocks = pageBlocks();
const files = blocks.filter(({ kind }) => kind === "file").map(({ file }) => file);

/** A tool's output, with the page and line of every block whose file it names. */
function explained(output: string | null): string | null {
  if (output === null) return null;
  const named = blocks.filter(({ file }) => output.includes(file)).map(blockName);
  return `${named.length === 0 ? "no block is named" : named.join("\n")}\n${output}`;
}

describe("the examples of docs/contributing", () => {
  let copy: WorkedCopy;
  beforeAll(() => (copy = copyTree()));
  afterAll(() => copy.remove());

  test("every page has some, and each fits the tree", () => {
    expect([...new Set(blocks.map(({ page }) => page))]).toEqual([
      "docs/contributing/add-a-format.md",
      "docs/contributing/add-a-rotator.md",
      "docs/contributing/add-a-rule.md",
      "docs/contributing/add-a-store.md",
      "docs/contributing/add-an-output-format.md",
    ]);
    for (const block of blocks) applyBlock(copy, block);
  });

  test("they are formatted and linted as the tree is", async () => {
    expect(explained(await copy.fails("oxfmt", "--check", "--config", "test/oxfmt.json", ...files))).toBeNull();
    const lint = ["--type-aware", "--config", "test/oxlint.json", "--deny-warnings", ...files];
    expect(explained(await copy.fails("oxlint", ...lint))).toBeNull();
  });

  test("they compile, the product's and the tests' files", async () => {
    // The product and the examples' own tests, with what those import; a deep run compiles all tests beside them.
    const include = [...["src", "providers", "migrations"], ...files.filter((file) => file.startsWith("test/"))];
    const only = { extends: "./test/tsconfig.json", compilerOptions: { rootDir: "." }, include };
    writeFileSync(join(copy.dir, "tsconfig.examples.json"), JSON.stringify(only));
    const project = DEEP ? "test/tsconfig.json" : "tsconfig.examples.json";
    expect(explained(await copy.fails("tsc", "--noEmit", "-p", project))).toBeNull();
  });

  test("their tests pass, and so do those of the architecture, of the rules and of what plug-ins say", async () => {
    const run = ["run", "--config", "test/docs/vitest.config.ts"];
    const tests = files.filter((file) => file.endsWith(".test.ts"));
    const laws = ["architecture", "detect/rules", "detect/rule-tables", "plug-ins"].map((one) => `test/${one}.test.ts`);
    // The README does not name what the examples add, and nothing is built here.
    const possible = ["--testNamePattern", "^(?!.*(?:README and docs|html is made))"];
    expect(explained(await copy.fails("vitest", ...run, ...tests, ...laws, ...possible))).toBeNull();
  });
});

describe("a block", () => {
  test("is read with its page and line", () => {
    const page = 'One\n\n```ts title="a.ts"\nlet a;\n```\n\n```sh\nls\n```\n\n```diff title="b.ts"\n+c\n```\n';
    expect(blocksOf("p.md", page)).toEqual([
      { page: "p.md", line: 3, kind: "file", file: "a.ts", text: "let a;\n" },
      { page: "p.md", line: 11, kind: "diff", file: "b.ts", text: "+c\n" },
    ]);
  });

  test("changes the lines that it names, which must be there once", () => {
    expect(patched("a\nb\nc\n", " a\n-b\n+B\n@@\n c\n+d\n")).toBe("a\nB\nc\nd\n");
    expect(() => patched("a\na\n", " a\n+b\n")).toThrow("2 times");
    expect(() => patched("a\n", "-c\n")).toThrow("0 times");
    expect(() => patched("a\n", "+c\n")).toThrow("times");
  });
});
