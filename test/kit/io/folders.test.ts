import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolders } from "../../../src/kit/io/folders.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-folders-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("creates a folder and its parents, and takes one that is there, also behind a link", () => {
  makeFolders(join(dir, "a/b/c"), 0o700);
  symlinkSync("a/b", join(dir, "link"));
  makeFolders(join(dir, "link/c"), 0o700);
  makeFolders(join(dir, "link/d/"), 0o700);
  expect([join(dir, "a"), join(dir, "a/b/d")].map((one) => statSync(one).mode & 0o777)).toEqual([0o700, 0o700]);
});

it.each([
  ["below /proc, which takes no folder", () => "/proc/unsprawl/state", "ENOENT"],
  ["below a link to what is not there", () => join(dir, "dangling/x"), "EEXIST"],
  ["where a link leads to what is not there", () => join(dir, "dangling"), "EEXIST"],
  ["where a file is", () => join(dir, "file"), "EEXIST"],
  ["below a file", () => join(dir, "file/x"), "ENOTDIR"],
])("ends %s", (_where, path, code) => {
  if (!existsSync(join(dir, "file"))) {
    writeFileSync(join(dir, "file"), "");
    symlinkSync("nowhere/at/all", join(dir, "dangling"));
  }
  expect(() => makeFolders(path(), 0o700)).toThrow(expect.objectContaining({ code }));
});
