import { isOverdue } from "../core/rotation-text.ts";
import type { MovedSecret } from "../core/rotation.ts";
import { chosenRun } from "./chosen-run.ts";
import { movedReferences } from "./history.ts";
import { selectedItem } from "./items.ts";
import type { TuiState } from "./state.ts";

/** What is to be rotated: what runs moved, or entries of a store by their references. */
export type MeantSecrets = { readonly of: readonly string[]; readonly references?: ReadonlySet<string> };

/**
 * What `N` means on this screen: the selected secret of the list, the run of the proof or of the journal, or in the
 * overview what is due. Null for nothing that a run has moved.
 */
export function meantByScreen(state: TuiState): MeantSecrets | null {
  const { where, result, overview, history } = state;
  if (where === "proof")
    return result?.kind === "apply" && result.result?.rotated !== true && hasMoved(result)
      ? { of: [result.run] }
      : null;
  if (where === "runs" || where === "receipts") {
    const run = chosenRun(state);
    const canBe = run !== undefined && run.rotated !== true && ["done", "scrubbed"].includes(run.state);
    return canBe ? { of: [run.run] } : null;
  }
  if (where === "overview") {
    const references =
      overview.tab === "age"
        ? dueIn(overview.data.age?.moved ?? [], new Date(state.now > 0 ? state.now : Date.now()))
        : new Set<string>();
    return references.size === 0 ? null : { of: [], references };
  }
  const item = selectedItem(state);
  const references = item?.kind === "group" ? movedReferences(history, item.group) : new Set<string>();
  return references.size === 0 ? null : { of: [], references };
}

const hasMoved = ({ result }: NonNullable<TuiState["result"]>): boolean =>
  result?.units.some(({ state }) => state === "migrated") === true;

/** What is overdue, else what was not rotated since it was moved; of one store, as a plan is. */
function dueIn(moved: readonly MovedSecret[], now: Date): ReadonlySet<string> {
  const overdue = moved.filter((one) => isOverdue(one, now));
  const due = overdue.length > 0 ? overdue : moved.filter(({ rotation }) => rotation === "same");
  return new Set(due.flatMap(({ store, reference }) => (store === due[0]?.store ? [reference] : [])));
}
