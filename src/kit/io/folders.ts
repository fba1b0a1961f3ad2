import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./error.ts";

/**
 * Creates a folder and its parents like `mkdir -p`. Node's own `recursive` never returns where a parent exists and takes
 * no folder, as below `/proc`. Throws the system's error.
 */
export function makeFolders(path: string, mode: number): void {
  try {
    makeOne(path, mode);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    makeFolders(dirname(path), mode);
    makeOne(path, mode);
  }
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const isThere = codeOf(error) !== "ENOENT" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}
