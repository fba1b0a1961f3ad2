import { itemsOf, secretsOf, selectedItem, wantedOf } from "./items.ts";
import type { KeyAction } from "./keymap.ts";
import { chosenRun } from "./chosen-run.ts";
import type { RunSummary } from "../core/journal/runs.ts";
import type { TuiState } from "./state.ts";
import { meantByScreen } from "./rotatable.ts";

/** What `--read-only` refuses; core refuses the runs among them too. */
export const CHANGES: ReadonlySet<KeyAction> = new Set([
  "apply",
  "undo",
  "resume",
  "scrub",
  "ignore",
  "ignoreAgain",
  "reveal",
] satisfies KeyAction[]);

const MOVES: ReadonlySet<KeyAction> = new Set(["up", "down", "pageUp", "pageDown", "top", "bottom"]);

/** Whether an action does something on this screen now: the footer offers nothing else. */
export function isAvailable(action: KeyAction, state: TuiState): boolean {
  if (isForbidden(action, state)) return false;
  if (action === "rotate") return meantByScreen(state) !== null;
  if (state.where === "browse" || state.where === "detail") return inList(action, state);
  if (state.where === "stores") return inStores(action, state);
  const steps = state.planned?.plan.steps ?? [];
  if (state.where === "plan" && state.rotating !== null && MOVING.has(action)) return false;
  if (action === "lines") return steps.length > 0;
  if (action === "byHand") return steps.some((step) => "run" in step);
  // An undo runs to its end: nothing is left half way.
  if (action === "abort" && state.where === "run") return state.run?.kind !== "rollback";
  if (action === "steps") return state.run !== null && state.run.kind !== "scrub";
  if (state.where === "plan") return !["apply", "save"].includes(action) || steps.length > 0;
  if (state.where === "proof") return inProof(action, state);
  if (state.where === "runs" || state.where === "receipts") return inRuns(action, chosenRun(state));
  return true;
}

/** What is only done with the plan of a migration. */
export const MOVING: ReadonlySet<KeyAction> = new Set(["lines", "byHand", "form", "edit"] satisfies KeyAction[]);

export const UNDOABLE: readonly string[] = ["done", "failed", "unfinished"];

/** Whether the run that has just ended can be undone. */
export function canUndoResult({ result }: TuiState): boolean {
  return result?.kind === "apply" && result.result !== null && result.result.state !== "rolled back";
}

/** Whether the run that has just ended keeps something: each migrated unit does, a failed one has been put back. */
export function canScrubResult({ result }: TuiState): boolean {
  return result?.kind === "apply" && result.result?.units.some(({ state }) => state === "migrated") === true;
}

/** A plan is made for the containers of this engine. */
function isForbidden(action: KeyAction, { readOnly, target }: TuiState): boolean {
  if (readOnly && (CHANGES.has(action) || action === "migrate")) return true;
  return target.hosts !== null && ["migrate", "diff", "rotate"].includes(action);
}

function inStores(action: KeyAction, { stores: { picking, busy, choices } }: TuiState): boolean {
  if (action === "form" && picking) return false;
  return !["choose", "form"].includes(action) || (busy === null && choices.length > 0);
}

function inList(action: KeyAction, state: TuiState): boolean {
  const { filter, facets, range, where } = state;
  const narrowed = filter !== "" || facets.size > 0 || range !== null;
  if (action === "back") return where === "detail" || narrowed;
  if (action === "ignoreAgain" && !state.canUndoIgnore) return false;
  if (["migrate", "diff", "ignore", "ignoreAgain"].includes(action)) return wantedOf(state).size > 0;
  if (action === "reveal") return selectedItem(state)?.kind === "group";
  if (["mark", "range", "markSection"].includes(action)) return secretsOf(selectedItem(state)).length > 0;
  if (MOVES.has(action)) return itemsOf(state).length > 1;
  if (action === "undo") return state.canUndoIgnore;
  if (action === "fold" || action === "foldAll") return state.grouping !== "secret" && state.scan.groups.length > 0;
  if (["filter", "facets", "sort", "group", "markAll"].includes(action)) return state.scan.groups.length > 0;
  return !["open", "nextTab", "prevTab", "tab"].includes(action) || itemsOf(state).length > 0;
}

function inProof(action: KeyAction, state: TuiState): boolean {
  if (action === "undo") return canUndoResult(state);
  return action !== "scrub" || canScrubResult(state);
}

function inRuns(action: KeyAction, run: RunSummary | undefined): boolean {
  if (action === "undo") return run !== undefined && UNDOABLE.includes(run.state);
  if (action === "resume") return run?.state === "unfinished";
  if (action === "scrub") return run?.state === "done";
  return action !== "open" || run !== undefined;
}
