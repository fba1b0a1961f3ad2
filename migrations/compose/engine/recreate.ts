import type { Work } from "../../../src/contract/migration.ts";
import type { ComposeCli } from "./cli.ts";
import type { ComposeChange } from "../delivery/change.ts";
import { nameOf } from "../../../src/engine/names.ts";
import { sickStateOf } from "../../../src/engine/recreate/health.ts";
import { DELIVERED } from "../../../src/engine/recreate/rights.ts";
import { recordHolders } from "../../../src/engine/recreate/receive.ts";
import { isRunning, stopContainer } from "../../../src/engine/recreate/swap-parts.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { RecreateStep, Step } from "../../../src/model/plan.ts";
import { awaitCall, callEnded, recordCall } from "./begun-call.ts";
import { mayCreate, type Recreated } from "./creates.ts";
import { mustHaveNoExtras, recordExtras, recordProject, removeExtras } from "../extras.ts";
import { containersOf, replicaNumber } from "../find.ts";
import { engineDefaults } from "./filled.ts";
import { framesOf, type ServiceFrames } from "./frames.ts";
import { frameDifferences, isFilled, withDelivery, type ContainerFrame } from "./frame.ts";
import { writeInjected, injectedIn, type Injected } from "./injected.ts";
import { severed, withSharers } from "./sharing.ts";
import { startCompared, type ComparedService } from "./start.ts";
import { serviceOf, targetOf } from "../steps.ts";
import { beforeOf, lacksOf, startStopped, wasRunning, wasSick, type ServiceSnapshot } from "./standing.ts";
import { settleInterrupted } from "../interrupted.ts";
import type { ComposeTools } from "../tools.ts";

/** A service that is recreated: its present containers, and what is known of it. */
type ServiceAtWork = Recreated & {
  readonly step: Step;
  readonly before: ServiceSnapshot;
  /** On the way back: the frames of its started containers, whose changes are those of who started them. */
  readonly present: ServiceFrames | null;
};

type ChangeOf = (service: string) => Promise<ComposeChange>;

/**
 * Recreates the services of a project through Compose: new containers are created first, compared with the old ones, and
 * only then started.
 */
export class Recreation {
  readonly #tools: Pick<ComposeTools, "open" | "key" | "sight">;
  readonly #cli: () => Promise<ComposeCli>;
  readonly #rewrite: Rewrite;
  readonly #target: ReturnType<typeof targetOf>;
  readonly #work: Work;

  constructor(
    tools: Pick<ComposeTools, "open" | "key" | "sight">,
    cli: () => Promise<ComposeCli>,
    rewrite: Rewrite,
    work: Work,
  ) {
    this.#tools = tools;
    this.#cli = cli;
    this.#rewrite = rewrite;
    this.#target = targetOf(rewrite);
    this.#work = work;
  }

