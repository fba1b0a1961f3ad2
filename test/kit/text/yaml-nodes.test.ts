import { expect, test } from "vitest";
import type { YAMLMap } from "yaml";
import { entriesOf, parseYaml, parseYamlDocuments, scalarText } from "../../../src/kit/text/yaml-nodes.ts";

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

test.each([
  ["a:\n  b: '{\n    \"c\": 1\n  }'\n  d: 2\n", '{ "c": 1 }'],
  ['a:\n  b: "x\ny\n\nz"\n  d: 2\n', "x y\nz"],
  ["a:\r\n  b: '{\r\n  }'\r\n  d: 2\r\n", "{ }"],
])("%j: the lines of a quoted text need no indentation, as Compose reads it", async (text, value) => {
  const { root, document } = await parseYaml("/f", text);
  expect(document.toJS()).toEqual({ a: { b: value, d: "2" } });
  const { range } = (root as YAMLMap).getIn(["a", "d"], true) as { readonly range: readonly [number] };
  expect(text.slice(range[0]).trim()).toBe("2");
});

// As `docker compose config` prints them.
test.each([
  ["a: |\n  one\n  two", "one\ntwo"],
  ["a: |\n  one\n  two\n", "one\ntwo\n"],
  ["a: >\n  one\n  two", "one two"],
  ["a: |+\n  one", "one"],
  ["a: |\n  one\n  ", "one\n"],
  ["a: |\n  one\n# two", "one\n"],
  ["a: |\n  one  ", "one  "],
  ["a:\n  - b: |\n      one", "one"],
])("%j: a block of text ends as the file does", async (text, value) => {
  const { root } = await parseYaml("/f", text);
  const [found] = (root as YAMLMap).items;
  const [inner] = JSON.stringify(found?.value).match(/"[^"]*"(?=\}?\]?$)/) ?? [];
  expect(JSON.parse(inner ?? "null")).toBe(value);
});

test.each(["a: 'x\n", "a:\n  b: 'x\n  'y'\n", "a: b\n c\nd\n", "a:\n  b: 'x\n---\ny'\n"])(
  "%j is not valid YAML at all",
  (text) => expect(parseYaml("/f", text)).rejects.toMatchObject({ code: "malformed" }),
);

// As `docker compose config` 2.26 prints them.
test.each([
  ["0123456789", "1.23456789e+08"],
  ["09", "9"],
  ["017", "15"],
  ["123456.0", "123456"],
  ["1234567.125", "1.234567125e+06"],
  ["1_000_000.5", "1.0000005e+06"],
  ["0.0001", "0.0001"],
  ["0.00001", "1e-05"],
  ["-0.0", "-0"],
  ["1e5", "100000"],
  ["9e9", "9e+09"],
  ["1e400", "1e400"],
  ["18446744073709551615", "18446744073709551615"],
  ["18446744073709551616", "1.8446744073709552e+19"],
  ["-9223372036854775809", "-9.223372036854776e+18"],
  ["+12", "12"],
])("a value written as %s is %s", async (written, value) => {
  const file = await parseYaml("/f", `a: ${written}\n`);
  expect(entriesOf(file.root, file).map(({ value: node }) => scalarText(node))).toEqual([value]);
});

test("a merge key with its tag, as yq writes it, merges like one without", async () => {
  const text = "a: &a { x: 1, y: 1 }\nb:\n  !!merge <<: *a\n  y: 2\n";
  const file = await parseYaml("/f", text);
  const [, b] = entriesOf(file.root, file);
  const read = entriesOf(b?.value, file).map(({ key, value, shared }) => [key, scalarText(value), shared]);
  expect(read).toEqual([
    ["y", "2", false],
    ["x", "1", true],
  ]);
  await expect(parseYaml("/f", `${text}  !!merge <<: *a\n`)).rejects.toMatchObject({ code: "malformed" });
});
