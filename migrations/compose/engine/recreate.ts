import type { Work } from "../../../src/contract/migration.ts";
import type { ComposeCli } from "./cli.ts";
import type { ComposeChange } from "../delivery/change.ts";
import { nameOf } from "../../../src/engine/names.ts";
import { loopingOf } from "../../../src/engine/recreate/looping.ts";
import { isUnhealthy } from "../../../src/engine/recreate/health.ts";
import { recordHolders } from "../../../src/engine/recreate/receive.ts";
import { isRunning, stopContainer } from "../../../src/engine/recreate/swap-parts.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Step } from "../../../src/model/plan.ts";
import { awaitCall, callEnded, recordCall } from "./begun-call.ts";
import { mayCreate, type Recreated } from "./creates.ts";
import { recordedExtras, recordExtras, recordProject, removeExtras } from "../extras.ts";
import { containersOf, replicaNumber } from "../find.ts";
import { engineDefaults } from "./filled.ts";
import { namesById } from "../../../src/engine/recreate/fields.ts";
import { frameDifferences, frameOf, isFilled, withDelivery, type ContainerFrame } from "./frame.ts";
import type { ComposeTools } from "../index.ts";
import { writeInjected, injectedIn, type Injected } from "./injected.ts";
import { severed, withSharers } from "./sharing.ts";
import { startCompared, type ComparedService } from "./start.ts";
import { serviceOf, targetOf } from "../steps.ts";
import { beforeOf, lacksOf, startStopped, wasRunning, wasSick } from "./standing.ts";
import { settleInterrupted } from "../interrupted.ts";

type Recreator = {
  /**
   * Recreates all services of a project at once, on the first of their steps, so that services that depend on each
   * other are recreated only once. Throws `refused` without starting anything if a new container differs from the old
   * one in more than the delivery.
   */
  recreate(rewrite: Rewrite, work: Work, changeOf: (service: string) => Promise<ComposeChange>): Promise<void>;
  /**
   * Recreates the original containers from the restored files. Throws `refused` without starting anything if they would
   * differ.
   */
  bringBack(steps: readonly Step[], rewrite: Rewrite, work: Work): Promise<void>;
};

/**
 * Recreates services through Compose: new containers are created first, compared with the old ones, and only then
 * started.
 */
