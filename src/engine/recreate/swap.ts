import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { CreateBody } from "./body.ts";
import { isNewer, newestKept } from "./kept.ts";
import { keptByRun, nameOf, OLD_GONE } from "../names.ts";
import { mustMatchRequest, unlikeRequest } from "./same.ts";
import type { Replaced } from "./sharers.ts";
import { hasBegunToReplace, mustBeAlone } from "./swap-alone.ts";
import { recreateFromCopy, findCopy, findOld, keepCopy, mustOld } from "./swap-copy.ts";
import {
  stateBefore,
  connectAll,
  createNamed,
  pauseContainer,
  renameContainer,
  setRestart,
  startContainer,
  stopContainer,
  isRunning,
  recordedState,
  restartOf,
  type Swap,
} from "./swap-parts.ts";
import type { ContainerDoc } from "../types.ts";

/** The request for one swap; `replaced` are the earlier swaps, whose new containers exist. */
type BodyOf = (old: ContainerDoc, replaced: readonly Replaced[], swap: Swap) => Promise<CreateBody>;

/**
 * Replaces containers by new ones: creates each under a temporary name, stops the old ones, swaps the names and starts
 * the new ones. This is Compose's order, except that the old containers are kept (stopped, restart policy off) until
 * scrub. The first swap is the container's own, the others are its sharers', each after those it depends on. All are
 * created before any is stopped, so that a refusal by the engine costs no downtime. Every part checks the actual state
 * first, so that it can be repeated after a kill at any point.
 */
export async function swapIn(swaps: readonly Swap[], bodyOf: BodyOf): Promise<void> {
  const replaced: (Replaced & { readonly swap: Swap })[] = [];
  for (const swap of swaps) {
    const old = await oldUnlessGone(swap);
    if (old === null) continue;
    const fresh = await createNew(swap, old, await bodyOf(old, replaced, swap));
    replaced.push({ old, fresh, name: swap.names.final, swap });
  }
  for (const { swap, old, fresh } of replaced) await mustBeAlone(swap, old, fresh);
  for (const swap of swaps.toReversed()) await halt(swap);
  for (const swap of swaps) await takeOver(swap);
}

async function createNew(swap: Swap, old: ContainerDoc, body: CreateBody): Promise<ContainerDoc> {
  const { engine, names, record, step } = swap;
  const known = await findNew(swap);
  const before = await stateBefore(swap, old);
  if (known === null) record.intent(`${step}/create`, before);
  if (before.deleted) await keepCopy(swap, old);
  if (known === null) swap.phase(`creating the new ${names.final}`);
  const fresh = known ?? (await createNamed(engine, names.temporary, body));
  if (known === null) record.done(`${step}/created`, { id: fresh.Id });
  await connectAll(engine, fresh, body);
  // Not compared after the start: the engine has filled in values, and the old container is already given up.
  if (fresh.State.Status !== "created") return fresh;
  const made = (await engine.container(fresh.Id)) ?? fresh;
  if (known === null || unlikeRequest(old, made, body).length === 0) {
    mustMatchRequest(old, made, body);
    return fresh;
  }
  // The version that began the run asked for another one.
  await removeContainer(swap, fresh);
  return createNew(swap, old, body);
}

async function halt(swap: Swap): Promise<void> {
  const { engine, oldId, record, step } = swap;
  const old = await engine.container(oldId);
  if (old === null) return; // somebody removed it, or the engine as it stopped (--rm)
  const idle = !old.State.Running && restartOf(old).name === "no";
  if (idle && !(await stateBefore(swap, old)).deleted) return;
  record.intent(`${step}/stop`);
  // First, so that an engine restart in between does not start both.
  await setRestart(engine, old, "no", 0);
  await stopContainer(swap, old);
  record.done(`${step}/stop`, { done: true });
}

