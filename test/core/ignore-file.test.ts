import { mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { planIgnore, undoIgnore, writeIgnore, type IgnoredSecret } from "../../src/core/config/ignore-file.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-ignore-"));
  file = join(dir, "unsprawl.yaml");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const entry = (reason = "made up for tests", until: string | null = null): IgnoredSecret => ({
  fingerprint: "0123456789abcdef0123456789abcdef",
  reason,
  until,
});
const LINE = '{ fingerprint: "0123456789abcdef", reason: "made up for tests" }';

it.each([
  ["a file that is not there", null, `ignore:\n  - ${LINE}\n`],
  ["an empty file", "", `ignore:\n  - ${LINE}\n`],
  ["a file of comments", "# ours\n", `# ours\nignore:\n  - ${LINE}\n`],
  ["a file without ignore", "failOn: high # so\n", `failOn: high # so\nignore:\n  - ${LINE}\n`],
  [
    "a list with comments, which stay",
    "ignore: # may stay\n  - name: DEMO_* # a\n    reason: x\n  # the end\nfailOn: high\n",
    `ignore: # may stay\n  - name: DEMO_* # a\n    reason: x\n  - ${LINE}\n  # the end\nfailOn: high\n`,
  ],
  ["a list that is not indented", "ignore:\n- name: A\n", `ignore:\n- name: A\n- ${LINE}\n`],
  ["an empty flow list", "ignore: []\n", `ignore: [${LINE}]\n`],
  ["a flow list", "ignore: [{ name: A }] # x\n", `ignore: [{ name: A }, ${LINE}] # x\n`],
  ["nothing under ignore", "ignore:\nfailOn: high\n", `ignore:\n  - ${LINE}\nfailOn: high\n`],
  ["no line end at the end", "failOn: high", `failOn: high\nignore:\n  - ${LINE}`],
  ["line ends of Windows", "failOn: high\r\n", `failOn: high\r\nignore:\r\n  - ${LINE}\r\n`],
  ["a flow map", "{ failOn: high }\n", `{ failOn: high, ignore: [${LINE}] }\n`],
])("adds one line to %s, and takes it out again to the byte", async (_, before, after) => {
  if (before !== null) writeFileSync(file, before);
  const edit = await planIgnore(file, [entry()]);
  expect(existsSync(file) ? readFileSync(file, "utf8") : null).toBe(before);
  expect(edit.diff.map(({ text }) => text)).toEqual([`- ${LINE}`]);
  await writeIgnore(edit);
  expect(readFileSync(file, "utf8")).toBe(after);
  await undoIgnore(edit);
  expect(existsSync(file) ? readFileSync(file, "utf8") : null).toBe(before);
});

it("reads back any reason as it was typed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), async (reason) => {
      const { after } = await planIgnore(file, [entry(reason, "2030-01-31")]);
      expect(parse(after)).toEqual({ ignore: [{ fingerprint: "0123456789abcdef", reason, until: "2030-01-31" }] });
    }),
    { numRuns: 200 },
  );
});

it.each([
  ["a list that another key shares", "x: &a [{ name: A }]\nignore: *a\n", "not a plain list"],
  ["what is no list", "ignore: { name: A }\n", "ignore"],
  ["several documents", "failOn: high\n---\nfailOn: low\n", "several documents"],
  ["what is not YAML", "ignore: [\n", "not valid YAML"],
  ["what is no map", "hello\n", "not a mapping"],
])("refuses %s and writes nothing", async (_, before, message) => {
  writeFileSync(file, before);
  await expect(planIgnore(file, [entry()])).rejects.toThrow(message);
  expect(readFileSync(file, "utf8")).toBe(before);
});

it("neither writes nor takes back over what somebody else has written since", async () => {
  const edit = await planIgnore(file, [entry()]);
  writeFileSync(file, "failOn: low\n");
  await expect(writeIgnore(edit)).rejects.toThrow("changed by another program");
  await expect(undoIgnore(edit)).rejects.toThrow("changed by another program");
  expect(readFileSync(file, "utf8")).toBe("failOn: low\n");
});
