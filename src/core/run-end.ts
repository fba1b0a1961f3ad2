import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { Journal } from "./journal/journal.ts";
import { comparedFault, isUnread, type ComparedStores } from "./compare-stores.ts";
import { proofsOf, type UnitProof } from "./proof.ts";
import type { ApplyTools } from "./apply-tools.ts";
import type { HeldKey } from "./key-files.ts";

export type UnitResult = {
  readonly unit: string;
  /** `undone`: seen to be as the plan saw it. `partly undone`: what is not so is in the notes. */
  readonly state: "migrated" | "undone" | "partly undone" | "not begun";
  readonly error: string | null;
  /** What an undo left, or could not put back, one line each. Absent if nothing. */
  readonly notes?: readonly string[];
};

export type RunResult = {
  readonly version: 1;
  readonly run: string;
  readonly state: "done" | "failed" | "partly" | "rolled back" | "interrupted";
  readonly units: readonly UnitResult[];
  /** Whether containers were inspected afterwards. If not, stored values and rewritten files alone were verified. */
  readonly inspected: boolean;
  /** Whether an image was cleaned: its new config and history were verified, but nothing was started. */
  readonly cleaned: boolean;
  /** Whether it rotated secrets, and moved nothing. Absent for no. */
  readonly rotated?: true;
  /** By unit that was migrated: what was verified afterwards, and what was not. */
  readonly proofs: readonly UnitProof[];
  /** From store to store: what both stores held at the end. Absent for a run that moved anything else, or failed. */
  readonly compared?: ComparedStores;
  /** The keys on this machine that alone open what was stored. Absent if there are none. */
  readonly keyFiles?: readonly HeldKey[];
  /** What went wrong, or null. Determines the exit code. */
  readonly error: UnsprawlError | null;
};

/** Records how a run ended, closes its journal, and returns its result. */
export function finishRun(
  journal: Journal,
  units: readonly UnitResult[],
  failure: UnsprawlError | null,
  compared: ComparedStores | null = null,
): RunResult {
  const { plan, record } = journal;
  const migrated = units.filter((one) => one.state === "migrated").length;
  const inspected = plan.steps.some(({ kind }) => kind === "check");
  const cleaned = plan.steps.some(({ kind }) => kind === "clean");
  const isRotation = plan.steps.some(({ kind }) => kind === "rotate");
  const proofs = isRotation ? [] : proofsOf(plan, journal.receipts);
  const base = {
    version: 1,
    run: plan.id,
    units,
    inspected,
    cleaned,
    proofs,
    ...(isRotation && { rotated: true as const }),
    ...(compared !== null && { compared }),
  } as const;
  try {
    const fault = failure === null ? comparedFault(compared, plan) : null;
    const isCompared = fault === null ? failure === null || migrated < units.length : !isUnread(compared);
    // Without its end in the journal a run can be resumed, which compares.
    if (!isCompared) return { ...base, state: "partly", error: fault ?? partly(plan, migrated, units.length, failure) };
    if (fault !== null) {
      journal.failed("run", fault.message, fault.code);
      return { ...base, state: "partly", error: notAsBefore(plan.id, units, fault) ?? fault };
    }
    if (failure === null) {
      const state = migrated === units.length ? "done" : migrated === 0 ? "rolled back" : "partly";
      record.done("run", { state, ...(compared !== null && { equal: compared.equal, of: compared.of }) });
      const lacking = notAsBefore(plan.id, units, null);
      if (lacking !== null) return { ...base, state: "partly", error: lacking };
      return { ...base, state, error: state === "partly" ? partly(plan, migrated, units.length, null) : null };
    }
    journal.failed("run", failure.message, failure.code);
    const lacking = notAsBefore(plan.id, units, failure);
    if (lacking !== null) return { ...base, state: "partly", error: lacking };
    if (migrated > 0) return { ...base, state: "partly", error: partly(plan, migrated, units.length, failure) };
    if (failure.code !== "interrupted") return { ...base, state: "failed", error: failure };
    const { code, message, hint } = failure;
    return { ...base, state: "interrupted", error: new UnsprawlError(code, `${message}: ${PUT_BACK}`, hint) };
  } finally {
    journal.close();
  }
}

const PUT_BACK = "everything begun was put back";

/** The error of a run of which a unit was undone and is not as it was before; null if all are. */
export function notAsBefore(
  id: string,
  units: readonly UnitResult[],
  failure: UnsprawlError | null,
): UnsprawlError | null {
  const names = units.flatMap(({ unit, state }) => (state === "partly undone" ? [unit] : []));
  if (names.length === 0) return null;
  const why = failure === null ? "" : `${failure.message}; `;
  return new UnsprawlError(
    "partly",
    `${why}${names.join(", ")} ${names.length === 1 ? "is" : "are"} not as before the run`,
    cmd`unsprawl runs ${id} shows where the values are`,
    failure?.code,
  );
}

function partly({ id, steps }: Plan, migrated: number, total: number, failure: UnsprawlError | null): UnsprawlError {
  const why = failure ? `; then: ${failure.message}` : "";
  if (steps.some(({ kind }) => kind === "rotate"))
    return new UnsprawlError(
      "partly",
      `${migrated} of ${total} rotated${why}`,
      cmd`unsprawl rollback ${id} undoes them; unsprawl rotate again, with --only NAME, does the rest`,
    );
  // All that can fail after the last of them is the comparison of two stores.
  if (migrated === total && failure !== null)
    return new UnsprawlError(
      "partly",
      `${migrated} of ${total} migrated, but not compared at the end: ${failure.message}`,
      cmd`${bare(failure.hint === null || failure.code === "interrupted" ? "" : `${failure.hint}; then: `)}unsprawl resume ${id} compares both stores`,
    );
  return new UnsprawlError(
    "partly",
    `${migrated} of ${total} migrated${why}`,
    cmd`unsprawl rollback ${id} undoes them; unsprawl plan again moves the rest`,
  );
}

/** Any thrown value as an UnsprawlError whose text contains no known value. */
export function reduce(error: unknown, tools: Pick<ApplyTools, "redact">): UnsprawlError {
  if (error instanceof UnsprawlError) {
    return new UnsprawlError(error.code, tools.redact(error.message), error.hint, error.cause as string | undefined);
  }
  if (error instanceof Error && error.name === "AbortError")
    return new UnsprawlError("interrupted", "cancelled", "unsprawl plan again");
  const name = error instanceof Error ? error.name : typeof error;
  return new UnsprawlError("failed", `unexpected ${name}`, "please report this");
}
