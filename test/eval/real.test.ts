import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { answeredIn, fingerprintOf, keyOf, labelLine, labels } from "./real/labels.ts";
import { filesOf, repositories } from "./real/repositories.ts";

const folder = mkdtempSync(join(tmpdir(), "unsprawl-eval-real-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("each label is of a listed repository, and says one thing of one finding", () => {
  const all = labels();
  const listed = new Set(repositories().map(({ name }) => name));
  expect(all.filter(({ repository }) => !listed.has(repository))).toEqual([]);
  expect(new Set(all.map(keyOf)).size).toBe(all.length);
  expect(listed.size).toBeGreaterThanOrEqual(150);
});

test("a printed line is a label once somebody has answered it", () => {
  const place = {
    repository: "a/b",
    file: "x y.env",
    line: 3,
    fingerprint: fingerprintOf(Buffer.from("it")),
    rule: "password",
  };
  expect(answeredIn(labelLine(place, "?"))).toEqual([]);
  expect(answeredIn(labelLine(place, "dummy"))).toEqual([{ ...place, answer: "dummy" }]);
});

test("files are read at the listed commit, from a checkout as from a git directory", () => {
  const git = (...args: string[]): string =>
    spawnSync("git", [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@b",
      "-C",
      join(folder, "a+b"),
      ...args,
    ]).stdout.toString();
  mkdirSync(join(folder, "a+b"));
  git("init", "-q");
  writeFileSync(join(folder, "a+b", "x y.env"), "A=1\n");
  git("add", ".");
  git("commit", "-qm", "one");
  const commit = git("rev-parse", "HEAD").trim();
  writeFileSync(join(folder, "a+b", "x y.env"), "A=2\n");
  git("commit", "-qam", "two");
  const files = filesOf(folder, { name: "a/b", commit });
  expect(files?.map(({ path, bytes }) => [path, bytes.toString()])).toEqual([["x y.env", "A=1\n"]]);
  expect(filesOf(folder, { name: "a/b", commit: "0".repeat(40) })).toBe(null);
  expect(filesOf(folder, { name: "c/d", commit })).toBe(null);
});
