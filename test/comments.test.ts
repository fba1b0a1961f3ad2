import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { unidiomatic } from "./support/english.ts";
import { stringsOf, visibleStrings } from "./support/visible-strings.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Product code: its comments are plain technical English. */
const FOLDERS = ["src", "providers", "migrations"];

/** A file's comments, each on one line, without what is quoted as code. */
function comments(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.match(/^[ \t]*\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*(?:\n[ \t]*\/\/.*)*/gm) ?? [];
  return found.map((comment) =>
    comment
      .replace(/^[ \t]*(?:\/\*\*?|\*\/|\*|\/\/)|\*\/$/gm, " ")
      .replace(/`[^`]*`/g, "`…`")
      .replace(/\s+/g, " ")
      .trim(),
  );
}

function sources(dir: string): string[] {
  return readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(dir, name));
}

test.each(FOLDERS)("comments in %s are plain English", (dir) => {
  const all = sources(dir).flatMap((file) => comments(file).map((comment) => ({ file, comment })));
  expect(all.length).toBeGreaterThan(400);
  const wrong = all.flatMap(({ file, comment }) => unidiomatic(comment).map((found) => `${file}: ${found}`));
  expect(wrong).toEqual([]);
});

/** Files whose long texts are programs or style sheets. */
const PROGRAMS = /\/(?:style(?:-print)?|completion\/scripts|runtime\/program)\.ts$/;
const QUERY = /^(?:select|insert into|update|delete from|create table) /;

test("every text that a person may read is plain English too", () => {
  const all = visibleStrings().filter(({ file, text }) => !PROGRAMS.test(file) && !QUERY.test(text));
  expect(all.length).toBeGreaterThan(4000);
  const wrong = all.flatMap(({ file, line, text }) => unidiomatic(text).map((found) => `${file}:${line}: ${found}`));
  expect(wrong).toEqual([]);
});

test("finds the texts of a file, wherever they are", () => {
  const code = [
    `import { a } from "not shown.ts";`,
    `type T = "not shown either";`,
    "const b = `one ${a} two` + ' three';",
    "const c = { next: 'four', kind: 'word', [`five ${a} six`]: a ? 'seven eight' : null };",
    `const d = <Text dim="word">nine ten</Text>;`,
  ].join("\n");
  expect(stringsOf("a.tsx", code).map(({ line, text }) => `${line} ${text}`)).toEqual([
    "3 one … two three",
    "4 four",
    "4 five … six",
    "4 seven eight",
    "5 nine ten",
  ]);
});
