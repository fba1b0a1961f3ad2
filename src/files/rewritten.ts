import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Work } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import { keyedDigest, type FingerprintKey } from "../model/fingerprint.ts";
import type { FileChange, Plan, Step } from "../model/plan.ts";
import { atomicRemove, atomicWrite, contentDigest, mayReplace, sweepTemps, type FileOwner } from "../kit/io/atomic.ts";
import { fileError } from "../kit/io/error.ts";
import { readChecked } from "../kit/io/read.ts";
import { changedMeanwhile } from "../kit/io/walk.ts";
import { readSealed, writeSealed } from "../kit/io/sealed.ts";

export type Rewrite = Extract<Step, { kind: "rewrite" }>;

/** Files that a run rewrites: each whole or not at all, and each restored byte for byte. */
export type RewrittenFiles = {
  /** Throws `changed` if a file is not as the plan saw it. */
  unchanged(step: Rewrite): Promise<void>;
  /**
   * Writes the files. `make` returns their new texts, made from the current files; they must equal the plan's. Both
   * sides are sealed before the first byte is written, so that an interrupted run can be resumed and `restore` can undo
   * it. False if the files had these texts already.
   */
  write(step: Rewrite, work: Work, make: () => Promise<ReadonlyMap<string, string>>): Promise<boolean>;
  /** The error `changed` if a file is no longer what the run has written, since somebody else writes too; else null. */
  changedSince(step: Rewrite): UnsprawlError | null;
  /**
   * Restores the files, also those that are gone, and removes their sealed copies. A file that somebody has changed since
   * is left alone: throws `changed`. Does nothing if the run wrote none.
   */
  restore(step: Rewrite, work: Work): Promise<void>;
  /** Whether `restore` would recall values: a file is not as it was before the run. */
  needsValues(step: Rewrite): boolean;
  /** Removes the sealed copies of a step's files; returns what was removed, for people. */
  forget(step: Rewrite, plan: Plan): Promise<string[]>;
};

/**
 * The current file: its digest under the plan's key, and the digest that `atomicWrite` compares at the last instant.
 */
type CurrentFile = { readonly keyed: string | null; readonly expect: string | null };
type FileVersions = {
  readonly before: string | null;
  readonly after: string;
  /** Of the file before. Absent for a new one, and in copies of older versions. */
  readonly was?: FileOwner & { readonly mode: number };
};

export type RewriteTools = { readonly key: FingerprintKey; readonly state: () => string };

export function rewrittenFiles(tools: RewriteTools): RewrittenFiles {
  return new SealedFiles(tools);
}

class SealedFiles implements RewrittenFiles {
  readonly #key: FingerprintKey;
  readonly #state: () => string;

  constructor({ key, state }: RewriteTools) {
    this.#key = key;
    this.#state = state;
  }

  async unchanged(step: Rewrite): Promise<void> {
    const now = this.#current(step);
    for (const [at, { file, before }] of step.files.entries()) {
      if (now[at]?.keyed !== before)
        throw new UnsprawlError("changed", `${file} has changed since the plan was made`, "unsprawl plan again");
      // Must be known before a value is written to the store.
      await mayReplace(file);
    }
  }

