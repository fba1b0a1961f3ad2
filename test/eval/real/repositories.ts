import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A repository of the corpus: `owner/name`, and the commit whose files are labelled. Nothing else of it is kept here. */
export type Repository = { readonly name: string; readonly commit: string };

export type RepositoryFile = { readonly path: string; readonly bytes: Buffer };

const LIST = new URL("repositories.json", import.meta.url);
/** Larger files are made by programs, and would take most of the time. */
const LARGEST = 512 * 1024;

export function repositories(): readonly Repository[] {
  const listed = JSON.parse(readFileSync(LIST, "utf8")) as { readonly [name: string]: string };
  return Object.entries(listed).map(([name, commit]) => ({ name, commit }));
}

/** Adds what is in the folder and not listed yet, each at the commit that it has checked out. */
export function listFrom(folder: string, names: readonly string[]): void {
  const listed = new Map(repositories().map(({ name, commit }) => [name, commit]));
  for (const name of names) {
    const place = placeOf(folder, name);
    if (!listed.has(name) && place !== null) listed.set(name, git(place, ["rev-parse", "HEAD"]).toString().trim());
  }
  const sorted = [...listed].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(LIST, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

/** The repository's files at its commit, read from git's objects: a checkout is not needed. Null if the folder lacks it. */
export function filesOf(folder: string, { name, commit }: Repository): readonly RepositoryFile[] | null {
  const place = placeOf(folder, name);
  if (place === null || spawnSync("git", ["-C", place, "cat-file", "-e", `${commit}^{tree}`]).status !== 0) return null;
  const entries = git(place, ["ls-tree", "-r", "-l", "-z", commit])
    .toString()
    .split("\0")
    .flatMap((line) => {
      const [, oid, size, path] = /^100\d{3} blob ([0-9a-f]{40,64})\s+(\d+)\t(.+)$/s.exec(line) ?? [];
      return oid === undefined || path === undefined || Number(size) > LARGEST ? [] : [{ oid, path }];
    });
  const all = git(place, ["cat-file", "--batch"], entries.map(({ oid }) => `${oid}\n`).join(""));
  let at = 0;
  return entries.map(({ path }) => {
    const end = all.indexOf(10, at);
    const size = Number(all.toString("latin1", at, end).split(" ")[2]);
    at = end + 1 + size + 1;
    return { path, bytes: all.subarray(end + 1, end + 1 + size) };
  });
}

/** `FOLDER/owner+name`, or `repo` below it: a git directory or a checkout. */
function placeOf(folder: string, name: string): string | null {
  const own = join(folder, name.replace("/", "+"));
  return [join(own, "repo"), own].find((place) => [place, join(place, ".git")].some(isGit)) ?? null;
}

function isGit(folder: string): boolean {
  return existsSync(join(folder, "HEAD")) && existsSync(join(folder, "objects"));
}

function git(place: string, args: readonly string[], input = ""): Buffer {
  const { status, stdout, stderr } = spawnSync("git", ["-C", place, ...args], { input, maxBuffer: 2 ** 31 });
  if (status !== 0) throw new Error(`git ${args[0]} in ${place}: ${stderr.toString()}`);
  return stdout;
}
