import type { Provider } from "../contract/provider.ts";
import type { Step } from "../model/plan.ts";
import { limitOf } from "./step-text.ts";

/** What a plan takes beside the steps that have a limit: reads, writes, files. */
const BESIDE_MS = 60_000;

/** A warning if the login at the store can end while the plan runs; otherwise null. */
export async function loginWarning(provider: Provider, steps: readonly Step[]): Promise<string | null> {
  const ends = steps.length === 0 ? null : ((await provider.loginEnds?.()) ?? null);
  if (ends === null) return null;
  const left = ends - Date.now();
  const needed = steps.reduce((sum, step) => sum + (limitOf(step) ?? 0), BESIDE_MS);
  if (left >= needed) return null;
  const minutes = `${Math.max(0, Math.floor(left / 60_000))} min`;
  return `the login at ${provider.target.name} ends in ${minutes} and cannot be renewed; this plan can take ${Math.ceil(needed / 60_000)} min: log in for longer before you apply it`;
}
