import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("..", import.meta.url).pathname;

/** Product code: its comments are plain technical English. */
const FOLDERS = ["src", "providers", "migrations"];

/** Phrases that read as translated, and what to write instead. */
const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\btold\b|\btells? (?:of|what|who|that|people)\b/i, "report, notify, say"],
  [/\b(?:when|where|if|that|which|it) is none\b|\bmakes? it none\b/i, "is not one; null if there is none"],
  [/\bgo(?:es)? on\b|\bgone on\b|\bgoing on\b/i, "continue, resume"],
  [/\bcall(?:s|ed)? (?:it )?off\b/i, "cancel"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\banew\b|\bagain and again\b/i, "again, repeatedly, re-…"],
  [/\ball the same\b/i, "anyway, still"],
  [/\b(?:of|by) (?:its|one's|their) own\b/i, "its, their"],
  [/\bsays so\b/i, "a note reports it"],
  [/\bjudge[sd]?\b|\bjudging\b|\bcleared\b|\bhushed\b/i, "classify, dismiss, suppress"],
  [/\bkept so\b|\bheld to be\b/i, "cached, recognised"],
  [/\bwhoever (?:has|comes|is|was)\b/i, "anyone who …; the next process"],
];

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
  const wrong = PHRASES.flatMap(([phrase, instead]) =>
    all.flatMap(({ file, comment }) => {
      const found = phrase.exec(comment)?.[0];
      return found === undefined ? [] : [`${file}: "${found}" (write: ${instead}) in: ${comment}`];
    }),
  );
  expect(wrong).toEqual([]);
});
