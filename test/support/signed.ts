import { readFileSync, writeFileSync } from "node:fs";
import type { Installation } from "../../src/core/journal/journal.ts";
import { signPlan } from "../../src/core/journal/signed-plan.ts";
import { loadFingerprintKey, stateDir } from "../../src/core/journal/state.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { World } from "./world.ts";

/** The installation of a world: its state folder and its key. */
export function installationOf({ env }: Pick<World, "env">): Installation {
  return { state: stateDir(env), key: loadFingerprintKey(env) };
}

/** Changes a saved plan as only its own installation can: signed again. */
export function changePlan(world: Pick<World, "env">, file: string, change: (plan: Plan) => Plan): void {
  const plan = change(JSON.parse(readFileSync(file, "utf8")) as Plan);
  writeFileSync(file, JSON.stringify(signPlan(plan, installationOf(world).key)));
}
