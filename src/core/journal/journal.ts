import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Recorder } from "../../contract/migration.ts";
import { cmd } from "../../kit/shell.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import type { Plan } from "../../model/plan.ts";
import type { Receipt, ReceiptState } from "../../model/receipt.ts";
import { chainedLine, readChain, type Chain } from "./chain.ts";
import { FORM_NOW } from "./form.ts";
import { formFault } from "./plan-form.ts";
import { makeFolders } from "../../kit/io/folders.ts";

/** An installation: its state folder with the journals, and the key that authenticates them. */
export type Installation = { readonly state: string; readonly key: FingerprintKey };

/**
 * A run's journal: `runs/<id>.jsonl` in the state folder, 0600, append-only, one fsync per record, each line chained to
 * the previous one by a MAC of this installation.
 */
export type Journal = {
  readonly plan: Plan;
  readonly receipts: readonly Receipt[];
  readonly record: Recorder;
  /** `code` is that of the error, for the run as a whole. */
  failed(step: string, reason: string, code?: string): void;
  /** From now on write errors (full disk) are ignored: they must not stop an undo. */
  tolerant(): void;
  close(): void;
};

/**
 * Creates a run's journal. Throws `conflict` if this plan has been applied before, `malformed` for a plan that could not
 * be read back.
 */
export function createJournal(installation: Installation, plan: Plan): Journal {
  const { state, key } = installation;
  const fault = formFault(plan);
  if (fault !== null) throw new UnsprawlError("malformed", `the plan: ${fault}`, "unsprawl plan again");
  const dir = join(state, "runs");
  const file = journalFile(state, plan.id);
  try {
    makeFolders(dir, 0o700);
    mustBeNew(state, plan.id);
    rmSync(file, { force: true }); // killed before its first record was whole: nothing was done
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants;
    const fd = openSync(file, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0o600);
    const journal = new FileJournal({ plan, receipts: [], link: plan.id }, key, fd);
    try {
      const folder = openSync(dir, "r");
      fsyncSync(folder);
      closeSync(folder);
      journal.append("run", "intent", { plan, ...FORM_NOW });
    } catch (error) {
      journal.close();
      rmSync(file, { force: true });
      throw error;
    }
    return journal;
  } catch (error) {
    throw error instanceof UnsprawlError ? error : writeError(error);
  }
}

/** Throws `conflict` for a plan that a run has begun to apply. */
export function mustBeNew(state: string, id: string): void {
  const file = journalFile(state, id);
  if (existsSync(file) && readFileSync(file, "utf8").includes("\n")) throw appliedBefore(id);
}

function appliedBefore(id: string): UnsprawlError {
  return new UnsprawlError(
    "conflict",
    `plan ${id} has been applied before`,
    cmd`unsprawl runs ${id} shows how it went; unsprawl resume ${id} continues it if it was interrupted`,
  );
}

/** Opens a run's journal to append to it, and truncates a line torn by a crash. Throws like `readJournal`. */
export function openJournal(installation: Installation, id: string): Journal {
  const chain = readJournal(installation, id);
  const fd = openSync(
    journalFile(installation.state, id),
    constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW,
  );
  ftruncateSync(fd, chain.length);
  return new FileJournal(chain, installation.key, fd);
}

/**
 * Reads a journal without opening it for writing. Throws `absent` if it does not exist, `malformed` if it cannot be
 * parsed, `refused` if it is not as this installation wrote it.
 */
export function readJournal({ state, key }: Installation, id: string): Chain {
  return readChain(journalText(state, id), id, journalFile(state, id), key);
}

/** A journal's text. Throws `absent` if it does not exist, `usage` for an invalid id. */
export function journalText(state: string, id: string): string {
  if (!/^[\w-]+$/.test(id))
    throw new UnsprawlError("usage", `not a run: ${JSON.stringify(id)}`, "unsprawl runs lists them");
  try {
    return readFileSync(journalFile(state, id), "utf8");
  } catch (error) {
    throw new UnsprawlError("absent", `no run ${id}`, "unsprawl runs lists them", causeOf(error));
  }
}

/**
 * Atomically rewrites a run's journal with this plan in place of the original and a receipt that it was scrubbed.
 * Throws like `readJournal`.
 */
export function finishScrub(installation: Installation, id: string, plan: Plan): void {
  const { receipts } = readJournal(installation, id);
  rewriteJournal(installation, id, { plan, receipts }, "scrub");
}

/**
 * Atomically replaces a run's journal by these receipts, in this version's form: the first one with this plan, and one
 * more at the end that says that `step` was done. What it said before is believed from now on.
 */
