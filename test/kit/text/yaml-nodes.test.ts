import { expect, test } from "vitest";
import { parseYaml, parseYamlDocuments } from "../../../src/kit/text/yaml-nodes.ts";

test.each([
  ["a: 1\nb: 2\na: 3\n", 3],
  ["a:\n  b: 1\n  'b': 2\n", 3],
  ["- { a: 1,\n    a: 2 }\n", 2],
  ["a: 1\n<<: *b\n<<: *c\n", 3],
  ["a: 1\n---\nb: 1\nb: 2\n", 4],
  ["? { b: 1,\n  b: 2 }\n: 3\n", 2],
  ["a: 1\n: 2\n: 3\n", 3],
  // What comes first is told.
  ['a: 1\na: 2\nb: "\n', 2],
  ['a: "\\q"\na: 2\n', 1],
])("%j is not valid in line %i", async (text, line) => {
  await expect(parseYamlDocuments("/f", text, "hint")).rejects.toMatchObject({
    code: "malformed",
    message: `/f, line ${line}: not valid YAML`,
  });
});

test("the same key in maps of their own", async () => {
  const text = "a: { b: 1, c: 2 }\nb: [{ a: 1 }, { a: 1 }]\n[a]: 1\n[b]: 2\n";
  await expect(parseYaml("/f", text)).resolves.toMatchObject({ file: "/f" });
});
