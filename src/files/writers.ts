import { statSync, type Stats } from "node:fs";
import { dirname, sep } from "node:path";
import { foreignOwner } from "../kit/io/foreign.ts";
import { realOrSame } from "../kit/io/real.ts";
import { cmd } from "../kit/shell.ts";

/** A file that may not be rewritten, and why. */
export type ForeignlyNamed = { readonly file: string; readonly reason: string; readonly hint: string };

/**
 * The first of these files that only a stranger's file made us rewrite: whoever may write a Compose file, a unit or a script
 * could otherwise take a line out of any file of ours that it names. Files of that stranger, and those in a folder of
 * theirs, are allowed. Null if all are.
 */
export function foreignlyNamed(
  files: readonly string[],
  namers: readonly string[],
  env: NodeJS.ProcessEnv,
): ForeignlyNamed | null {
  for (const namer of namers) {
    const by = statOf(namer);
    if (by === null || foreignOwner(namer, by, env) === null) continue;
    const folder = dirname(realOrSame(namer));
    const isTheirs = statOf(folder)?.uid === by.uid;
    for (const file of files) {
      const stats = statOf(file);
      if (stats === null || stats.uid === by.uid) continue;
      if (isTheirs && realOrSame(file).startsWith(folder + sep)) continue;
      return {
        file,
        reason: `${file} belongs to user ${stats.uid}, and ${namer}, which names it, to user ${by.uid}`,
        hint: cmd`chown ${stats.uid} ${namer}, if you trust what it says; then plan again`,
      };
    }
  }
  return null;
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
