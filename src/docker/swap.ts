import type { ContainerCreateOptions } from "dockerode";
import type { Recorder } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import type { CreateBody } from "./create-body.ts";
import type { Engine } from "./engine.ts";
import { nameOf, type SwapNames } from "./names.ts";
import { mustBeSame } from "./same.ts";
import type { Replaced } from "./sharers.ts";
import type { ContainerDoc } from "./types.ts";

/** How the old container was before the first effect: what undo restores. */
type Before = {
  readonly running: boolean;
  readonly paused: boolean;
  readonly restart: string;
  readonly retries: number;
};

export type Swap = {
  readonly engine: Engine;
  readonly oldId: string;
  readonly names: SwapNames;
  readonly step: string;
  readonly record: Recorder;
};

/** The body for one swap; `replaced` are the swaps before it, whose new containers are there by then. */
type BodyOf = (old: ContainerDoc, replaced: readonly Replaced[]) => Promise<CreateBody>;

/**
 * Puts new containers in the old ones' places: create each under a temporary name, stop the old ones, swap names, start.
 * The order is Compose's, except that the old ones are kept (stopped, restart policy off) until scrub. The first swap is
 * the container's own; the others are of its sharers, each after those it relies on. All are created before any is
 * stopped, so that what the engine refuses costs no downtime. Every part looks at the world first, so that it can be
 * called again after a kill at any instant.
 */
export async function swapIn(swaps: readonly Swap[], bodyOf: BodyOf): Promise<void> {
  const replaced: Replaced[] = [];
  for (const swap of swaps) {
    const old = await mustOld(swap);
    const fresh = await createNew(swap, old, await bodyOf(old, replaced));
    replaced.push({ old, fresh, name: swap.names.final });
  }
  for (const swap of swaps.toReversed()) await halt(swap);
  for (const swap of swaps) await takeOver(swap);
}

async function createNew(swap: Swap, old: ContainerDoc, body: CreateBody): Promise<ContainerDoc> {
  const { engine, names } = swap;
  const fresh = (await findNew(swap)) ?? (await create(swap, body, beforeOf(swap, old)));
  for (const { network, endpoint } of body.connectLater) {
    if (fresh.NetworkSettings?.Networks?.[network]) continue;
    await must(engine, `connect ${names.final} to ${network}`, async () =>
      (await engine.docker()).getNetwork(network).connect({ Container: fresh.Id, EndpointConfig: endpoint as object }),
    );
  }
  // Once it was started it has what the engine fills in, and the old one has been given up.
  if (fresh.State.Status === "created") mustBeSame(old, (await engine.container(fresh.Id)) ?? fresh, body);
  return fresh;
}

async function halt(swap: Swap): Promise<void> {
  const { engine, record, step } = swap;
  const old = await mustOld(swap);
  if (!old.State.Running && (old.HostConfig.RestartPolicy?.Name ?? "no") === "no") return;
  record.intent(`${step}/stop`);
  // Off first: an engine that restarts in between must not start both.
  await setRestart(engine, old.Id, "no", 0);
  await stop(engine, old);
  record.done(`${step}/stop`);
}

async function takeOver(swap: Swap): Promise<void> {
  const { engine, names, record, step } = swap;
  const [old, fresh] = [await mustOld(swap), await mustNew(swap)];
  const before = beforeOf(swap, old);
  await rename(swap, old.Id, names.kept, "keep");
  await rename(swap, fresh.Id, names.final, "rename");
  if (before.running) {
    record.intent(`${step}/start`);
    await start(engine, fresh.Id, before.paused);
    record.done(`${step}/start`);
  }
}

/** The inverse, from wherever `swapIn` got to. */
export async function swapBack(swaps: readonly Swap[]): Promise<void> {
  const begun = swaps.filter(({ record, step }) => record.last(`${step}/create`) !== null);
  for (const swap of begun) await mustBeOurs(swap);
  for (const swap of begun.toReversed()) await retire(swap);
  for (const swap of begun) await restore(swap);
  for (const swap of begun.toReversed()) {
    const fresh = await findNew(swap);
    if (fresh)
      await swap.engine.call(`remove ${swap.names.temporary}`, async () =>
        (await swap.engine.docker()).getContainer(fresh.Id).remove({ force: true, v: false }),
      );
    swap.record.undone(swap.step);
  }
}

/** Looked at before anything is stopped: what a later run, or a person, put in place is not this run's to take away. */
async function mustBeOurs(swap: Swap): Promise<void> {
  const { engine, names } = swap;
  const [old, fresh, live] = [await mustOld(swap), await findNew(swap), await engine.container(names.final)];
  if (live === null || live.Id === old.Id || live.Id === fresh?.Id) return;
  throw new UnsprawlError(
    "conflict",
    `${names.final} was created again since`,
    "unsprawl runs shows a later run of it: roll that back first; else docker rename it",
  );
}

