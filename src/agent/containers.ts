import { setTimeout as sleep } from "node:timers/promises";
import type { Engine, ListedContainer } from "../engine/engine.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { AgentSettings, ServedConsumer } from "./tools.ts";

const TICK_MS = 100;

/** The containers that mount the consumer's files, those kept for rollback left out; or the container itself. */
export function containersOf({ key, files }: ServedConsumer, listed: readonly ListedContainer[]): ListedContainer[] {
  const mounts = ({ Mounts = [] }: ListedContainer): boolean =>
    Mounts.some(({ Source = "" }) => Source === key || Source.startsWith(`${key}/`));
  return listed.filter((one) => {
    const isKept = one.Names.some((name) => keptByRun(name.slice(1)) !== null);
    return !isKept && (files ? mounts(one) : one.Id === key);
  });
}

/** The running containers in the network of this one: it goes with each restart, and they would keep the one that is gone. */
export function inNetworkOf(id: string, listed: readonly ListedContainer[]): ListedContainer[] {
  return listed.filter((one) => one.State === "running" && one.HostConfig?.NetworkMode === `container:${id}`);
}

/** When a container's process started, in milliseconds, rounded down; 0 if it is not running. */
export function startedAt({ State }: ContainerDoc): number {
  return State.Running ? Date.parse(State.StartedAt ?? "") || 0 : 0;
}

/** How long the agent lets a container stop before the engine kills it, however long the container asks for. */
const LONGEST_STOP_S = 30;

/** Restarts a container, which stops for as long as its own stop timeout says, up to the agent's. Throws what the engine says. */
export async function restart(engine: Engine, doc: ContainerDoc): Promise<void> {
  const { StopTimeout: own = null } = doc.Config;
  // A negative one is for ever.
  const t = own !== null && (own < 0 || own > LONGEST_STOP_S) ? { t: LONGEST_STOP_S } : {};
  await engine.call(`restart ${nameOf(doc)}`, async () => (await engine.docker()).getContainer(doc.Id).restart(t));
}

export async function signalTo(engine: Engine, id: string, name: string, signal: string): Promise<void> {
  await engine.call(`signal ${name}`, async () => (await engine.docker()).getContainer(id).kill({ signal }));
}

/** Starts a container that the engine could not. Throws what the engine says. */
export async function startAgain(engine: Engine, id: string, name: string): Promise<void> {
  try {
    await engine.call(`start ${name}`, async () => (await engine.docker()).getContainer(id).start());
  } catch (error) {
    if (!(error instanceof UnsprawlError && error.code === "changed")) throw error; // it runs already
  }
}

/**
 * Waits until a container is healthy, or has been up for the grace time where it has no health check. Throws `unhealthy`
 * when it does not stay up or does not get healthy in time.
 */
export async function becomeWell(
  engine: Engine,
  id: string,
  { graceMs, healthTimeoutMs }: Pick<AgentSettings, "graceMs" | "healthTimeoutMs">,
  signal: AbortSignal,
): Promise<void> {
  for (const began = Date.now(); ; await sleep(TICK_MS, undefined, { signal })) {
    const doc = await engine.container(id);
    // Removed meanwhile by somebody, not because of the new value.
    if (doc === null) return;
    const { State: state } = doc;
    const name = nameOf(doc);
    const fault = (what: string): UnsprawlError =>
      new UnsprawlError("unhealthy", `${name} ${what} with the new value`, cmd`docker logs --tail 20 ${name}`);
    if (!state.Running || state.Restarting) throw fault(`did not stay up (exit ${state.ExitCode ?? "unknown"})`);
    const health = state.Health?.Status ?? "none";
    if (state.Paused || health === "healthy") return;
    if (health === "unhealthy") throw fault("is unhealthy");
    // Counted from its start: one that has been up for long needs no further wait.
    if (health === "none" && Date.now() - Math.max(startedAt(doc), 0) >= graceMs) return;
    if (health !== "none" && Date.now() - began > healthTimeoutMs) throw fault("did not become healthy in time");
  }
}

/** Whether a container is well at this instant. */
export async function isWell(engine: Engine, name: string, settings: AgentSettings): Promise<boolean> {
  const doc = await engine.container(name);
  if (doc === null) return true;
  const { State: state } = doc;
  if (!state.Running || state.Restarting) return false;
  const health = state.Health?.Status ?? "none";
  return health === "healthy" || (health === "none" && Date.now() - startedAt(doc) >= settings.graceMs * 2);
}