export function rewriteJournal(
  installation: Installation,
  id: string,
  { plan, receipts }: Pick<Journal, "plan" | "receipts">,
  step: string,
): void {
  const [first, ...rest] = receipts;
  if (first === undefined) return;
  const last: Receipt = { at: new Date().toISOString(), step, state: "done", data: {} };
  const lines: string[] = [];
  let link = id;
  for (const receipt of [{ ...first, data: { ...first.data, plan, ...FORM_NOW } }, ...rest, last]) {
    const next = chainedLine(receipt, link, installation.key);
    lines.push(next.line);
    ({ link } = next);
  }
  const [file, dir] = [journalFile(installation.state, id), join(installation.state, "runs")];
  const fresh = `${file}.new`;
  try {
    rmSync(fresh, { force: true }); // of a scrub that was killed
    const fd = openSync(fresh, "wx", 0o600);
    try {
      appendWhole(fd, lines.join(""));
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, file);
    const folder = openSync(dir, "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw writeError(error);
  }
}

/** Whether a run wrote its first record; before that it has done nothing. */
export function hasBegun(state: string, id: string): boolean {
  try {
    return readFileSync(journalFile(state, id), "utf8").includes("\n");
  } catch {
    return false;
  }
}

/** The ids of all runs, in the order in which they began: a saved plan, whose time its id has, may wait for days. */
export function runIds(state: string): string[] {
  try {
    return readdirSync(join(state, "runs"))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => name.slice(0, -".jsonl".length))
      .map((id) => ({ id, began: beganAt(state, id) }))
      .sort((a, b) => (a.began === b.began ? (a.id < b.id ? -1 : 1) : a.began < b.began ? -1 : 1))
      .map(({ id }) => id);
  } catch {
    return [];
  }
}

/** When a run wrote its first record (ISO 8601); when its plan was made, if that cannot be read. */
export function beganAt(state: string, id: string): string {
  const written = /^\{"at":"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/.exec(startOf(journalFile(state, id)))?.[1];
  const [, day = "", time = ""] = /^(\d{8})-(\d{6})/.exec(id) ?? [];
  return written ?? `${day.replace(/(....)(..)/, "$1-$2-")}T${time.replace(/(..)(..)/, "$1:$2:")}.000Z`;
}

/** The first bytes of a file: a journal can be large. Empty if it cannot be read. */
function startOf(file: string): string {
  const bytes = Buffer.alloc(64);
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return bytes.toString("latin1", 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}

/** The path of a run's journal. */
export function journalFile(state: string, id: string): string {
  return join(state, "runs", `${id}.jsonl`);
}

class FileJournal implements Journal {
  readonly plan: Plan;
  readonly record: Recorder;
  readonly #receipts: Receipt[];
  /** The data of each step's newest receipt. */
  readonly #last: Map<string, Receipt["data"]>;
  readonly #key: FingerprintKey;
  readonly #fd: number;
  #link: string;
  #tolerant = false;

  constructor({ plan, receipts, link }: Pick<Chain, "plan" | "receipts" | "link">, key: FingerprintKey, fd: number) {
    this.plan = plan;
    this.#receipts = [...receipts];
    this.#last = new Map(receipts.map(({ step, data }) => [step, data]));
    this.#key = key;
    this.#fd = fd;
    this.#link = link;
    this.record = {
      intent: (step, data = {}) => this.append(step, "intent", data),
      done: (step, data = {}) => this.append(step, "done", data),
      undone: (step, data = {}) => this.append(step, "undone", data),
      last: (step) => this.#last.get(step) ?? null,
    };
  }

  get receipts(): readonly Receipt[] {
    return this.#receipts;
  }

  failed(step: string, reason: string, code?: string): void {
    this.append(step, "failed", { reason, ...(code !== undefined && { code }) });
  }

  tolerant(): void {
    this.#tolerant = true;
  }

  append(step: string, state: ReceiptState, data: { readonly [key: string]: Json }): void {
    const receipt: Receipt = { at: new Date().toISOString(), step, state, data };
    const { line, link } = chainedLine(receipt, this.#link, this.#key);
    try {
      // One write per record, so that a crash tears at most the last line.
      appendWhole(this.#fd, line);
      this.#link = link;
    } catch (error) {
      if (!this.#tolerant) throw writeError(error);
    }
    this.#receipts.push(receipt);
    this.#last.set(step, data);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Writes a record completely or not at all: what a full disk accepted is truncated again. */
function appendWhole(fd: number, line: string): void {
  const before = fstatSync(fd).size;
  try {
    const bytes = Buffer.from(line);
    if (writeSync(fd, bytes) < bytes.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, before);
    throw error;
  }
}

function writeError(error: unknown): UnsprawlError {
  const full = (error as { code?: string }).code === "ENOSPC";
  return new UnsprawlError(
    "failed",
    full ? "no space left for the journal" : "the journal cannot be written",
    "make room in the state folder (XDG_STATE_HOME), then try again",
    causeOf(error),
  );
}
