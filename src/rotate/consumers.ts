import { setTimeout as sleep } from "node:timers/promises";
import { becomeWell, restart } from "../agent/containers.ts";
import type { Work } from "../contract/migration.ts";
import type { Supplies } from "../contract/supplies.ts";
import type { Engine } from "../engine/engine.ts";
import type { Sight } from "../engine/sight.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotateStep, RotatedConsumer } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** The present values of the entries, by reference. */
export type NewValues = ReadonlyMap<string, Secret>;

/** Writes these values into the files of this host's consumers that have them; all others stay as they are. */
export function rewriteFiles(supplies: Supplies, values: NewValues): void {
  for (const consumer of supplies.index.read()) {
    if (!consumer.values.some(({ reference }) => values.has(reference))) continue;
    const all = new Map<string, Secret>();
    for (const { name, reference } of consumer.values) {
      const value = values.get(reference) ?? supplies.read(consumer.folder, name);
      if (value === null)
        throw new UnsprawlError(
          "absent",
          `the file of ${name}, which ${consumer.id} mounts, is not on this host`,
          "unsprawl render --all, then: unsprawl rotate again",
        );
      all.set(name, value);
    }
    supplies.write(consumer, all);
  }
}

/**
 * Restarts a running consumer that does not have the values yet, and waits until it is well and its application has them.
 * Returns how it was seen to have them. Throws `unhealthy`.
 */
export async function renew(
  { engine, sight }: { readonly engine: Engine; readonly sight: Sight },
  consumer: RotatedConsumer,
  step: RotateStep,
  values: NewValues,
  work: Pick<Work, "phase" | "signal">,
): Promise<"seen" | "restarted" | "not running"> {
  const doc = await engine.container(consumer.container);
  if (doc === null || !doc.State.Running) return "not running";
  // Only its environment counts: the files are new already, whatever it was started with.
  const environment = { ...sight, started: async (): Promise<boolean> => false };
  if (await hasAll(environment, doc.State.Pid ?? 0, consumer, step, values)) return "seen";
  work.phase(`restarting ${consumer.container}`, step.healthTimeoutMs);
  await restart(engine, doc);
  work.phase(`waiting until ${consumer.container} is well`, step.healthTimeoutMs);
  await becomeWell(engine, doc.Id, step, work.signal);
  for (let waited = 0; waited < SEEN_MS; waited += TICK_MS) {
    const now = await engine.container(doc.Id);
    if (now !== null && (await hasAll(sight, now.State.Pid ?? 0, consumer, step, values))) return "seen";
    await sleep(TICK_MS);
  }
  // A program that reads its file by itself shows the value in no environment.
  if (await hasAny(sight, (await engine.container(doc.Id))?.State.Pid ?? 0, consumer, step, values))
    throw new UnsprawlError(
      "unhealthy",
      `${consumer.container} does not have every new value after its restart`,
      cmd`docker logs --tail 20 ${consumer.container}`,
    );
  return "restarted";
}

const [SEEN_MS, TICK_MS] = [2000, 200];

async function hasAll(...args: Parameters<typeof seen>): Promise<boolean> {
  const all = await seen(...args);
  return all.length > 0 && all.every(Boolean);
}

async function hasAny(...args: Parameters<typeof seen>): Promise<boolean> {
  return (await seen(...args)).some(Boolean);
}

/** Of each entry that the consumer has by name, whether a process has its present value. */
async function seen(
  sight: Sight,
  pid: number,
  { names }: RotatedConsumer,
  { entries }: RotateStep,
  values: NewValues,
): Promise<readonly boolean[]> {
  const own = entries.filter(({ name }) => names.includes(name));
  const found: boolean[] = [];
  for (const { name, reference } of own) {
    const value = values.get(reference);
    if (value === undefined) continue;
    const sought = { name, value, reference };
    found.push((await sight.holds(pid, sought)) || (await sight.started(pid, sought)));
  }
  return found;
}
