import { isUndecided, ownConsumers, ownRuntimeConsumers } from "../core/supply-rights.ts";
import { runtimeConsumers, type RuntimeContainer } from "../engine/consumer-labels.ts";
import type { Engine } from "../engine/engine.ts";
import { composeSources, projectContainers } from "../engine/project-containers.ts";
import { subjectFault, UnsprawlError } from "../model/error.ts";
import { isEntryLocked } from "../core/journal/lock.ts";
import { containerOf, type Consumer } from "../model/consumer.ts";
import { containersOf } from "./containers.ts";
import type { AgentRecord } from "./record.ts";
import type { AgentTools, ServedConsumer } from "./tools.ts";

/** A consumer whose container has been gone for so long is dropped: a migration in progress has none for a moment. */
const GONE_MS = 10 * 60_000;

/** Whom this host's agent serves. */
export type Serving = {
  /** From the index and what the engine said last. */
  all(): readonly ServedConsumer[];
  /**
   * Asks the engine: adds to the index who is new and asks for nothing that is another's, and drops from it whose
   * container is gone for good. False if a store must be asked again whose a value is.
   */
  refresh(engine: Engine): Promise<boolean>;
};

type FoundOnHost = {
  readonly own: readonly Consumer[];
  readonly resolved: readonly RuntimeContainer[];
  readonly isDecided: boolean;
};

export function serving(tools: AgentTools, record: AgentRecord, forget: (key: string) => Promise<void>): Serving {
  return new IndexedConsumers(tools, record, forget);
}

class IndexedConsumers implements Serving {
  readonly #tools: AgentTools;
  readonly #record: AgentRecord;
  readonly #forget: (key: string) => Promise<void>;
  #runtime: readonly ServedConsumer[] = [];
  #faults = new Set<string>();

  constructor(tools: AgentTools, record: AgentRecord, forget: (key: string) => Promise<void>) {
    this.#tools = tools;
    this.#record = record;
    this.#forget = forget;
  }

  all(): readonly ServedConsumer[] {
    const indexed = this.#tools.supplies.index.read();
    return [...indexed.map((consumer) => ({ key: consumer.folder, consumer, files: true })), ...this.#runtime];
  }

  async refresh(engine: Engine): Promise<boolean> {
    const { index } = this.#tools.supplies;
    const known = new Map(index.read().map((one) => [one.folder, one]));
    const { own, resolved, isDecided } = await this.#found(engine);
    const consumers = own.map((one) => ({
      ...one,
      stores: known.get(one.folder)?.stores ?? one.stores,
    }));
    // A run that has the entry will say itself who gets what.
    const { state } = this.#tools;
    const isLocked = ({ values }: Consumer): boolean =>
      state !== null && values.some(({ reference }) => isEntryLocked(state, reference));
    const fresh = consumers.filter((one) => {
      const old = known.get(one.folder);
      return JSON.stringify(old) !== JSON.stringify(one) && !isLocked(one) && !(old !== undefined && isLocked(old));
    });
    if (fresh.length > 0) await index.add(fresh);
    for (const { id, folder } of fresh) if (!known.has(folder)) this.#tools.told({ kind: "added", consumer: id });
    const before = this.#runtime;
    const runtime = resolved.map(({ id, consumer }) => ({ key: id, consumer, files: false }));
    this.#runtime = runtime;
    // A container that is made again is another one.
    for (const { key } of before) if (!runtime.some((one) => one.key === key)) await this.#forget(key);
    const listed = await engine.containers();
    for (const consumer of known.values()) await this.#dropIfGone(consumer, listed);
    return isDecided;
  }

  async #dropIfGone(consumer: Consumer, listed: Awaited<ReturnType<Engine["containers"]>>): Promise<void> {
    // A Compose file counts by itself: its containers may be down.
    if (containerOf(consumer) === null) return;
    const there = containersOf({ key: consumer.folder, consumer, files: true }, listed).length > 0;
    const isKept = listed.some(({ Mounts = [] }) => Mounts.some(({ Source }) => Source === consumer.folder));
    const since = there || isKept ? null : (this.#record.gone(consumer.folder) ?? Date.now());
    await this.#record.setGone(consumer.folder, since);
    if (since === null || Date.now() - since < GONE_MS) return;
    await this.#tools.supplies.index.remove([consumer.folder]);
    await this.#forget(consumer.folder);
    this.#tools.told({ kind: "dropped", consumer: consumer.id });
  }

  async #found(engine: Engine): Promise<FoundOnHost> {
    const { supplies, stores, isBound, told } = this.#tools;
    const said = new Set<string>();
    const consumers: Consumer[] = [];
    const containers = await projectContainers(engine, supplies);
    for (const source of ["docker:", ...composeSources(containers)]) {
      try {
        const read = await this.#tools.consumers(source);
        consumers.push(...read.consumers);
        for (const fault of read.faults) said.add(fault);
      } catch (error) {
        const fault = subjectFault(error);
        // The engine itself does not answer; a Compose file's fault, of whatever kind, stays with that file.
        if (source === "docker:" && fault.code === "unreachable") throw fault;
        said.add(`${source}: ${fault.message}`);
      }
    }
    const { consumers: own, refused } = await ownConsumers(consumers, supplies.index.read(), containers, stores);
    const runtimes = await runtimeConsumers(engine);
    for (const fault of runtimes.faults) said.add(fault);
    const resolved = await ownRuntimeConsumers(runtimes.containers, isBound, stores);
    const errors = [
      ...[...said].map((fault) => new UnsprawlError("malformed", fault)),
      ...refused,
      ...resolved.refused,
    ];
    for (const error of errors)
      if (!this.#faults.has(error.message)) told({ kind: "failed", what: "a consumer", error });
    this.#faults = new Set(errors.map(({ message }) => message));
    return { own, resolved: resolved.consumers, isDecided: !errors.some(isUndecided) };
  }
}
