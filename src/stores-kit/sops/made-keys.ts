import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { atomicRemove, atomicWrite, sweepTemps } from "../../kit/io/atomic.ts";
import { makeFolders } from "../../kit/io/folders.ts";
import { readChecked } from "../../kit/io/read.ts";
import type { SopsDocument } from "./document.ts";
import { groupsOf } from "./groups.ts";

/**
 * Of which files unsprawl made the data key on this machine, and nobody was given it by the file since. A mark in the file could be
 * forged: whoever knows the data key writes what they like under it.
 */
export type MadeKeys = {
  has(document: SopsDocument): Promise<boolean>;
  /** After a file was written under a new data key, or with one more recipient of such a key. */
  add(document: SopsDocument): Promise<void>;
  /** Before a file is removed. */
  drop(file: string): Promise<void>;
};

/**
 * Kept in a folder of this user: per file a digest of the wrapped keys that unsprawl wrote. The same wrapped keys are of the same
 * data key; others may have been wrapped by somebody who has kept it.
 */
export function madeKeys(folder: string): MadeKeys {
  const at = (file: string): string => join(folder, digest(file));
  return {
    async has(document) {
      try {
        return readChecked(at(document.file), { limit: 1000 }).toString("utf8") === digestOf(document);
      } catch {
        return false;
      }
    },
    // What is not recorded gets another data key next time, with a note in the plan.
    async add(document) {
      try {
        makeFolders(dirname(at(document.file)), 0o700);
        await atomicWrite(at(document.file), digestOf(document), { mode: 0o600 });
      } catch {
        return;
      }
    },
    async drop(file) {
      // With what a killed writer left beside it.
      for (const remove of [sweepTemps, atomicRemove]) await remove(at(file)).catch(() => undefined);
    },
  };
}

/** For a value that is no secret, which need not have a new data key: a check leaves a file as it was. */
export const ANY_KEY: MadeKeys = {
  has: async () => true,
  add: async () => undefined,
  drop: async () => undefined,
};

function digestOf(document: SopsDocument): string {
  return digest(JSON.stringify(groupsOf(document)));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
