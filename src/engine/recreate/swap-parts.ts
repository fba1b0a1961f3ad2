import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { Recorder, Work } from "../../contract/migration.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { CreateBody } from "./body.ts";
import { engineMessage, type Engine } from "../engine.ts";
import { LOOPING, type Looping } from "./looping.ts";
import { nameOf, type SwapNames } from "../names.ts";
import { stopLimitMs } from "../outage.ts";
import { watchReads } from "./read-witness.ts";
import { sickStateOf } from "./health.ts";
import type { ContainerDoc } from "../types.ts";
import { parseRecord } from "../../kit/recorded.ts";

/** The old container's state before the run changed anything: what undo restores. */
export type PreviousContainer = {
  readonly running: boolean;
  /** Running and started with --rm: the engine deletes it as soon as it stops. */
  readonly deleted?: boolean;
  readonly paused: boolean;
  /** Its health check failed. Absent in runs of older versions. */
  readonly unhealthy?: boolean;
  /** It kept restarting. Absent if it did not. */
  readonly looping?: Looping;
  readonly restart: string;
  readonly retries: number;
};

const PREVIOUS: v.GenericSchema<unknown, PreviousContainer> = v.object({
  running: v.boolean(),
  deleted: v.exactOptional(v.boolean()),
  paused: v.boolean(),
  unhealthy: v.exactOptional(v.boolean()),
  looping: v.exactOptional(LOOPING),
  restart: v.string(),
  retries: v.number(),
});

/** The recorded state of the old container before the first effect; null if nothing has been done yet. */
export function recordedState(swap: Pick<Swap, "record" | "step" | "wasRunning">): PreviousContainer | null {
  const known = parseRecord(swap.record, `${swap.step}/create`, PREVIOUS);
  return known && { ...known, running: known.running || swap.wasRunning };
}

export type Swap = {
  readonly engine: Engine;
  readonly oldId: string;
  /**
   * Whether the plan saw it running: what an engine's crash stopped since is to run again. False in plans of older
   * versions, which say it of the step's own container alone.
   */
  readonly wasRunning: boolean;
  readonly names: SwapNames;
  readonly step: string;
  readonly record: Recorder;
  readonly phase: Work["phase"];
  /** The request that recreates a container unchanged. */
  readonly asItIs: (doc: ContainerDoc) => Promise<CreateBody>;
};

type Phased = Pick<Swap, "engine" | "phase">;

/** Creates a container with a name. Throws `changed` if it disappears immediately. */
export async function createNamed(engine: Engine, name: string, body: CreateBody): Promise<ContainerDoc> {
  const made = await must(engine, `create ${name}`, async () =>
    (await engine.docker()).createContainer({ ...body.body, name }),
  );
  const doc = await engine.container(made.id);
  if (doc) return doc;
  throw new UnsprawlError(
    "changed",
    `${name} disappeared right after it was created`,
    "look at the engine's events: docker events --since 5m",
  );
}

/** Connects a container to the networks that could not be passed at create. Idempotent. */
export async function connectAll(engine: Engine, doc: ContainerDoc, body: CreateBody): Promise<void> {
  for (const { network, endpoint } of body.connectLater) {
    if (doc.NetworkSettings?.Networks?.[network]) continue;
    await must(engine, `connect ${nameOf(doc)} to ${network}`, async () =>
      (await engine.docker()).getNetwork(network).connect({ Container: doc.Id, EndpointConfig: endpoint as object }),
    );
  }
}

/** One that the engine is about to start again counts. */
export const isRunning = ({ State }: ContainerDoc): boolean => State.Running || State.Restarting === true;

export async function stateBefore(swap: Swap, old: ContainerDoc): Promise<PreviousContainer> {
  const known = recordedState(swap);
  if (known) return known;
  const { name: restart, retries } = restartOf(old);
  return {
    running: isRunning(old) || swap.wasRunning,
    paused: old.State.Paused,
    ...(await sickStateOf(swap.engine, [old])),
    deleted: old.State.Running && old.HostConfig.AutoRemove === true,
    restart,
    retries,
  };
}

