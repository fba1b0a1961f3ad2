import { readJournal } from "../core/journal/journal.ts";
import type { ResidueTools } from "../core/residue.ts";
import type { RotationTools } from "../core/rotation.ts";
import type { Provider } from "../contract/provider.ts";
import type { Assembly } from "../assembly/index.ts";
import { lookTools, planTools } from "../assembly/run-tools.ts";
import type { Plan } from "../model/plan.ts";
import type { ApplyTools } from "../core/apply-tools.ts";

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
  const { state, key, storeOf, detector, config } = assembly;
  return { state: state(), key: key(), storeOf, detector, schedule: async () => (await config()).rotate };
}

export function planOf(assembly: Assembly, run: string): Plan {
  return readJournal(assembly.installation(), run).plan;
}
