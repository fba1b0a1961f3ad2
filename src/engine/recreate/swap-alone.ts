import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Engine } from "../engine.ts";
import { nameOf, runCreating, swapNames } from "../names.ts";
import type { Swap } from "./swap-parts.ts";
import type { ContainerDoc } from "../types.ts";

/**
 * Throws `locked` if another run has a new container for this one. Locks are one per state folder; the engine is what two
 * users share, and it never has two containers of one name.
 */
export async function mustBeFreeOfRivals(engine: Engine, final: string, runId: string): Promise<void> {
  const names = (await engine.containers()).flatMap(({ Names }) => Names.map((one) => one.slice(1)));
  const runs = names.flatMap((one) => runCreating(one) ?? []);
  const run = runs.find((one) => one !== runId && names.includes(swapNames(final, one).temporary));
  if (run === undefined) return;
  const rival = swapNames(final, run).temporary;
  const end = cmd`unsprawl resume ${run}, or unsprawl rollback ${run}`;
  throw new UnsprawlError(
    "locked",
    `another run is recreating ${final}: it has the container ${rival}`,
    cmd`wait for it; if it was interrupted, as the user who started it: ${bare(end)}; if its state folder is lost: docker rm ${rival}`,
  );
}

/**
 * Checked when the new containers exist and before anything is stopped: of two runs at one time, the later one finds
 * either the other's new container or, once that has taken over, another container under the name.
 */
export async function mustBeAlone(swap: Swap, old: ContainerDoc, fresh: ContainerDoc): Promise<void> {
  const { engine, names } = swap;
  if (hasBegunToReplace(swap)) return;
  await mustBeFreeOfRivals(engine, names.final, runCreating(names.temporary) ?? "");
  const live = await engine.container(names.final);
  if (live !== null && [old.Id, fresh.Id].includes(live.Id)) return;
  if (live === null && [names.final, names.kept].includes(nameOf(old))) return;
  throw new UnsprawlError(
    "changed",
    `${names.final} is another container than a moment ago: somebody else recreated or renamed it`,
    "unsprawl plan again",
  );
}

/** Whether this run has begun to stop the old container or to take its name. */
export const hasBegunToReplace = ({ record, step }: Swap): boolean =>
  ["stop", "keep"].some((part) => record.last(`${step}/${part}`) !== null);
