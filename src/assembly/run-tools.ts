import type { Provider } from "../contract/provider.ts";
import type { ApplyTools } from "../core/apply.ts";
import type { ResidueTools } from "../core/residue.ts";
import { isPlain } from "../engine/traces.ts";
import type { Plan } from "../model/plan.ts";
import type { Assembly } from "./types.ts";

type RunOptions = Pick<ApplyTools, "breakLock" | "readOnly">;

/** What core needs to work on a plan: its migration and its store, opened unless it is given. */
export async function planTools(
  assembly: Assembly,
  plan: Plan,
  options: RunOptions,
  provider?: Provider,
): Promise<ApplyTools> {
  return {
    migration: assembly.migrationOf(plan),
    provider: provider ?? (await assembly.storeOf(plan.store)),
    key: assembly.key(),
    state: assembly.state(),
    know: (value) => assembly.redactor.know(value),
    redact: (text) => assembly.redactor.foreign(text),
    ...options,
  };
}

/** What core needs to look for places that still show moved values. */
export function lookTools(assembly: Assembly, options: RunOptions): ResidueTools {
  return {
    installation: assembly.installation(),
    tools: async (plan) => planTools(assembly, plan, options),
    looks: assembly.looks,
    isPlain,
  };
}