  /**
   * Recreates all services at once, on the first of their steps, so that services that depend on each other are
   * recreated only once. Throws `refused` without starting anything if a new container differs from the old one in more
   * than the delivery.
   */
  async forth(changeOf: ChangeOf): Promise<void> {
    const [rewrite, work, engine] = [this.#rewrite, this.#work, await this.#tools.open()];
    const steps = withSharers(
      work.plan.steps.filter(({ unit }) => unit === rewrite.unit),
      rewrite,
    );
    if (work.record.last(`${rewrite.id}/up`)?.["done"] === true) return startStopped(engine, steps, rewrite, work);
    await this.#onlyContainers(steps, changeOf);
    for (const step of steps)
      if (step.kind === "recreate" && beforeOf(step, work) === null) await this.#recordBefore(step, changeOf);
    await recordProject(engine, rewrite, work);
    await this.#bringUp(steps, "forth");
    work.record.done(`${rewrite.id}/up`, { done: true });
  }

  /**
   * Recreates the original containers from the restored files. Throws `refused` without starting anything if they would
   * differ.
   */
  async back(own: readonly Step[]): Promise<void> {
    const [rewrite, work, engine] = [this.#rewrite, this.#work, await this.#tools.open()];
    // Before, so that none of it is started, and after, for what was still in use.
    await removeExtras(engine, rewrite, work);
    const steps = withSharers(own, rewrite);
    await this.#bringUp(steps, "back");
    await removeExtras(engine, rewrite, work);
    await startStopped(engine, steps, rewrite, work);
    // A run that is resumed recreates them again.
    if (work.record.last(`${rewrite.id}/up`)?.["done"] === true) work.record.done(`${rewrite.id}/up`, { done: false });
    for (const step of steps) for (const lack of await lacksOf(engine, step, rewrite, work)) work.lacks?.(lack);
  }

  /** Records a service before the first effect, so that a stopped one stays stopped and no replica is lost. */
  async #recordBefore(step: RecreateStep, changeOf: ChangeOf): Promise<void> {
    const work = this.#work;
    const docs = await this.#containersOf(step);
    const running = docs.some(isRunning) || wasRunning(step, work);
    const change = await changeOf(serviceOf(step));
    const frames = Object.fromEntries(await this.#framesOf(docs, change, step, false));
    const { key, sight, open } = this.#tools;
    const engine = await open();
    const sick = await sickStateOf(engine, docs);
    work.record.intent(`${step.id}/before`, { running, ...sick, copies: docs.length, change, frames });
    await recordHolders(step, docs, work, { key, sight: await sight(engine) });
  }

  async #bringUp(steps: readonly Step[], way: "forth" | "back"): Promise<void> {
    if (steps.every((step) => this.#beforeOf(step) === null)) return; // nor need the project be there any more
    const services = await this.#begun(steps, way);
    const [engine, compose, work] = [await this.#tools.open(), await this.#cli(), this.#work];
    work.phase("reading the project with Docker Compose");
    const config = await compose.config(this.#target);
    if (way === "back") await mayCreate(engine, config, this.#target, services);
    const files = new Map<string, Injected>();
    for (const { service, docs } of services) files.set(service, await injectedIn(engine, config, service, docs));
    await this.#create(compose, services, way);
    const compared: ComparedService[] = [];
    const without: string[] = [];
    for (const one of services) {
      const { docs, lacking } = await this.#compare(one);
      without.push(...lacking);
      await writeInjected(engine, files.get(one.service) ?? new Map(), docs);
      if (one.before.running) compared.push({ service: one.service, docs, wasSick: wasSick(one.before) });
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

  /** The services that this run has begun to recreate, with their containers now. */
  async #begun(steps: readonly Step[], way: "forth" | "back"): Promise<readonly ServiceAtWork[]> {
    const work = this.#work;
    const wasKilled = await awaitCall(this.#rewrite.id, work);
    const engine = await this.#tools.open();
    const begun: ServiceAtWork[] = [];
    for (const step of steps) {
      const before = this.#beforeOf(step);
      if (before === null) continue;
      await settleInterrupted(engine, await this.#containersOf(step));
      const docs = await this.#containersOf(step);
      // The engine continues a stop that a killed run asked for: it has to end before a start.
      if (wasKilled && way === "back") for (const doc of docs) await stopContainer({ engine, phase: work.phase }, doc);
      const present = way === "back" ? await this.#presentFrames(docs, step, before) : null;
      begun.push({ service: serviceOf(step), docs, mounts: before.change.mounts, step, before, present });
    }
    return begun;
  }

  /** Lets Compose create the new containers, without starting any. */
  async #create(compose: ComposeCli, services: readonly ServiceAtWork[], way: "forth" | "back"): Promise<void> {
    const [rewrite, work, engine] = [this.#rewrite, this.#work, await this.#tools.open()];
    const named = (running: boolean): string[] =>
      services.filter(({ before }) => before.running === running).map(({ service }) => service);
    const [run, stopped] = [named(true), named(false)];
    const around = {
      copies: new Map(services.map(({ service, before }) => [service, before.copies])),
      own: new Set(services.flatMap(({ docs }) => docs.map(nameOf))),
      began: (pid: number) => recordCall(rewrite.id, pid, work),
    };
    const up = async (names: readonly string[], how: "create" | "stopped" | "again"): Promise<void> => {
      if (names.length > 0) await compose.up(this.#target, names, how, around);
    };
    work.phase(`recreating ${[...run, ...stopped].join(", ")} with Docker Compose`);
    try {
      await up(run, "create");
      await up(stopped, "stopped");
      await up(await severed(engine, this.#target, [...run, ...stopped]), "again");
    } finally {
      callEnded(rewrite.id, work);
      if (way === "forth") await recordExtras(engine, rewrite, work);
    }
    if (way === "forth") mustHaveNoExtras(rewrite, work);
  }

  /** Throws `refused` before the first effect if Compose would create more than containers. */
  async #onlyContainers(steps: readonly Step[], changeOf: ChangeOf): Promise<void> {
    const [engine, compose] = [await this.#tools.open(), await this.#cli()];
    const parts: Recreated[] = [];
    for (const step of steps) {
      if (step.kind !== "recreate") continue;
      const docs = await this.#containersOf(step);
      const { mounts } = this.#beforeOf(step)?.change ?? (await changeOf(serviceOf(step)));
      parts.push({ service: serviceOf(step), docs, mounts });
    }
    await mayCreate(engine, await compose.config(this.#target), this.#target, parts);
  }

  /**
   * The containers of a service, if they are as expected; otherwise throws `refused`. On the way back only rights are
   * compared, since an outage is worse than a harmless difference. `lacking` names the containers that did not get their
   * migrated variables back.
   */
  async #compare(
    one: ServiceAtWork,
  ): Promise<{ readonly docs: readonly ContainerDoc[]; readonly lacking: readonly string[] }> {
    const { step, service, before, present } = one;
    const lacking: string[] = [];
    const docs = await this.#containersOf(step);
    // Older versions recorded nothing to compare with.
    if (before.frames === undefined) return { docs, lacking };
    const made = await this.#framesOf(docs, before.change, step, present === null);
    for (const doc of docs) {
      const [number, old] = [replicaNumber(doc), before.frames[replicaNumber(doc)]];
      if (old === undefined && present?.get(number) === undefined) throw this.#differs(doc, ["it is new"], one);
      if (old === undefined) continue;
      const all = await this.#mustBeAsBefore(doc, old, made.get(number) ?? {}, one);
      if (present !== null && all.includes(DELIVERED)) lacking.push(nameOf(doc));
      if (all.length > 0 && !this.#target.drift)
        this.#work.say(`${nameOf(doc)} has a different ${some(all)} than before`);
    }
    if (docs.length < before.copies)
      throw new UnsprawlError(
        "failed",
        `Compose created ${docs.length} of ${before.copies} containers of ${service}`,
        null,
      );
    return { docs, lacking };
  }

  /** All fields in which a new container differs. Throws `refused` for one that must not. */
  async #mustBeAsBefore(
    doc: ContainerDoc,
    old: ContainerFrame,
    fresh: ContainerFrame,
    one: ServiceAtWork,
  ): Promise<readonly string[]> {
    const { before, present } = one;
    const { key, open } = this.#tools;
    const expected = present === null ? withDelivery(old, before.change, key) : old;
    const all = frameDifferences(expected, fresh, false);
    const filled = all.some(isFilled) ? await engineDefaults(await open(), doc.Image, key) : null;
    const since = present?.get(replicaNumber(doc));
    const wrong = frameDifferences(expected, fresh, this.#target.drift || present !== null, filled).filter(
      (field) => since === undefined || (since[field] ?? []).join() !== (fresh[field] ?? []).join(),
    );
    if (wrong.length > 0) throw this.#differs(doc, wrong, one);
    return all;
  }

  #differs(doc: ContainerDoc, fields: readonly string[], { present }: ServiceAtWork): UnsprawlError {
    return new UnsprawlError(
      "refused",
      `Compose created ${nameOf(doc)} with a different ${some(fields)} than before, so it was not started`,
      present !== null || this.#target.drift
        ? "docker compose config shows what its files say now; fix them"
        : "docker compose config shows what its files say; docker compose up -d, then plan again",
    );
  }

  async #framesOf(
    docs: readonly ContainerDoc[],
    change: ComposeChange,
    step: Step,
    delivered: boolean,
  ): Promise<ServiceFrames> {
    const { open, key } = this.#tools;
    const moved = "moves" in step ? step.moves.map(({ name }) => name) : [];
    return framesOf(await open(), docs, { change, moved, delivered, key });
  }

  async #presentFrames(
    docs: readonly ContainerDoc[],
    step: Step,
    { frames, change }: ServiceSnapshot,
  ): Promise<ServiceFrames> {
    const started = docs.filter(({ State }) => State.Status !== "created");
    return frames === undefined ? new Map() : this.#framesOf(started, change, step, true);
  }

  async #containersOf(step: Step): Promise<readonly ContainerDoc[]> {
    return containersOf(await this.#tools.open(), this.#target, serviceOf(step));
  }

  /** Null for a step that recreates nothing, and before the first effect on its service. */
  #beforeOf(step: Step): ServiceSnapshot | null {
    return step.kind === "recreate" ? beforeOf(step, this.#work) : null;
  }
}

const some = (fields: readonly string[]): string =>
  `${fields.slice(0, 5).join(", ")}${fields.length > 5 ? ` and ${fields.length - 5} more` : ""}`;
