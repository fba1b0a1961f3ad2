import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

// A package without a shrinkwrap is installed with whatever its ranges of versions mean that day.

const ROOT = new URL("../..", import.meta.url).pathname;
type Lock = { readonly packages: { readonly [name: string]: Locked } };
type Locked = {
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly dependencies?: object;
  readonly devDependencies?: object;
};

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "package-"));
  for (const file of ["package-lock.json", "README.md", "LICENSE"]) cpSync(join(ROOT, file), join(dir, file));
  const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { [name: string]: string } };
  // The build is another matter, and would take away the program that other tests run.
  delete own.scripts["prepare"];
  writeFileSync(join(dir, "package.json"), JSON.stringify(own));
  mkdirSync(join(dir, "dist"));
  writeFileSync(join(dir, "dist/main.js"), "");
  writeFileSync(join(dir, "secret.txt"), "");
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const npm = (...args: string[]): string =>
  execFileSync("npm", args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

it("the package has each version that the lockfile has, by its digest, and nothing that is not for use", () => {
  const [packed] = JSON.parse(npm("pack", "--dry-run", "--json").replace(/^[^[]*/, "")) as [
    { files: { path: string }[] },
  ];
  expect(packed.files.map(({ path }) => path).sort()).toEqual(
    ["LICENSE", "README.md", "dist/main.js", "npm-shrinkwrap.json", "package.json"].sort(),
  );
  npm("pack", "--pack-destination", dir);
  execFileSync("tar", ["-xzf", "unsprawl-0.1.0.tgz"], { cwd: dir });
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  const shrunk = JSON.parse(readFileSync(join(dir, "package/npm-shrinkwrap.json"), "utf8")) as Lock;
  const used = Object.entries(lock.packages).filter(([, one]) => one.dev !== true);
  expect(Object.keys(shrunk.packages)).toEqual(used.map(([name]) => name));
  expect(used.length).toBeGreaterThan(100);
  for (const [name, { version, integrity }] of used) {
    expect(shrunk.packages[name]?.version).toBe(version);
    expect(shrunk.packages[name]?.integrity).toBe(integrity);
    if (name !== "") expect(integrity, name).toMatch(/^sha512-/);
  }
  expect(shrunk.packages[""]?.dependencies).toEqual(lock.packages[""]?.dependencies);
  expect(shrunk.packages[""]?.devDependencies).toBeUndefined();
  // It would go over the lockfile at the next install here.
  expect(existsSync(join(dir, "npm-shrinkwrap.json"))).toBe(false);
});