export function recreator(tools: ComposeTools, cliOf: (rewrite: Rewrite) => Promise<ComposeCli>): Recreator {
  const { open, key } = tools;

  return {
    async recreate(rewrite, work, changeOf) {
      const own = work.plan.steps.filter(({ unit }) => unit === rewrite.unit);
      const steps = withSharers(own, rewrite);
      const engine = await open();
      if (work.record.last(`${rewrite.id}/up`)?.["done"] === true) return startStopped(engine, steps, rewrite, work);
      await onlyContainers(steps, rewrite, work, changeOf);
      for (const step of steps) {
        if (step.kind !== "recreate" || work.record.last(`${step.id}/before`) !== null) continue;
        // Recorded before the first effect, so that stopped services stay stopped and no replica is lost.
        const docs = await containersOf(engine, targetOf(rewrite), serviceOf(step));
        const running = docs.some(isRunning) || wasRunning(step, work);
        const change = await changeOf(serviceOf(step));
        const frames = await framesOf(docs, change, step, false);
        const unhealthy = docs.some(isUnhealthy);
        const [looping] = docs.flatMap((doc) => loopingOf(doc) ?? []);
        const sick = { ...(unhealthy ? { unhealthy } : {}), ...(looping === undefined ? {} : { looping }) };
        const before = { running, ...sick, copies: docs.length, change, frames };
        work.record.intent(`${step.id}/before`, before);
        recordHolders(step, docs, work, key);
      }
      await recordProject(engine, rewrite, work);
      await bringUp(steps, rewrite, work, "forth");
      work.record.done(`${rewrite.id}/up`, { done: true });
    },

    async bringBack(steps, rewrite, work) {
      const engine = await open();
      // Before, so that none of it is started, and after, for what was still in use.
      await removeExtras(engine, rewrite, work);
      const all = withSharers(steps, rewrite);
      await bringUp(all, rewrite, work, "back");
      await removeExtras(engine, rewrite, work);
      await startStopped(engine, all, rewrite, work);
      for (const step of all) for (const lack of await lacksOf(engine, step, rewrite, work)) work.lacks?.(lack);
    },
  };

  async function bringUp(steps: readonly Step[], rewrite: Rewrite, work: Work, way: "forth" | "back"): Promise<void> {
    const begun = steps.filter((step) => step.kind === "recreate" && beforeOf(step, work) !== null);
    if (begun.length === 0) return; // nor need the project be there any more
    const wasKilled = await awaitCall(rewrite.id, work);
    const [engine, target, compose] = [await open(), targetOf(rewrite), await cliOf(rewrite)];
    const copies = new Map<string, number>();
    const own = new Set<string>();
    const parts: Recreated[] = [];
    const present = new Map<string, ReadonlyMap<number, ContainerFrame>>();
    for (const step of begun) {
      const service = serviceOf(step);
      await settleInterrupted(engine, await containersOf(engine, target, service));
      const docs = await containersOf(engine, target, service);
      // The engine continues a stop that a killed run asked for: it has to end before a start.
      if (wasKilled && way === "back") for (const doc of docs) await stopContainer({ engine, phase: work.phase }, doc);
      for (const doc of docs) own.add(nameOf(doc));
      parts.push({ service, docs, mounts: beforeOf(step, work)?.change.mounts ?? [] });
      copies.set(service, beforeOf(step, work)?.copies ?? docs.length);
      // Changes that someone with the right to has started since are theirs.
      if (way === "back") present.set(step.id, await presentFrames(docs, step, work));
    }
    const services = (running: boolean): string[] =>
      begun.filter((step) => beforeOf(step, work)?.running === running).map(serviceOf);
    const [run, stopped] = [services(true), services(false)];
    work.phase("reading the project with Docker Compose");
    const config = await compose.config(target);
    if (way === "back") await mayCreate(engine, config, target, parts);
    const files = new Map<string, Injected>();
    for (const { service, docs } of parts) files.set(service, await injectedIn(engine, config, service, docs));
    work.phase(`recreating ${[...run, ...stopped].join(", ")} with Docker Compose`);
    const up = async (services: readonly string[], how: "create" | "stopped" | "again"): Promise<void> => {
      if (services.length > 0)
        await compose.up(target, services, how, copies, own, (pid) => recordCall(rewrite.id, pid, work));
    };
    try {
      await up(run, "create");
      await up(stopped, "stopped");
      await up(await severed(engine, target, [...run, ...stopped]), "again");
    } finally {
      callEnded(rewrite.id, work);
      if (way === "forth") await recordExtras(engine, rewrite, work);
    }
    if (way === "forth") nothingMore(rewrite, work);
    const compared: ComparedService[] = [];
    const without: string[] = [];
    for (const step of begun) {
      const { docs, lacking } = await compare(step, rewrite, work, present.get(step.id) ?? null);
      without.push(...lacking);
      await writeInjected(engine, files.get(serviceOf(step)) ?? new Map(), docs);
      if (run.includes(serviceOf(step)))
        compared.push({ service: serviceOf(step), docs, wasSick: wasSick(beforeOf(step, work)) });
    }
    // Not started by Compose, which would read the files again and start containers that were not compared.
    await startCompared(engine, compared, work);
    if (without.length > 0)
      throw new UnsprawlError(
        "changed",
        `${without.join(", ")} is up without a variable that was moved: the files do not give it back`,
        cmd`set it where Compose finds it, then: unsprawl rollback ${work.plan.id}`,
      );
  }

  /** Throws `refused` before the first effect if Compose would create more than containers. */
  async function onlyContainers(
    steps: readonly Step[],
    rewrite: Rewrite,
    work: Work,
    changeOf: (service: string) => Promise<ComposeChange>,
  ): Promise<void> {
    const [engine, target, compose] = [await open(), targetOf(rewrite), await cliOf(rewrite)];
    const parts: Recreated[] = [];
    for (const step of steps)
      if (step.kind === "recreate") {
        const docs = await containersOf(engine, target, serviceOf(step));
        const { mounts } = beforeOf(step, work)?.change ?? (await changeOf(serviceOf(step)));
        parts.push({ service: serviceOf(step), docs, mounts });
      }
    await mayCreate(engine, await compose.config(target), target, parts);
  }

  /**
   * The containers of a step, if they are as expected; otherwise throws `refused`. `present` is set on the way back:
   * then only rights are compared, since an outage is worse than a harmless difference. `lacking` names the containers
   * that did not get their migrated variables back.
   */
  async function compare(
    step: Step,
    rewrite: Rewrite,
    work: Work,
    present: ReadonlyMap<number, ContainerFrame> | null,
  ): Promise<{ readonly docs: readonly ContainerDoc[]; readonly lacking: readonly string[] }> {
    const lacking: string[] = [];
    const [before, engine] = [beforeOf(step, work), await open()];
    const [{ drift }, service, back] = [targetOf(rewrite), serviceOf(step), present !== null];
    const docs = await containersOf(engine, targetOf(rewrite), service);
    // Older versions recorded nothing to compare with.
    if (before === null || before.frames === undefined) return { docs, lacking };
    const made = await framesOf(docs, before.change, step, !back);
    for (const doc of docs) {
      const fresh = made[replicaNumber(doc)] ?? {};
      const old = before.frames[replicaNumber(doc)];
      if (old === undefined && present?.get(replicaNumber(doc)) === undefined)
        throw differs(nameOf(doc), ["it is new"], back, drift);
      if (old === undefined) continue;
      const expected = back ? old : withDelivery(old, before.change, key);
      const all = frameDifferences(expected, fresh, false);
      const filled = all.some(isFilled) ? await engineDefaults(engine, doc.Image, key) : null;
      const since = present?.get(replicaNumber(doc));
      const wrong = frameDifferences(expected, fresh, drift || back, filled).filter(
        (field) => since === undefined || (since[field] ?? []).join() !== (fresh[field] ?? []).join(),
      );
      if (wrong.length > 0) throw differs(nameOf(doc), wrong, back, drift);
      if (back && all.includes("delivered")) lacking.push(nameOf(doc));
      if (all.length > 0 && !drift) work.say(`${nameOf(doc)} has a different ${some(all)} than before`);
    }
    if (docs.length < before.copies)
      throw new UnsprawlError(
        "failed",
        `Compose created ${docs.length} of ${before.copies} containers of ${service}`,
        null,
      );
    return { docs, lacking };
  }

  async function framesOf(
    docs: readonly ContainerDoc[],
    change: ComposeChange,
    step: Step,
    delivered: boolean,
  ): Promise<{ [number: string]: ContainerFrame }> {
    const engine = await open();
    const listed = await Promise.all((await engine.containers()).map(({ Id }) => engine.container(Id)));
    const docker = await engine.docker();
    const networks = (await engine.call("list networks", () => docker.listNetworks())) ?? [];
    const names = namesById(
      listed.filter((doc) => doc !== null),
      networks,
    );
    const moved = "moves" in step ? step.moves.map(({ name }) => name) : [];
    return Object.fromEntries(
      docs.map((doc) => [replicaNumber(doc), frameOf(doc, { change, moved, delivered, names, key })] as const),
    );
  }

  async function presentFrames(
    docs: readonly ContainerDoc[],
    step: Step,
    work: Work,
  ): Promise<ReadonlyMap<number, ContainerFrame>> {
    const before = beforeOf(step, work);
    const started = docs.filter(({ State }) => State.Status !== "created");
    if (before?.frames === undefined) return new Map();
    const frames = await framesOf(started, before.change, step, true);
    return new Map(Object.entries(frames).map(([number, frame]) => [Number(number), frame]));
  }
}

/** Throws `refused` if Compose created containers that replace none. */
function nothingMore(rewrite: Rewrite, work: Work): void {
  const first = recordedExtras(rewrite, work)?.containers[0];
  if (first === undefined) return;
  throw new UnsprawlError(
    "refused",
    `Compose created ${first.name} too, which did not exist before`,
    "docker compose up -d, then plan again",
  );
}

function differs(name: string, fields: readonly string[], back: boolean, drift: boolean): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `Compose created ${name} with a different ${some(fields)} than before, so it was not started`,
    back || drift
      ? "docker compose config shows what its files say now; fix them"
      : "docker compose config shows what its files say; docker compose up -d, then plan again",
  );
}

const some = (fields: readonly string[]): string =>
  `${fields.slice(0, 5).join(", ")}${fields.length > 5 ? ` and ${fields.length - 5} more` : ""}`;
