import { setTimeout as sleep } from "node:timers/promises";
import { becomeWell, inNetworkOf, restart, startAgain } from "../agent/containers.ts";
import type { Work } from "../contract/migration.ts";
import type { Supplies } from "../contract/supplies.ts";
import type { Engine } from "../engine/engine.ts";
import type { Sight } from "../engine/sight.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { consumerText, type RotatedEntry, type RotateStep, type RotatedConsumer } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { Renewal } from "./proof-text.ts";
import type { RotateTools } from "./types.ts";

/** The present values of the entries, by reference. */
export type NewValues = ReadonlyMap<string, Secret>;

/** Writes these values into the files of this host's consumers that have them; all others stay as they are. */
export function rewriteFiles(supplies: Supplies, values: NewValues): void {
  for (const consumer of having(supplies, values)) {
    const all = new Map<string, Secret>();
    for (const { name, reference } of consumer.values)
      all.set(name, values.get(reference) ?? fileOf(supplies, consumer, name));
    supplies.write(consumer, all);
  }
}

/** Throws `absent` if `rewriteFiles` would: before anything is changed. */
export function mustHaveFiles(supplies: Supplies, { entries }: RotateStep): void {
  const references = new Set(entries.map(({ reference }) => reference));
  for (const consumer of having(supplies, references))
    for (const { name, reference } of consumer.values) if (!references.has(reference)) fileOf(supplies, consumer, name);
}

type FileConsumer = ReturnType<Supplies["index"]["read"]>[number];

function having(supplies: Supplies, references: { has(reference: string): boolean }): readonly FileConsumer[] {
  return supplies.index.read().filter(({ values }) => values.some(({ reference }) => references.has(reference)));
}

function fileOf(supplies: Supplies, { folder, id }: FileConsumer, name: string): Secret {
  const value = supplies.read(folder, name);
  if (value !== null) return value;
  throw new UnsprawlError(
    "absent",
    `the file of ${name}, which ${id} mounts, is not on this host`,
    "unsprawl render --all, then: unsprawl rotate again",
  );
}

/** The values by reference, as they were and as they are now. */
type ValueChange = {
  readonly old: NewValues;
  readonly values: NewValues;
  /** It has been started with the new ones a moment ago. */
  readonly isStarted: boolean;
};

/** The engine of a consumer, and who looks at its processes. Throws `changed` if another engine answers there. */
export async function engineOf(
  { engine: other }: RotatedConsumer,
  own: Engine,
  { engineAt, sight }: Pick<RotateTools, "engineAt" | "sight">,
): Promise<{ readonly engine: Engine; readonly sight: Sight }> {
  const engine = other === undefined ? own : await engineAt(other.address);
  if (other !== undefined && (await engine.info()).ID !== other.id)
    throw new UnsprawlError("changed", `another engine answers at ${other.address}`, "unsprawl rotate again");
  return { engine, sight: await sight(engine) };
}

/**
 * Restarts a consumer that ran when it was planned and does not have the values yet, and the containers in its network; waits
 * until it is well and its application has them. Returns how it was seen to have them. Throws `unhealthy`.
 */
export async function renew(
  { engine, sight }: { readonly engine: Engine; readonly sight: Sight },
  consumer: RotatedConsumer,
  step: RotateStep,
  { old, values, isStarted }: ValueChange,
  work: Pick<Work, "phase" | "signal">,
): Promise<Renewal> {
  const doc = await engine.container(consumer.container);
  if (doc === null) return "gone";
  if (!doc.State.Running && !consumer.isRunning) return "stopped";
  const own = step.entries.filter(({ reference }) => consumer.references.includes(reference));
  // Only its environment counts: the files are new already, whatever it was started with.
  const has = async (pid: number, all: NewValues, started: boolean): Promise<readonly boolean[]> =>
    Promise.all(own.map((entry) => isSeen(sight, pid, entry, all, started)));
  const pidOf = async (): Promise<number> => (await engine.container(doc.Id))?.State.Pid ?? 0;
  const isNew = doc.State.Running && (await has(await pidOf(), values, false)).every(Boolean);
  if (isNew && own.length > 0) {
    await becomeWell(engine, doc.Id, step, work.signal);
    return "seen";
  }
  const sharers = inNetworkOf(doc.Id, await engine.containers());
  if (!isStarted) {
    work.phase(`restarting ${consumerText(consumer)}`, step.healthTimeoutMs);
    await (doc.State.Running ? restart(engine, doc) : startAgain(engine, doc.Id, consumer.container));
  }
  work.phase(`waiting until ${consumerText(consumer)} is well`, step.healthTimeoutMs);
  await becomeWell(engine, doc.Id, step, work.signal);
  for (const { Id } of sharers) {
    const sharer = await engine.container(Id);
    if (sharer === null) continue;
    await restart(engine, sharer);
    await becomeWell(engine, Id, step, work.signal);
  }
  for (let waited = 0; waited < SEEN_MS; waited += TICK_MS) {
    if ((await has(await pidOf(), values, true)).every(Boolean)) return "seen";
    await sleep(TICK_MS);
  }
  // A program that reads its file by itself shows the value in no environment.
  if ((await has(await pidOf(), old, false)).some(Boolean))
    throw new UnsprawlError(
      "unhealthy",
      `${consumer.container} still has the earlier value after its restart`,
      cmd`docker logs --tail 20 ${consumer.container}`,
    );
  return "restarted";
}

const [SEEN_MS, TICK_MS] = [2000, 200];

/** Whether a process of the container has the value of this entry; `started`: or its start script has handed it over. */
async function isSeen(
  sight: Sight,
  pid: number,
  { name, reference }: RotatedEntry,
  values: NewValues,
  started: boolean,
): Promise<boolean> {
  const value = values.get(reference);
  if (value === undefined || pid === 0) return false;
  const sought = { name, value, reference };
  return (await sight.holds(pid, sought)) || (started && (await sight.started(pid, sought)));
}
