import { causeOf, UnsprawlError, type ErrorCode } from "../../model/error.ts";
import { cmd } from "../../kit/shell.ts";
import type { Plan, Step } from "../../model/plan.ts";
import type { Receipt } from "../../model/receipt.ts";
import { secretsOfSteps } from "../plan-secrets.ts";
import { readJournal, runIds, type Installation, type Journal } from "./journal.ts";
import { lockOwner } from "./lock.ts";

export type UnitState = "new" | "begun" | "done" | "undone";

/** How far a unit of a run got, by its newest receipt. */
export function unitState(receipts: readonly Receipt[], unit: string): UnitState {
  const step = `unit:${unit}`;
  return stateBy(receipts.findLast((receipt) => receipt.step === step)?.state);
}

/** The same for every unit of a run, in one pass: a run may have ten thousand. */
export function unitStates(receipts: readonly Receipt[]): (unit: string) => UnitState {
  const newest = new Map(receipts.map(({ step, state }) => [step, state]));
  return (unit) => stateBy(newest.get(`unit:${unit}`));
}

function stateBy(last: Receipt["state"] | undefined): UnitState {
  if (last === undefined) return "new";
  return last === "done" || last === "undone" ? last : "begun";
}

/** A plan's steps by unit, in order. */
export function unitsOf(plan: Plan): ReadonlyMap<string, readonly Step[]> {
  return Map.groupBy(plan.steps, ({ unit }) => unit);
}

export type RunSummary = {
  readonly run: string;
  readonly createdAt: string;
  readonly store: string;
  readonly engine: string;
  readonly state:
    | "running"
    | "unfinished"
    | "done"
    | "failed"
    | "cancelled"
    | "rolled back"
    | "scrubbed"
    | "unreadable";
  /** How its own steps ended, if not well. Of a `done` run: after some of its units were moved. */
  readonly ended: "cancelled" | "failed" | null;
  readonly units: readonly { readonly unit: string; readonly state: UnitState; readonly secrets: number }[];
  /** Whether it rotated secrets, and moved none. Absent for no. */
  readonly rotated?: true;
  /** How many secrets it moved or rotated; one that several units have is counted once. */
  readonly secrets: number;
  /** The next command to type; null if nothing is left to do. */
  readonly next: string | null;
  /** Why the journal of an unreadable run was rejected; null for all others. */
  readonly error: string | null;
};

/**
 * All runs of this installation, oldest first. A run whose journal is unreadable or was changed is listed as
 * `unreadable`.
 */
export function listRuns(installation: Installation): RunSummary[] {
  return runIds(installation.state).map((id) => summarize(installation, id));
}

function summarize(installation: Installation, id: string): RunSummary {
  try {
    const journal = readJournal(installation, id);
    const { plan, receipts } = journal;
    const stateOf = unitStates(receipts);
    const units = [...unitsOf(plan)].map(([unit, steps]) => ({
      unit,
      state: stateOf(unit),
      secrets: secretsOfSteps(steps),
    }));
    const is = runState(installation.state, journal);
    const next = { done: cmd`unsprawl scrub ${id}`, unfinished: cmd`unsprawl resume ${id}` }[is as string] ?? null;
    return {
      run: id,
      createdAt: plan.createdAt,
      store: plan.store.name,
      engine: plan.engine.address,
      state: is,
      ended: endOf(receipts),
      units,
      ...(plan.steps.some(({ kind }) => kind === "rotate") && { rotated: true as const }),
      secrets: secretsOfSteps(plan.steps),
      next,
      error: null,
    };
  } catch (error) {
    const none = { createdAt: "", store: "", engine: "", ended: null, units: [], secrets: 0, next: null } as const;
    const why = error instanceof UnsprawlError ? error.message : `cannot be read (${causeOf(error)})`;
    return { run: id, ...none, state: "unreadable", error: why };
  }
}

/** The state for people: of a run that ended early, how many of its units it moved. */
export function runStateText({
  state,
  ended,
  units,
  rotated,
}: Pick<RunSummary, "state" | "ended" | "units" | "rotated">): string {
  const done = units.filter((one) => one.state === "done").length;
  if (state !== "done") return state;
  if (ended === null) return rotated === true ? "rotated" : state;
  return `${ended}, ${done} of ${units.length} ${rotated === true ? "rotated" : "moved"}`;
}

/** The code of the error by which a person ended a run. Absent in journals of older versions. */
const CANCELLED: ErrorCode = "interrupted";

/** The state of a run as a whole, by its journal and the engine's lock. */
export function runState(state: string, { plan, receipts }: Pick<Journal, "plan" | "receipts">): RunSummary["state"] {
  if (lockOwner(state, plan.engine.id) === `run ${plan.id}`) return "running";
  const units = [...unitsOf(plan).keys()].map(unitStates(receipts));
  if (receipts.some((receipt) => receipt.step === "scrub" && receipt.state === "done")) return "scrubbed";
  if (units.includes("begun")) return "unfinished";
  const last = receipts.findLast((receipt) => receipt.step === "run" || receipt.step === "rollback");
  const begunRollback = last?.step === "rollback" && last.state === "intent";
  if (begunRollback || (last?.step === "run" && last.state === "intent")) return "unfinished";
  if (units.includes("done")) return "done";
  if (last?.state === "failed") return endOf(receipts) ?? "failed";
  return plan.steps.length === 0 ? "done" : "rolled back";
}

function endOf(receipts: readonly Receipt[]): RunSummary["ended"] {
  const last = receipts.findLast(({ step }) => step === "run" || step === "rollback");
  if (last?.step !== "run" || last.state !== "failed") return null;
  return last.data["code"] === CANCELLED ? "cancelled" : "failed";
}