export function restartOf({ HostConfig: { RestartPolicy: policy } }: ContainerDoc): {
  readonly name: string;
  readonly retries: number;
} {
  return { name: policy?.Name || "no", retries: policy?.MaximumRetryCount ?? 0 };
}

/** With --rm the restart policy is always `no`, and the engine refuses to set it. */
export async function setRestart(engine: Engine, doc: ContainerDoc, name: string, retries: number): Promise<void> {
  if (doc.HostConfig.AutoRemove) return;
  await must(engine, "set the restart policy", async () =>
    (await engine.docker()).getContainer(doc.Id).update({ RestartPolicy: { Name: name, MaximumRetryCount: retries } }),
  );
}

/** Stops a container. With --rm, waits until the engine has deleted it. */
export async function stopContainer({ engine, phase }: Phased, { Id }: ContainerDoc): Promise<void> {
  const container = (await engine.docker()).getContainer(Id);
  const now = await engine.container(Id);
  // A paused container cannot receive the stop signal.
  if (now?.State.Paused) await engine.call(`unpause ${nameOf(now)}`, () => container.unpause());
  if (now?.State.Running || now?.State.Restarting) {
    phase(`stopping ${nameOf(now)}${withSignal(now)}`, stopLimitMs(now));
    await unlessSo(() => engine.call(`stop ${nameOf(now)}`, () => container.stop()));
  }
  // The engine deletes it asynchronously; until then its name and volumes are in use.
  if (!now?.HostConfig.AutoRemove || now.State.Status === "created") return;
  phase(`waiting until the engine has removed ${nameOf(now)} (--rm)`, GONE_TRIES * TICK_MS);
  for (let tries = 0; (await engine.container(Id)) !== null; tries++) {
    if (tries > GONE_TRIES)
      throw new UnsprawlError("failed", `the engine does not remove ${nameOf(now)} (--rm)`, "docker ps --all");
    await sleep(TICK_MS);
  }
}

/** The signal that asks a container to stop. An image may write anything there; only what looks like a signal is shown. */
function withSignal({ Config: { StopSignal } }: ContainerDoc): string {
  const signal = StopSignal || "SIGTERM";
  return /^[A-Z0-9+-]{1,12}$/.test(signal) ? ` with ${signal}` : "";
}

const [GONE_TRIES, PAUSE_TRIES, TICK_MS] = [300, 20, 100];

/** Starts a container, watched by `watchReads`. Idempotent. */
export async function startContainer({ engine, phase }: Phased, id: string): Promise<void> {
  const doc = await engine.container(id);
  if (doc?.State.Running) return;
  if (doc) await watchReads(doc);
  phase(`starting ${doc ? nameOf(doc) : id}`);
  await unlessSo(() =>
    must(engine, `start ${doc ? nameOf(doc) : id}`, async () => (await engine.docker()).getContainer(id).start()),
  );
}

/**
 * Pauses a container. Idempotent. With cgroup v1, freezing fails if the container forks at that moment, so it is
 * retried.
 */
export async function pauseContainer(engine: Engine, id: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    if ((await engine.container(id))?.State.Paused) return;
    let isForking = false;
    const pause = async (): Promise<void> => {
      try {
        await (await engine.docker()).getContainer(id).pause();
      } catch (error) {
        isForking = /freeze/.test(engineMessage(error));
        throw error;
      }
    };
    try {
      await must(engine, `pause ${id.slice(0, 12)}`, pause);
      return;
    } catch (error) {
      if (tries === PAUSE_TRIES || !isForking) throw error;
      await sleep(TICK_MS);
    }
  }
}

/** Renames a container. Idempotent. */
export async function renameContainer(
  { engine, record, step }: Swap,
  id: string,
  name: string,
  what: string,
): Promise<void> {
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

/** Runs `act`, ignoring the engine's 304: the state is as requested already. */
async function unlessSo(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UnsprawlError && error.code === "changed")) throw error;
  }
}
