/** At each start of a container root runs the resolver: nobody but root may be able to change what it is. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foreignFile, foreignProgram } from "../../src/kit/io/roots-alone.ts";

const OTHER = 12_345;

let dir: string;
let node: string;
let resolver: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-program-"));
  chmodSync(dir, 0o755);
  for (const folder of ["bin", "lib/unsprawl/dist", "lib/node_modules/yaml"])
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o755 });
  node = join(dir, "bin/node");
  resolver = join(dir, "lib/unsprawl/dist/resolve-main.js");
  for (const file of [
    node,
    resolver,
    join(dir, "lib/unsprawl/dist/part.js"),
    join(dir, "lib/node_modules/yaml/index.js"),
  ])
    writeFileSync(file, "", { mode: 0o755 });
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a program that another user could change", () => {
  it("is root's alone at first: nothing is wrong with it", () => {
    expect(foreignProgram(node, resolver)).toBeNull();
  });

  it.each([
    ["the resolver", "lib/unsprawl/dist/resolve-main.js"],
    ["what it imports", "lib/unsprawl/dist/part.js"],
    ["a library", "lib/node_modules/yaml/index.js"],
    ["a library's folder", "lib/node_modules/yaml"],
    ["node", "bin/node"],
    ["the folder of node", "bin"],
    ["a folder above", "lib"],
  ])("%s belongs to another user, or may be written by everybody", (_title, path) => {
    const file = join(dir, path);
    chownSync(file, OTHER, OTHER);
    expect(foreignProgram(node, resolver)).toBe(`${file} belongs to user ${OTHER}`);
    chownSync(file, 0, 0);
    chmodSync(file, 0o777);
    expect(foreignProgram(node, resolver)).toBe(`everybody can write to ${file}`);
    chmodSync(file, 0o775);
    chownSync(file, 0, OTHER);
    expect(foreignProgram(node, resolver)).toBe(`group ${OTHER} can write to ${file}`);
  });

  it("a link of root's into another user's folder", () => {
    const home = join(dir, "home");
    mkdirSync(home);
    writeFileSync(join(home, "node"), "", { mode: 0o755 });
    chownSync(home, OTHER, OTHER);
    symlinkSync(join(home, "node"), join(dir, "bin/linked"));
    expect(foreignProgram(join(dir, "bin/linked"), resolver)).toBe(`${home} belongs to user ${OTHER}`);
    symlinkSync(join(home, "node"), join(dir, "lib/unsprawl/dist/linked.js"));
    expect(foreignProgram(node, resolver)).toBe(`${home} belongs to user ${OTHER}`);
  });

  it("a link that another user made, in a sticky folder", () => {
    const sticky = join(dir, "sticky");
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    const as = { uid: OTHER, gid: OTHER };
    execFileSync("ln", ["-s", node, join(sticky, "node")], as);
    expect(foreignProgram(join(sticky, "node"), resolver)).toBe(`${join(sticky, "node")} belongs to user ${OTHER}`);
    // What is root's in such a folder stays root's.
    writeFileSync(join(sticky, "own"), "");
    expect(foreignFile([join(sticky, "own")])).toBeNull();
  });

  it("a file that is not there", () => {
    expect(foreignFile([join(dir, "bin/gone")])).toBe(`${join(dir, "bin/gone")} does not exist`);
  });
});