async function takeOver(swap: Swap): Promise<void> {
  const { names, record, step } = swap;
  const [old, fresh] = [await oldUnlessGone(swap), await mustNew(swap)];
  const before = old === null ? recordedState(swap) : await stateBefore(swap, old);
  if (old === null) record.done(`${step}/${OLD_GONE}`);
  else await renameContainer(swap, old.Id, names.kept, "keep");
  await renameContainer(swap, fresh.Id, names.final, "rename");
  if (before?.running) {
    record.intent(`${step}/start`);
    await startContainer(swap, fresh.Id);
    record.done(`${step}/start`);
  }
}

/**
 * Pauses the new containers whose old ones were paused. Call it after verification: frozen at its start, an application
 * would never receive its values.
 */
export async function pauseAsBefore(swaps: readonly Swap[]): Promise<void> {
  for (const swap of swaps) {
    const before = recordedState(swap);
    if (before?.paused) await pauseContainer(swap.engine, (await mustNew(swap)).Id);
  }
}

/**
 * The old container. Null if somebody removed it once this run had begun to replace it: then the new one is all there is,
 * and takes its place. Throws `absent` if there is neither.
 */
async function oldUnlessGone(swap: Swap): Promise<ContainerDoc | null> {
  const old = await findOld(swap);
  return old === null && hasBegunToReplace(swap) && (await findNew(swap)) !== null ? null : (old ?? mustOld(swap));
}

/** The old container, or the new one if that is all there is. Throws `absent` if there is neither. */
export async function oldOrNew(swap: Swap): Promise<ContainerDoc> {
  return (await oldUnlessGone(swap)) ?? mustNew(swap);
}

/**
 * The inverse of `swapIn`, from any point it reached. Returns in what the containers, looked at afterwards, are not as
 * the plan saw them; empty if they are.
 */
export async function swapBack(swaps: readonly Swap[]): Promise<readonly string[]> {
  const begun = swaps.filter(({ record, step }) => record.last(`${step}/create`) !== null);
  // Until then the old containers are as they were, or somebody else's by now: only what was created goes.
  const lost = new Map<Swap, string>();
  if (begun.some(hasBegunToReplace)) {
    const own: Swap[] = [];
    for (const swap of begun) {
      const why = await lostOf(swap);
      if (why === null) own.push(swap);
      else lost.set(swap, why);
    }
    for (const swap of own.toReversed()) await retire(swap);
    for (const swap of own) await restore(swap);
  }
  for (const swap of begun.toReversed()) {
    for (const made of [await findNew(swap), await findCopy(swap)]) {
      if (made) await removeContainer(swap, made);
    }
    swap.record.undone(swap.step);
  }
  const lacks: string[] = [];
  for (const swap of swaps) lacks.push(...(lost.has(swap) ? [lost.get(swap) ?? ""] : await lacksOf(swap)));
  return lacks;
}

async function removeContainer({ engine }: Swap, doc: ContainerDoc): Promise<void> {
  const { Id } = doc;
  await engine.call(`remove ${nameOf(doc)}`, async () =>
    (await engine.docker()).getContainer(Id).remove({ force: true, v: false }),
  );
}

/**
 * In what the container under the name is not as it was. One that an engine's crash has stopped before this run stopped
 * it is started first.
 */
async function lacksOf(swap: Swap): Promise<readonly string[]> {
  const { engine, names, oldId } = swap;
  const live = await engine.container(names.final);
  const old = await findOld(swap);
  if (live === null)
    return [old === null ? `the container ${names.final} is gone` : `${names.final} is called ${nameOf(old)} by now`];
  if (live.Id !== (old?.Id ?? oldId)) return [`${names.final} is another container than before`];
  const was = await stateBefore(swap, live);
  if (was.running && !isRunning(live)) {
    await startContainer(swap, live.Id);
    if (was.paused) await pauseContainer(engine, live.Id);
  }
  const now = (await engine.container(live.Id)) ?? live;
  return [
    ...(was.running && !isRunning(now) ? [`${names.final} does not stay up (exit ${now.State.ExitCode ?? 0})`] : []),
    ...(restartOf(now).name === was.restart ? [] : [`the restart policy of ${names.final} is ${restartOf(now).name}`]),
  ];
}