  async write(step: Rewrite, work: Work, make: () => Promise<ReadonlyMap<string, string>>): Promise<boolean> {
    await sweep(step);
    const now = this.#current(step);
    if (step.files.every(({ after }, at) => now[at]?.keyed === after)) return false;
    const texts = (await this.#sealed(step, work)) ?? (await this.#seal(step, work, await make()));
    for (const [at, change] of step.files.entries()) {
      const is = now[at];
      if (is === undefined || is.keyed === change.after) continue;
      if (is.keyed !== change.before) throw strange(change.file, work.plan.id);
      const mode = change.before === null ? change.mode : undefined;
      await atomicWrite(change.file, Buffer.from(texts[at]?.after ?? ""), {
        expect: is.expect,
        ...(mode === undefined ? {} : { mode }),
      });
    }
    return true;
  }

  changedSince(step: Rewrite): UnsprawlError | null {
    const now = this.#current(step);
    const other = step.files.find(({ after }, at) => now[at]?.keyed !== after);
    return other === undefined ? null : changedMeanwhile(other.file);
  }

  async restore(step: Rewrite, work: Work): Promise<void> {
    await sweep(step);
    // Sealed before the first byte is written: what the files are now is somebody else's doing.
    const isSealed = step.files.some(({ file }) => existsSync(this.#sealedFile(work.plan, file)));
    if (!isSealed && work.record.last(`${step.id}/sealed`) === null) return this.#removeSealed(step, work.plan);
    const now = this.#current(step);
    const texts = isBefore(step, now) ? null : await this.#sealed(step, work);
    for (const [at, { file, before, after }] of step.files.entries()) {
      const is = now[at];
      if (is === undefined || is.keyed === before) continue;
      const sides = texts?.[at];
      if (sides === undefined || (is.keyed !== after && is.keyed !== null)) throw strange(file, work.plan.id);
      await writeBack(file, sides, is.expect);
    }
    await this.#removeSealed(step, work.plan);
  }

  needsValues(step: Rewrite): boolean {
    return !isBefore(step, this.#current(step));
  }

  async forget(step: Rewrite, plan: Plan): Promise<string[]> {
    await this.#removeSealed(step, plan);
    return step.files.filter(({ before }) => before !== null).map(({ file }) => `the sealed copy of ${file}`);
  }

  #folder(plan: Plan): string {
    return join(this.#state(), "runs", `${plan.id}-files`);
  }

  #sealedFile(plan: Plan, file: string): string {
    return join(this.#folder(plan), `${createHash("sha256").update(file).digest("hex").slice(0, 32)}.sealed`);
  }

  #current(step: Rewrite): CurrentFile[] {
    return step.files.map(({ file }) => {
      const bytes = bytesIfThere(file);
      if (bytes === null) return { keyed: null, expect: null };
      return { keyed: keyedDigest(bytes.toString("utf8"), this.#key), expect: contentDigest(bytes) };
    });
  }

  async #sealed(step: Rewrite, work: Work): Promise<FileVersions[] | null> {
    const values = [...(await work.recall()).values()];
    const found = step.files.map(({ file }) => readSealed(this.#sealedFile(work.plan, file), values, this.#key));
    if (found.some((one) => one === null)) return null;
    return found.map((one) => JSON.parse(one?.toString("utf8") ?? "") as FileVersions);
  }

  async #seal(step: Rewrite, work: Work, texts: ReadonlyMap<string, string>): Promise<FileVersions[]> {
    const both: FileVersions[] = [];
    for (const { file, before, after } of step.files) {
      const [old, text] = [bytesIfThere(file)?.toString("utf8") ?? null, texts.get(file)];
      if ((old === null ? null : keyedDigest(old, this.#key)) !== before) throw strange(file, work.plan.id);
      if (text === undefined || keyedDigest(text, this.#key) !== after)
        throw new UnsprawlError("changed", `${file} would become something other than planned`, "unsprawl plan again");
      both.push({ before: old, after: text, ...(old === null ? {} : { was: ownerAndMode(file) }) });
    }
    const values = [...work.values.values()];
    for (const [at, { file }] of step.files.entries())
      await writeSealed(this.#sealedFile(work.plan, file), Buffer.from(JSON.stringify(both[at])), values, this.#key);
    work.record.done(`${step.id}/sealed`);
    return both;
  }

  /** Other steps of the run may have copies in the folder too. */
  async #removeSealed(step: Rewrite, plan: Plan): Promise<void> {
    for (const { file } of step.files) {
      await sweepTemps(this.#sealedFile(plan, file));
      await rm(this.#sealedFile(plan, file), { force: true });
    }
    await rmdir(this.#folder(plan)).catch(() => undefined);
  }
}

/** What a killed writer left beside the files may be their previous text, including values. */
async function sweep(step: Rewrite): Promise<void> {
  for (const { file } of step.files) await sweepTemps(file);
}

/** Whether all files are as before the run. */
function isBefore(step: Rewrite, now: readonly CurrentFile[]): boolean {
  return step.files.every(({ before }, at) => now[at]?.keyed === before);
}

/** What a rewrite does to one file, for the plan. */
export function fileChange(
  file: string,
  before: string | null,
  after: string,
  diff: FileChange["diff"],
  key: FingerprintKey,
  mode?: FileChange["mode"],
): FileChange {
  return {
    ...{ file, before: before === null ? null : keyedDigest(before, key), after: keyedDigest(after, key), diff },
    ...(mode === undefined ? {} : { mode }),
  };
}

async function writeBack(file: string, { before, was }: FileVersions, expect: string | null): Promise<void> {
  if (before === null) await atomicRemove(file, { expect });
  else if (expect === null)
    await atomicWrite(file, before, { expect, ...(was === undefined ? {} : { mode: was.mode, owner: was }) });
  else await atomicWrite(file, before, { expect });
}

function ownerAndMode(file: string): FileOwner & { readonly mode: number } {
  const { uid, gid, mode } = statSync(file);
  return { uid, gid, mode: mode & 0o777 };
}

/** Null if it does not exist. */
export function bytesIfThere(file: string): Buffer | null {
  try {
    return readChecked(file);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw fileError(error, file);
  }
}

function strange(file: string, runId: string): UnsprawlError {
  return new UnsprawlError(
    "changed",
    `${file} matches neither its state before run ${runId} nor the run's result: somebody else changed it, so it is left alone`,
    `move that change aside, then try again`,
  );
}
