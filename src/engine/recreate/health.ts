import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Engine } from "../engine.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";
import { loopingBefore, type Looping } from "./looping.ts";
import { checkOutput, lastWords } from "./last-words.ts";
import type { Verification } from "./verification.ts";

/** Whether the health check of a running container fails. */
export function isUnhealthy({ State }: ContainerDoc): boolean {
  return State.Running && State.Health?.Status === "unhealthy";
}

/** How containers are sick before a run: one that is, is not expected to get well by it. */
export async function sickStateOf(
  engine: Pick<Engine, "container">,
  docs: readonly ContainerDoc[],
): Promise<{ readonly unhealthy?: true; readonly looping?: Looping }> {
  const unhealthy = docs.some(isUnhealthy) ? ({ unhealthy: true } as const) : {};
  for (const doc of docs) {
    const looping = await loopingBefore(engine, doc);
    if (looping !== null) return { ...unhealthy, looping };
  }
  return unhealthy;
}

/** What a plan says of a container whose health check fails already; nothing of others. */
export function unhealthyNote(doc: ContainerDoc): readonly string[] {
  if (!isUnhealthy(doc)) return [];
  return [
    `its health check fails already, so it is verified to stay up and to receive its values, not to become healthy: ${cmd`docker inspect ${nameOf(doc)}`} shows why (State.Health.Log)`,
  ];
}

/** The health as text; null if it is too early to tell. Throws `unhealthy` if the container is down or unhealthy. */
export async function healthOf(doc: ContainerDoc, elapsedMs: number, asked: Verification): Promise<string | null> {
  const { step, before } = asked;
  const { State: state } = doc;
  // One that kept restarting, and stays up by now, may have restarted.
  const mayRestart = Boolean(before.looping);
  if (!state.Running || state.Restarting || (!mayRestart && (doc.RestartCount ?? 0) > 0))
    throw await downError(doc, asked);
  if (state.Paused) return "paused, as it was before";
  const isPastGrace = elapsedMs >= step.graceMs;
  const up = `up for ${step.graceMs / 1000} s`;
  if (!state.Health || state.Health.Status === "none") return isPastGrace ? up : null;
  if (state.Health.Status === "healthy") return "healthy";
  // Compared with its own state before: a check that failed all along says nothing about the migration.
  if (before.unhealthy) return isPastGrace ? `${up}, not healthy, as before` : null;
  if (state.Health.Status === "unhealthy" || elapsedMs > step.healthTimeoutMs)
    throw await unhealthyError(doc, state.Health.Status, elapsedMs, asked);
  return null;
}

async function downError(doc: ContainerDoc, { engine, work }: Verification): Promise<UnsprawlError> {
  return new UnsprawlError(
    "unhealthy",
    `${nameOf(doc)} did not stay up (exit ${doc.State.ExitCode ?? "unknown"})${await lastWords(engine, doc, work)}`,
    `docker run its image by hand to see why; nothing is lost: the old container is restored`,
  );
}

async function unhealthyError(
  doc: ContainerDoc,
  status: string,
  elapsedMs: number,
  { engine, work }: Verification,
): Promise<UnsprawlError> {
  // "unhealthy" is the engine's last word, which no longer wait changes.
  const hint =
    status === "unhealthy"
      ? cmd`docker inspect ${nameOf(doc)} shows its health check (Config.Healthcheck); nothing is lost: the old container is restored`
      : "raise --health-timeout if it needs longer";
  return new UnsprawlError(
    "unhealthy",
    `${nameOf(doc)} is ${status} after ${Math.round(elapsedMs / 1000)} s${await checkOutput(doc, work)}${await lastWords(engine, doc, work)}`,
    hint,
  );
}