/**
 * Null if the old container is there to be put back; otherwise why nothing is. Checked before anything is stopped: a
 * container that a later run or a person put in place is not this run's to remove. Throws `absent` if the new container
 * is all there is.
 */
export async function lostOf(swap: Swap): Promise<string | null> {
  const { engine, names } = swap;
  const [old, fresh, live] = [await findOld(swap), await findNew(swap), await engine.container(names.final)];
  if (old === null) {
    if (live === null && fresh === null) return `neither the old nor the new container of ${names.final} is left`;
    if (live !== null && live.Id !== fresh?.Id)
      return `somebody removed the old container of ${names.final} and made another one, which is left alone`;
    await mustOld(swap);
  }
  if (live === null || live.Id === old?.Id || live.Id === fresh?.Id) return null;
  const later = await laterRun(swap);
  throw new UnsprawlError(
    "conflict",
    `${names.final} was recreated since${later === null ? "" : `, by run ${later}`}`,
    later === null ? cmd`docker rename ${names.final} OTHER` : cmd`unsprawl rollback ${later}, first`,
  );
}

/** The newest run that created the container again after this one, by what it kept; null when none did. */
async function laterRun(swap: Swap): Promise<string | null> {
  const own = await mustOld(swap);
  const newest = await newestKept(swap.engine, swap.names.final);
  // Before this run has kept its own, the newest may be an earlier run's.
  return newest === null || !isNewer(newest, own) ? null : keptByRun(nameOf(newest));
}

async function retire(swap: Swap): Promise<void> {
  const { names } = swap;
  const fresh = await findNew(swap);
  if (!fresh) return;
  await stopContainer(swap, fresh);
  if (nameOf(fresh) === names.final) await renameContainer(swap, fresh.Id, names.temporary, "unrename");
}

async function restore(swap: Swap): Promise<void> {
  const { engine, names, record, step } = swap;
  const before = recordedState(swap);
  if (before === null) throw new UnsprawlError("malformed", `the journal has no ${step}/create`, "unsprawl runs");
  // The engine continues a stop that a killed run asked for: it has to end before a start.
  const isStopping = record.last(`${step}/stop`) !== null && record.last(`${step}/stop`)?.["done"] !== true;
  if (isStopping && !before.deleted) await stopContainer(swap, await mustOld(swap));
  const old = before.deleted ? await recreateFromCopy(swap) : await mustOld(swap);
  await renameContainer(swap, old.Id, names.final, "unkeep");
  await setRestart(engine, old, before.restart, before.retries);
  if (before.running) await startContainer(swap, old.Id);
  if (before.paused) await pauseContainer(engine, old.Id);
}

/** The container that this run created; null if it has not, or if the container is gone. */
async function findNew(swap: Swap): Promise<ContainerDoc | null> {
  const { engine, names, record, step } = swap;
  const known = record.last(`${step}/created`)?.["id"];
  if (typeof known === "string") {
    const doc = await engine.container(known);
    if (doc) return doc;
  }
  const doc = await engine.container(names.temporary);
  if (doc && record.last(`${step}/create`) === null) {
    throw new UnsprawlError(
      "conflict",
      `a container named ${names.temporary} exists, and this run did not create it`,
      cmd`docker rename ${names.temporary} OTHER`,
    );
  }
  // The run was killed between creating and recording it: from now on the container is identified by id.
  if (doc) record.done(`${step}/created`, { id: doc.Id });
  return doc;
}

/** The container that this run created. Throws `changed` if it is gone. */
export async function mustNew(swap: Swap): Promise<ContainerDoc> {
  const fresh = await findNew(swap);
  if (fresh) return fresh;
  throw new UnsprawlError("changed", `the new container of ${swap.names.final} is gone`, "unsprawl rollback");
}
