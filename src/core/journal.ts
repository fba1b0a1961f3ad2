import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Recorder } from "../contract/migration.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { Plan } from "../model/plan.ts";
import type { Receipt, ReceiptState } from "../model/receipt.ts";

/** A run's journal: `runs/<id>.jsonl` in the state folder, 0600, append-only, one fsync a record. */
export type Journal = {
  readonly plan: Plan;
  readonly receipts: readonly Receipt[];
  readonly record: Recorder;
  failed(step: string, reason: string): void;
  /** While something is undone a journal that cannot be written (full disk) must not stop it. */
  tolerant(): void;
  close(): void;
};

/** Begins a journal. Throws `conflict` when this plan has been applied before. */
export function createJournal(state: string, plan: Plan): Journal {
  const dir = join(state, "runs");
  const file = fileOf(state, plan.id);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (existsSync(file)) {
      if (readFileSync(file, "utf8").includes("\n")) throw appliedBefore(plan.id);
      rmSync(file); // killed before its first record was whole: nothing was done
    }
    const { O_RDWR, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants;
    const fd = openSync(file, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0o600);
    const journal = new FileJournal(plan, [], fd);
    try {
      const folder = openSync(dir, "r");
      fsyncSync(folder);
      closeSync(folder);
      journal.append("run", "intent", { plan });
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

function appliedBefore(id: string): UnsprawlError {
  return new UnsprawlError(
    "conflict",
    `plan ${id} has been applied before`,
    `unsprawl runs shows how it went; unsprawl resume ${id} continues it`,
  );
}

/** Opens a run's journal to continue it. Throws `absent` or `malformed`. A line torn by a crash is cut off. */
export function openJournal(state: string, id: string): Journal {
  const { plan, receipts, length } = readJournal(state, id);
  const fd = openSync(fileOf(state, id), constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  ftruncateSync(fd, length);
  return new FileJournal(plan, [...receipts], fd);
}

/** Reads a journal without opening it for writing. */
export function readJournal(
  state: string,
  id: string,
): { readonly plan: Plan; readonly receipts: readonly Receipt[]; readonly length: number } {
  if (!/^[\w-]+$/.test(id))
    throw new UnsprawlError("usage", `not a run: ${JSON.stringify(id)}`, "unsprawl runs lists them");
  let text: string;
  try {
    text = readFileSync(fileOf(state, id), "utf8");
  } catch (error) {
    throw new UnsprawlError("absent", `no run ${id}`, "unsprawl runs lists them", causeOf(error));
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  try {
    const receipts = whole
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Receipt);
    const plan = receipts[0]?.data["plan"] as unknown as Plan | undefined;
    if (plan?.version !== 1) throw new TypeError("no plan");
    return { plan, receipts, length: Buffer.byteLength(whole) };
  } catch (error) {
    throw new UnsprawlError(
      "malformed",
      `the journal of run ${id} cannot be read`,
      `look at ${fileOf(state, id)}; nothing was done before its first line was whole`,
      causeOf(error),
    );
  }
}

/** Whether a run got as far as its first record; before that it has done nothing. */
export function hasBegun(state: string, id: string): boolean {
  try {
    return readFileSync(fileOf(state, id), "utf8").includes("\n");
  } catch {
    return false;
  }
}

/** Ids of all runs, oldest first. */
export function runIds(state: string): string[] {
  try {
    return readdirSync(join(state, "runs"))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => name.slice(0, -".jsonl".length))
      .sort();
  } catch {
    return [];
  }
}

function fileOf(state: string, id: string): string {
  return join(state, "runs", `${id}.jsonl`);
}

class FileJournal implements Journal {
  readonly plan: Plan;
  readonly record: Recorder;
  readonly #receipts: Receipt[];
  readonly #fd: number;
  #tolerant = false;

  constructor(plan: Plan, receipts: Receipt[], fd: number) {
    this.plan = plan;
    this.#receipts = receipts;
    this.#fd = fd;
    this.record = {
      intent: (step, data = {}) => this.append(step, "intent", data),
      done: (step, data = {}) => this.append(step, "done", data),
      undone: (step, data = {}) => this.append(step, "undone", data),
      last: (step) => this.#receipts.findLast((receipt) => receipt.step === step)?.data ?? null,
    };
  }

  get receipts(): readonly Receipt[] {
    return this.#receipts;
  }

  failed(step: string, reason: string): void {
    this.append(step, "failed", { reason });
  }

  tolerant(): void {
    this.#tolerant = true;
  }

  append(step: string, state: ReceiptState, data: { readonly [key: string]: Json }): void {
    const receipt: Receipt = { at: new Date().toISOString(), step, state, data };
    try {
      // One write a record, so that a crash tears at most the last line.
      appendWhole(this.#fd, `${JSON.stringify(receipt)}\n`);
    } catch (error) {
      if (!this.#tolerant) throw writeError(error);
    }
    this.#receipts.push(receipt);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Writes a record whole or not at all: a full disk takes part of it, which is cut off again. */
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
