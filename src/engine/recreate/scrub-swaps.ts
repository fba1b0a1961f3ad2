import { nameOf } from "../names.ts";
import { isUnhealthy } from "./health.ts";
import { findOld } from "./swap-copy.ts";
import { recordedState, type Swap } from "./swap-parts.ts";
import type { ContainerDoc } from "../types.ts";
import { UnsprawlError } from "../../model/error.ts";

/** Removes the old containers, and returns their names. Throws `refused` while a new one is not up. */
export async function scrubSwaps(swaps: readonly Swap[]): Promise<string[]> {
  for (const swap of swaps) await mustServe(swap);
  const removed: string[] = [];
  for (const swap of swaps.toReversed()) {
    const { engine } = swap;
    const old = await findOld(swap);
    if (old === null) continue;
    await engine.call(`remove ${nameOf(old)}`, async () =>
      (await engine.docker()).getContainer(old.Id).remove({ v: false, force: false }),
    );
    removed.push(nameOf(old));
  }
  return removed;
}

async function mustServe(swap: Swap): Promise<void> {
  const { engine, names } = swap;
  const old = await findOld(swap);
  if (old === null) return;
  // The container that has the name now counts: it may have been recreated since, by hand or by a later run.
  const live = await engine.container(names.final);
  const was = recordedState(swap);
  if (live === null || live.Id === old.Id || (was?.running === true && !isUp(live, was.unhealthy === true))) {
    throw new UnsprawlError(
      "refused",
      `${names.final} is not running, so the old container is kept`,
      "start it, or: unsprawl rollback",
    );
  }
}

/** Whether a container serves as well as the one before it. */
function isUp(doc: ContainerDoc, wasUnhealthy: boolean): boolean {
  return doc.State.Running && (wasUnhealthy || !isUnhealthy(doc));
}
