import * as v from "valibot";
import { cmd } from "../../kit/shell.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";

/** How a container kept restarting before a migration: its exit code, null where it was up at the moment it was looked at. */
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
  const upMs = Date.now() - Date.parse(State.StartedAt ?? "");
  return State.Running && RestartCount > 1 && upMs < FAILED_START_MS ? { exitCode: null } : null;
}

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
 * Whether a new container keeps restarting as the old one did (`same`), or has restarted and may do so again (`wait`); null
 * if it is up, or ended with another exit code than before.
 */
export function loopsAsBefore(
  { State, RestartCount = 0 }: ContainerDoc,
  before: Looping | null | undefined,
  isLate: boolean,
): "same" | "wait" | null {
  if (!before) return null;
  if (State.Restarting === true || !State.Running)
    return State.ExitCode === before.exitCode || (before.exitCode === null && !isOfStart(State.ExitCode))
      ? "same"
      : null;
  if (RestartCount === 0) return null;
  return isLate ? "same" : "wait";
}

/** That nothing could be started, which may be the delivery's fault. Source: POSIX Shell Command Language, 2.8.2. */
const isOfStart = (exitCode: number | undefined): boolean => exitCode === 126 || exitCode === 127;
