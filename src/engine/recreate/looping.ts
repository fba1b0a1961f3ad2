import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { cmd } from "../../kit/shell.ts";
import type { Engine } from "../engine.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";

/** How a container kept restarting before a migration: its exit code; null in a journal of an earlier version, where it was up as it was looked at. */
export type Looping = { readonly exitCode: number | null };

/** The same, as a journal has it. */
export const LOOPING: v.GenericSchema<unknown, Looping> = v.object({ exitCode: v.nullable(v.number()) });

/**
 * How a container keeps restarting: it waits for its next start, or has just had one. Null for others. A container that has
 * been up for longer than a failed start counts as up, however often it was restarted in its life, and so does one that has
 * failed but once.
 */
export function loopingOf({ State, RestartCount = 0 }: ContainerDoc): Looping | null {
  if (State.Restarting === true) return { exitCode: State.ExitCode ?? null };
  return State.Running && RestartCount > 1 && isJustUp(State) ? { exitCode: null } : null;
}

const isJustUp = ({ StartedAt }: ContainerDoc["State"]): boolean =>
  Date.now() - Date.parse(StartedAt ?? "") < FAILED_START_MS;

/** Source: moby, restartmanager: a longer run sets the delay between restarts back to its beginning. */
const FAILED_START_MS = 10_000;

/** What a plan says of a container that keeps restarting; nothing of others. */
export function loopingNote(doc: ContainerDoc): readonly string[] {
  const looping = loopingOf(doc);
  if (looping === null) return [];
  const exit = looping.exitCode === null ? "" : ` (exit ${looping.exitCode})`;
  return [
    `it keeps restarting already${exit}, so it is verified to behave as before, not to stay up or to receive its values: ${cmd`docker logs ${nameOf(doc)}`} shows why`,
  ];
}

/**
 * How a container keeps restarting, with the exit code: one that is up at the moment is looked at until it ends, or has been
 * up for longer than a failed start, at most ten seconds. Null if it does not keep restarting.
 */
export async function loopingBefore(engine: Pick<Engine, "container">, doc: ContainerDoc): Promise<Looping | null> {
  for (let now: ContainerDoc | null = doc; now !== null; now = await engine.container(doc.Id)) {
    const looping = loopingOf(now);
    if (looping?.exitCode !== null) return looping ?? null;
    await sleep(TICK_MS);
  }
  return null;
}

const TICK_MS = 100;

/**
 * Whether a new container keeps restarting as the old one did (`same`), or has restarted and may do so again (`wait`); null
 * if it stays up, or ended with another exit code than before, or with one where none was seen before.
 */
export function loopsAsBefore(doc: ContainerDoc, before: Looping | null | undefined): "same" | "wait" | null {
  if (!before) return null;
  const { State, RestartCount = 0 } = doc;
  if (State.Restarting === true || !State.Running) return State.ExitCode === before.exitCode ? "same" : null;
  return RestartCount > 0 && isJustUp(State) ? "wait" : null;
}
