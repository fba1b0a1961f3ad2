import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { posix } from "node:path";
import { isOnlyOurs } from "./owner.ts";

/**
 * The git work tree that a folder is in; null for none, for one that others can write to, and for one that is a home: what
 * lies in a home belongs together no more than that.
 */
export function workTreeOf(dir: string): string | null {
  for (let at = dir; at !== "/" && at !== "."; at = posix.dirname(at)) {
    if (lstatSync(posix.join(at, ".git"), { throwIfNoEntry: false }) === undefined) continue;
    const isHome = `${homedir()}/`.startsWith(`${at}/`);
    return !isHome && isOnlyOurs(lstatSync(at)) ? at : null;
  }
  return null;
}
