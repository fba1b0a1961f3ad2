import { listRuns, type RunSummary } from "../core/journal/runs.ts";
import { readJournal } from "../core/journal/journal.ts";
import type { ApplyTools } from "../core/apply.ts";
import type { ResidueTools } from "../core/residue.ts";
import type { RotationTools } from "../core/rotation.ts";
import type { Provider } from "../contract/provider.ts";
import type { Assembly } from "../assembly/index.ts";
import { lookTools, planTools } from "../assembly/run-tools.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";

/** What core needs to work on a plan: its migration and its store, opened from here. */
export async function applyTools(
  assembly: Assembly,
  plan: Plan,
  breakLock: boolean,
  provider?: Provider,
): Promise<ApplyTools> {
  return planTools(assembly, plan, { breakLock }, provider);
}

/** What core needs to look for places that still show moved values. */
export function residueTools(assembly: Assembly): ResidueTools {
  return lookTools(assembly, { breakLock: false });
}

/** What core needs to find out whether moved secrets have been rotated. */
export function rotationTools(assembly: Assembly): RotationTools {
  return { state: assembly.state(), key: assembly.key(), storeOf: assembly.storeOf };
}

/**
 * The run that a command means: the one named, or the only one for which `fits` is true. Throws `usage` if that is
 * ambiguous.
 */
export function chooseRun(
  assembly: Assembly,
  named: string | undefined,
  fits: (run: RunSummary) => boolean,
  what: string,
): string {
  if (named !== undefined) return named;
  const fitting = listRuns(assembly.installation()).filter(fits);
  return oneRun(
    fitting.map(({ run }) => run),
    what,
  );
}

/** The only one of these runs. Throws `absent` or `usage` if there is none, or several. */
export function oneRun(runs: readonly string[], what: string): string {
  const [one] = runs;
  if (one !== undefined && runs.length === 1) return one;
  if (one === undefined) throw new UnsprawlError("absent", `there is no run to ${what}`, "unsprawl runs lists them");
  throw new UnsprawlError("usage", `${runs.length} runs could be meant: ${runs.join(", ")}`, cmd`unsprawl ${what} RUN`);
}

export function planOf(assembly: Assembly, run: string): Plan {
  return readJournal(assembly.installation(), run).plan;
}
