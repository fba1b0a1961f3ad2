import type { RunSummary } from "../core/journal/runs.ts";
import type { TuiState } from "./state.ts";

/** The run that is opened, or selected in the list of runs. */
export function chosenRun({ where, runs, opened }: TuiState): RunSummary | undefined {
  return where === "receipts" ? opened?.summary : runs.list[runs.at];
}
