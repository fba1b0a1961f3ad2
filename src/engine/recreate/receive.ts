import * as v from "valibot";
import type { Reception, SoughtValue } from "../../contract/delivery.ts";
import type { Recorder, Work } from "../../contract/migration.ts";
import { parseRecord, recordedByName } from "../../kit/recorded.ts";
import { siblingId } from "../../model/step-id.ts";
import { valuesByName, type Move, type StepOf } from "../../model/plan.ts";
import { keyedDigest, type FingerprintKey } from "../../model/fingerprint.ts";
import type { Secret } from "../../model/secret.ts";
import type { RunningPrograms } from "../process.ts";
import { wasRead } from "./read-witness.ts";
import type { Verification } from "./verification.ts";
import type { ContainerDoc } from "../types.ts";

/**
 * By variable: the programs of the old containers that had its value in their environment, as keyed digests: their words
 * are anybody's, and may be a value. IN_SCRIPT is among them if the entrypoint's script still ran.
 */
type Holders = { readonly [name: string]: readonly string[] };

const IN_SCRIPT = "script";

const HOLDERS: v.GenericSchema<unknown, Holders> = recordedByName(v.array(v.string()));

/**
 * Records which programs of the old containers have the values that move: the same must have them afterwards. Call it
 * before the first effect; later calls change nothing, and neither does one where none of the containers runs.
 */
export async function recordHolders(
  step: StepOf<"recreate">,
  docs: readonly ContainerDoc[],
  work: Pick<Work, "record" | "values">,
  { key, sight }: Pick<Verification, "key" | "sight">,
): Promise<void> {
  const id = `${step.id}/holders`;
  const running = docs.filter(({ State }) => State.Running && State.Pid);
  if (running.length === 0 || work.record.last(id) !== null) return;
  const holders: { [name: string]: string[] } = {};
  for (const sought of soughtValues(step.moves, work.values)) {
    const all = new Set<string>();
    for (const { State, Config } of running) {
      const words = startWords(Config.Entrypoint ?? [], Config.Cmd ?? []);
      const { programs, inScript } = await sight.programs(State.Pid ?? 0, sought, words);
      const having = [...programs].flatMap(([program, has]) => (has ? keyedDigest(program, key) : []));
      for (const one of having) all.add(one);
      if (inScript && having.length > 0) all.add(IN_SCRIPT);
    }
    holders[sought.name] = [...all];
  }
  work.record.done(id, holders);
}

/** The programs that had a variable before; null if the run did not look. */
export function holdersOf(
  step: StepOf<"check">,
  name: string,
  record: Pick<Recorder, "last">,
): readonly string[] | null {
  return parseRecord(record, `${siblingId(step, "recreate")}/holders`, HOLDERS)?.[name] ?? null;
}

/** The values of one subject's moves, with what stands for them in its configuration. */
export function soughtValues(moves: readonly Move[], values: ReadonlyMap<string, Secret>): readonly SoughtValue[] {
  const byName = valuesByName(moves, values);
  const references = new Map(moves.map(({ name, reference }) => [name, reference]));
  return [...byName].map(([name, value]) => ({ name, value, reference: references.get(name) ?? "" }));
}

/** A value that a container is to have; `holders` as `holdersOf` says. */
type ExpectedValue = { readonly sought: SoughtValue; readonly holders: readonly string[] | null };

/**
 * How the application in a running container was seen to have a value; null if it was not yet. By its environment if it had
 * it there before: a file then counts only once the same programs have the same bytes. Otherwise by what the delivery shows.
 */
export async function receptionOf(
  { delivery, subject, key, sight }: Pick<Verification, "delivery" | "subject" | "key" | "sight">,
  doc: ContainerDoc,
  { sought, holders }: ExpectedValue,
): Promise<Reception | null> {
  const pid = doc.State.Pid ?? 0;
  const before = holders ?? [];
  if (
    delivery.environment === "whole"
      ? await sight.holds(pid, sought)
      : holdAsBefore(await sight.programs(pid, sought, startWords(subject.entrypoint, subject.cmd)), before, key)
  )
    return "environment";
  if (before.length > 0 && delivery.readsItself?.(subject, sought.name) !== true) return null;
  const app = {
    ...{ id: doc.Id, pid, wasRead: (path: string) => wasRead(doc.Id, path) },
    becameEntrypoint: (one: SoughtValue) => sight.started(pid, one),
  };
  return delivery.received(app, sought, subject);
}

/** The words that start a container's script, where there is one. */
const startWords = (entrypoint: readonly string[], cmd: readonly string[]): readonly string[] =>
  entrypoint.length > 0 ? entrypoint : cmd.slice(0, 1);

/** Whether all programs that had the value before, and run now, have it, and at least one of them does. */
function holdAsBefore(
  { programs, inScript }: RunningPrograms,
  before: readonly string[],
  key: FingerprintKey,
): boolean {
  if (before.length === 0) return [...programs.values()].includes(true);
  // What the script itself starts on its way is not yet the application.
  if (inScript && !before.includes(IN_SCRIPT)) return false;
  const now = new Map([...programs].map(([program, has]) => [keyedDigest(program, key), has]));
  const counted = before.flatMap((program) => now.get(program) ?? []);
  return counted.length > 0 && counted.every(Boolean);
}