async function retire(swap: Swap): Promise<void> {
  const { engine, names } = swap;
  const fresh = await findNew(swap);
  if (!fresh) return;
  if (fresh.State.Running) await stop(engine, fresh);
  if (nameOf(fresh) === names.final) await rename(swap, fresh.Id, names.temporary, "unrename");
}

async function restore(swap: Swap): Promise<void> {
  const { engine, names, record, step } = swap;
  const before = record.last(`${step}/create`) as Before;
  const old = await mustOld(swap);
  await rename(swap, old.Id, names.final, "unkeep");
  await setRestart(engine, old.Id, before.restart, before.retries);
  if (before.running) await start(engine, old.Id, before.paused);
}

/** The container that this run created; null when it has not, or when it is gone. */
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
      `docker rename ${names.temporary} OTHER`,
    );
  }
  // Killed after it was created and before that was recorded: from now on it is known by id, whatever its name.
  if (doc) record.done(`${step}/created`, { id: doc.Id });
  return doc;
}

async function create(swap: Swap, body: CreateBody, before: Before): Promise<ContainerDoc> {
  const { engine, names, record, step } = swap;
  record.intent(`${step}/create`, before);
  const options = { ...body.body, name: names.temporary } as ContainerCreateOptions;
  const made = await must(engine, `create ${names.temporary}`, async () =>
    (await engine.docker()).createContainer(options),
  );
  record.done(`${step}/created`, { id: made.id });
  const doc = await engine.container(made.id);
  if (!doc)
    throw new UnsprawlError(
      "changed",
      `${names.temporary} went away right after it was created`,
      "look at the engine's events: docker events --since 5m",
    );
  return doc;
}

/** The container that this run created. Throws `changed` when it is gone. */
export async function mustNew(swap: Swap): Promise<ContainerDoc> {
  const fresh = await findNew(swap);
  if (fresh) return fresh;
  throw new UnsprawlError("changed", `the new container of ${swap.names.final} is gone`, "unsprawl rollback");
}

async function mustOld({ engine, oldId, names }: Swap): Promise<ContainerDoc> {
  const old = await engine.container(oldId);
  if (old) return old;
  throw new UnsprawlError(
    "absent",
    `the container that ${names.final} was before is gone, so there is nothing to go back to`,
    "its values are in the store: unsprawl runs shows where",
  );
}

function beforeOf({ record, step }: Swap, old: ContainerDoc): Before {
  const known = record.last(`${step}/create`) as Before | null;
  if (known) return known;
  const policy = old.HostConfig.RestartPolicy;
  return {
    running: old.State.Running || old.State.Restarting === true,
    paused: old.State.Paused,
    restart: policy?.Name || "no",
    retries: policy?.MaximumRetryCount ?? 0,
  };
}

async function setRestart(engine: Engine, id: string, name: string, retries: number): Promise<void> {
  await must(engine, "set the restart policy", async () =>
    (await engine.docker()).getContainer(id).update({ RestartPolicy: { Name: name, MaximumRetryCount: retries } }),
  );
}

async function stop(engine: Engine, doc: ContainerDoc): Promise<void> {
  const container = (await engine.docker()).getContainer(doc.Id);
  const now = await engine.container(doc.Id);
  if (!now?.State.Running && !now?.State.Restarting) return;
  // A paused container cannot take the stop signal.
  if (now.State.Paused) await engine.call(`unpause ${nameOf(doc)}`, () => container.unpause());
  await tolerate("changed", () => must(engine, `stop ${nameOf(doc)}`, () => container.stop()));
}

async function start(engine: Engine, id: string, paused: boolean): Promise<void> {
  const container = (await engine.docker()).getContainer(id);
  const doc = await engine.container(id);
  if (!doc?.State.Running)
    await tolerate("changed", () => must(engine, `start ${doc ? nameOf(doc) : id}`, () => container.start()));
  if (paused && !doc?.State.Paused)
    await tolerate("conflict", () => must(engine, `pause ${id}`, () => container.pause()));
}

/** Renames unless it is named so already. */
async function rename({ engine, record, step }: Swap, id: string, name: string, what: string): Promise<void> {
  const doc = await engine.container(id);
  if (!doc || nameOf(doc) === name) return;
  record.intent(`${step}/${what}`);
  await must(engine, `rename ${nameOf(doc)} to ${name}`, async () =>
    (await engine.docker()).getContainer(id).rename({ name }),
  );
  record.done(`${step}/${what}`);
}

async function must<T>(engine: Engine, what: string, act: () => Promise<T>): Promise<T> {
  const answer = await engine.call(what, act);
  if (answer === null)
    throw new UnsprawlError("absent", `${what}: the engine says that it does not exist`, "docker ps --all");
  return answer;
}

/** The engine says 304 for what is so already, 409 for paused twice. */
async function tolerate(code: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UnsprawlError && error.code === code)) throw error;
  }
}
