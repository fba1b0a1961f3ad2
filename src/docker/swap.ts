import type { ContainerCreateOptions } from "dockerode";
import type { Recorder } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import type { CreateBody } from "./create-body.ts";
import type { Engine } from "./engine.ts";
import { nameOf, type SwapNames } from "./names.ts";
import { mustBeSame } from "./same.ts";
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

/**
 * Puts a new container in the old one's place: create under a temporary name, stop the old one, swap names, start.
 * The order is Compose's, except that the old one is kept (stopped, restart policy off) until scrub. Every part looks
 * at the world first, so that it can be called again after a kill at any instant.
 */
export async function swapIn(swap: Swap, body: CreateBody): Promise<void> {
  const { engine, names, record, step } = swap;
  const old = await mustOld(swap);
  const before = beforeOf(swap, old);
  const fresh = (await findNew(swap)) ?? (await create(swap, body, before));
  for (const { network, endpoint } of body.connectLater) {
    if (fresh.NetworkSettings?.Networks?.[network]) continue;
    await must(engine, `connect ${names.final} to ${network}`, async () =>
      (await engine.docker()).getNetwork(network).connect({ Container: fresh.Id, EndpointConfig: endpoint as object }),
    );
  }
  mustBeSame(old, (await engine.container(fresh.Id)) ?? fresh, body);
  if (old.State.Running || (old.HostConfig.RestartPolicy?.Name ?? "no") !== "no") {
    record.intent(`${step}/stop`);
    // Off first: an engine that restarts in between must not start both.
    await setRestart(engine, old.Id, "no", 0);
    await stop(engine, old);
    record.done(`${step}/stop`);
  }
  await rename(swap, old.Id, names.kept, "keep");
  await rename(swap, fresh.Id, names.final, "rename");
  if (before.running) {
    record.intent(`${step}/start`);
    await start(engine, fresh.Id, before.paused);
    record.done(`${step}/start`);
  }
}

/** The inverse, from wherever `swapIn` got to. False when there was nothing to bring back. */
export async function swapBack(swap: Swap): Promise<void> {
  const { engine, names, record, step } = swap;
  const before = record.last(`${step}/create`) as Before | null;
  if (before === null) return; // nothing was begun
  const old = await mustOld(swap);
  const fresh = await findNew(swap);
  if (fresh) {
    if (fresh.State.Running) await stop(engine, fresh);
    if (nameOf(fresh) === names.final) await rename(swap, fresh.Id, names.temporary, "unrename");
  }
  await rename(swap, old.Id, names.final, "unkeep");
  await setRestart(engine, old.Id, before.restart, before.retries);
  if (before.running) await start(engine, old.Id, before.paused);
  if (fresh)
    await engine.call(`remove ${names.temporary}`, async () =>
      (await engine.docker()).getContainer(fresh.Id).remove({ force: true, v: false }),
    );
  record.undone(step);
}

/** The container that this run created; null when it has not, or when it is gone. */
export async function findNew(swap: Swap): Promise<ContainerDoc | null> {
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
