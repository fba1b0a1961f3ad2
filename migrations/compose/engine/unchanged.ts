import { driftDigest } from "../../../src/engine/recreate/drift.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { keyedDigest, type FingerprintKey } from "../../../src/model/fingerprint.ts";
import type { Plan, RecreateStep } from "../../../src/model/plan.ts";
import { containersOf } from "../find.ts";
import { rewriteOf, serviceOf, targetOf } from "../steps.ts";

/** Throws `changed` if the containers of a step's service, or those that share a namespace with it, are others than planned. */
export async function unchangedContainers(
  engine: Engine,
  step: RecreateStep,
  plan: Plan,
  key: FingerprintKey,
): Promise<void> {
  // Only containers created from these very files: with another file in the plan, there are none.
  const docs = await containersOf(engine, targetOf(rewriteOf(plan.steps, step.unit)), serviceOf(step));
  if (keyedDigest(docs.map((doc) => driftDigest(doc, key)).join(), key) !== step.digest)
    throw new UnsprawlError(
      "changed",
      `the containers of ${serviceOf(step)} have changed since the plan was made`,
      "unsprawl plan again",
    );
  for (const { id, name, digest } of step.sharers ?? []) {
    const doc = await engine.container(id);
    if (doc === null || driftDigest(doc, key) !== digest)
      throw new UnsprawlError("changed", `${name} has changed since the plan was made`, "unsprawl plan again");
  }
}
