import { UnsprawlError } from "../../model/error.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import { canonical, mac, macHolds } from "../../model/mac.ts";
import type { Plan } from "../../model/plan.ts";

/** The plan with this installation's MAC over all other members. */
export function signPlan(plan: Plan, key: FingerprintKey): Plan {
  return { ...plan, mac: mac(textOf(plan), "plan", key) };
}

/**
 * Rejects a plan that another installation made or that was changed: a plan chooses addresses, files and containers.
 * Throws `changed` if it names another fingerprint key, otherwise `refused`.
 */
export function mustBeOurs(plan: Plan, key: FingerprintKey): void {
  if (plan.keyId !== key.id)
    throw new UnsprawlError(
      "changed",
      "the plan was made with another fingerprint key, so its values cannot be compared",
      "apply it on the installation that made it, or unsprawl plan again",
    );
  if (!holds(plan, key))
    throw new UnsprawlError(
      "refused",
      "this plan was not made by this installation, or has been changed since",
      "unsprawl plan --to STORE -o plan.json makes it again",
    );
}

function holds(plan: Plan, key: FingerprintKey): boolean {
  try {
    return macHolds(plan.mac, textOf(plan), "plan", key);
  } catch {
    return false; // nested too deeply to be one of ours
  }
}

function textOf({ mac: _code, ...plan }: Plan): string {
  return canonical(plan);
}
