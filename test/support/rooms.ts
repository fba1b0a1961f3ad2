import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PRODUCT = /^(?:src|providers|migrations)\/.*\.tsx?$/;

/** The text of each product file, by its path. */
export type Tree = ReadonlyMap<string, string>;

export const isProduct = (file: string): boolean => PRODUCT.test(file);

/** The product files as they are, with those that git does not know yet. */
export function treeNow(): Tree {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "src", "providers", "migrations"],
    { cwd: ROOT, encoding: "utf8" },
  );
  const files = listed.split("\n").filter((file) => isProduct(file) && existsSync(join(ROOT, file)));
  return new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
}

/** A folder of src, a provider, a migration; a file beside them is its own room. */
export function roomOf(file: string): string {
  const [top = "", second = "", third] = file.split("/");
  return third === undefined ? file : `${top}/${second}`;
}

export const linesOf = (text: string): number => text.split("\n").length - 1;

/** The lines of each room. */
export function linesOfRooms(tree: Tree): { readonly [room: string]: number } {
  const lines: { [room: string]: number } = {};
  for (const [file, text] of tree) lines[roomOf(file)] = (lines[roomOf(file)] ?? 0) + linesOf(text);
  return Object.fromEntries(Object.entries(lines).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How many lines each room may have, as test/budget.json says. */
export type Budget = { readonly about: string; readonly lines: { readonly [room: string]: number } };

export const BUDGET = join(ROOT, "test/budget.json");

export const readBudget = (): Budget => JSON.parse(readFileSync(BUDGET, "utf8")) as Budget;
