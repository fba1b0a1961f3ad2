import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isEntryLocked } from "../core/journal/lock.ts";
import { nameOf } from "../engine/names.ts";
import { treeHasVariable } from "../engine/process.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { onceSync } from "../kit/once.ts";
import { subjectFault, UnsprawlError } from "../model/error.ts";
import { projectOf, type OnChange } from "../model/consumer.ts";
import { Lanes } from "./lanes.ts";
import { becomeWell, containersOf, inNetworkOf, isWell, restart, signalTo, startedAt } from "./containers.ts";
import { hasDigest, type Fetched } from "./fetch.ts";
import type { AgentRecord, ValueDigests } from "./record.ts";
import type { AgentSettings, AgentTools, ServedConsumer } from "./tools.ts";

/** A consumer whose running processes do not have its present values yet. */
type DueConsumer = {
  readonly served: ServedConsumer;
  readonly digests: ValueDigests;
  readonly names: readonly string[];
};

export type Roller = {
  /** Takes note of what a consumer has now; remembers it as due where its processes have something else. */
  readonly take: (fetched: Fetched) => Promise<void>;
  /**
   * Hands new values to running containers: those of one project, and those that share a value, one after the other, and
   * nobody else waits for them. What cannot be done now stays due.
   */
  readonly run: () => Promise<void>;
  readonly due: () => number;
  readonly forget: (key: string) => Promise<void>;
};

/**
 * What is due is decided by digests that are recorded only once the processes have the value, so that an agent that was
 * killed in between does it again. A container that started after its files were written has them already.
 */
export function roller(settings: AgentSettings, tools: AgentTools, record: AgentRecord, signal: AbortSignal): Roller {
  return new ContainerRoller(settings, tools, record, signal);
}

class ContainerRoller implements Roller {
  readonly #settings: AgentSettings;
  readonly #tools: AgentTools;
  readonly #record: AgentRecord;
  readonly #signal: AbortSignal;
  readonly #due = new Map<string, DueConsumer>();
  /** Due consumers that are tried now, or wait for others of their lane. */
  readonly #trying = new Map<string, Promise<void>>();
  readonly #lanes = new Lanes();
  /** Said once, not at each poll. */
  readonly #said = new Map<string, string>();

  constructor(settings: AgentSettings, tools: AgentTools, record: AgentRecord, signal: AbortSignal) {
    this.#settings = settings;
    this.#tools = tools;
    this.#record = record;
    this.#signal = signal;
  }

  readonly take: Roller["take"] = async ({ served, digests, changed, replaced }) => {
    const { key, consumer } = served;
    const applied = this.#record.applied(key);
    const names = Object.keys(digests).filter((name) =>
      applied?.[name] === undefined ? replaced.includes(name) : applied[name] !== digests[name],
    );
    if (changed.length > 0) this.#tools.told({ kind: "written", consumer: consumer.id, names: changed });
    if (names.length > 0) this.#due.set(key, { served, digests, names });
    else {
      this.#due.delete(key);
      this.#said.delete(key);
      await this.#record.setApplied(key, digests);
    }
  };

  readonly run: Roller["run"] = async () => {
    for (const [key, one] of this.#due) {
      if (this.#trying.has(key)) continue;
      const tried = this.#lanes.enter(lanesOf(one), () => this.#attempt(key)).finally(() => this.#trying.delete(key));
      this.#trying.set(key, tried);
    }
    await Promise.all(this.#trying.values());
  };

  readonly due: Roller["due"] = () => this.#due.size;

  readonly forget: Roller["forget"] = async (key) => {
    this.#due.delete(key);
    this.#said.delete(key);
    await this.#record.forget(key);
  };

  async #hold(one: DueConsumer): Promise<void> {
    if (this.#due.get(one.served.key) === one) this.#due.delete(one.served.key);
    await this.#record.setApplied(one.served.key, one.digests);
  }

  /** The containers of one consumer, each well before the next. Throws `unhealthy` for the first that is not. */
  async #handOver(engine: Engine, one: DueConsumer): Promise<void> {
    const { served, names } = one;
    const how = served.consumer.onChange ?? this.#settings.onChange;
    const say = onceSync(() =>
      this.#tools.told({ kind: "changed", consumer: served.consumer.id, names, how: how.kind }),
    );
    let containers = 0;
    for (const { Id } of how.kind === "none" ? [] : containersOf(served, await engine.containers())) {
      this.#signal.throwIfAborted();
      if (await this.#renew(engine, Id, how, one, say)) containers++;
    }
    if (containers === 0) say();
    this.#tools.told({ kind: "applied", consumer: served.consumer.id, names, containers });
  }

  /** False for one that is not running, which has it once it starts. Calls `say` before it does anything to one. */
  async #renew(engine: Engine, id: string, how: OnChange, due: DueConsumer, say: () => void): Promise<boolean> {
    const doc = await engine.container(id);
    if (doc === null || (!doc.State.Running && !doc.State.Restarting) || doc.State.Paused) return false;
    const began = Date.now();
    const name = nameOf(doc);
    const isDue = !this.#has(doc, due) || doc.State.Restarting === true;
    try {
      if (isDue) {
        say();
        if (how.kind === "signal") await signalTo(engine, id, name, how.signal);
        else await restart(engine, doc);
      }
      await becomeWell(engine, id, this.#settings, this.#signal);
      if (how.kind !== "signal") await this.#renewInside(engine, id, startedAt((await engine.container(id)) ?? doc));
    } catch (error) {
      if (error instanceof UnsprawlError && error.code !== "unreachable" && error.code !== "interrupted")
        throw new RollError(name, error);
      throw error;
    }
    const kind = how.kind === "signal" ? "signalled" : "restarted";
    if (isDue) this.#tools.told({ kind, container: name, tookMs: Date.now() - began });
    return true;
  }

  /**
   * Whether a container has its values already: it started after its files were written, or its process shows what the OCI
   * runtime gave it.
   */
  #has(doc: ContainerDoc, { served, names, digests }: DueConsumer): boolean {
    if (served.files) return startedAt(doc) > written(served, names);
    const pid = doc.State.Pid ?? 0;
    return pid > 0 && names.every((name) => treeHasVariable(pid, name, hasDigest(digests[name], this.#tools.key)));
  }

  /** Restarts what is in the network of a container that has been restarted, and has not been since. */
  async #renewInside(engine: Engine, id: string, since: number): Promise<void> {
    for (const { Id } of inNetworkOf(id, await engine.containers())) {
      const doc = await engine.container(Id);
      if (doc === null || startedAt(doc) >= since) continue;
      const began = Date.now();
      await restart(engine, doc);
      await becomeWell(engine, Id, this.#settings, this.#signal);
      this.#tools.told({ kind: "restarted", container: nameOf(doc), tookMs: Date.now() - began });
    }
  }

  /** Whether a rotation of one of its values is under way: it restarts its consumers itself, one after another. */
  #isRotated({ served, names }: DueConsumer): boolean {
    const { state } = this.#tools;
    return (
      state !== null &&
      served.consumer.values.some(({ name, reference }) => names.includes(name) && isEntryLocked(state, reference))
    );
  }

  /** Whether one of its values was too much for another container, which is not well yet. */
  async #isStopped(engine: Engine, { served, names, digests }: DueConsumer): Promise<boolean> {
    for (const { name, reference } of served.consumer.values) {
      const stopped = names.includes(name) ? this.#record.stopped(reference) : null;
      if (stopped === null) continue;
      if (stopped.digest === digests[name] && !(await isWell(engine, stopped.container, this.#settings))) return true;
      await this.#record.setStopped(reference, null);
    }
    return false;
  }

  async #stopAt({ container, reason }: RollError, { served, names, digests }: DueConsumer): Promise<void> {
    for (const { name, reference } of served.consumer.values)
      if (names.includes(name)) await this.#record.setStopped(reference, { digest: digests[name] ?? "", container });
    this.#tools.told({ kind: "stopped", container, error: reason });
  }

  async #attempt(key: string): Promise<void> {
    const one = this.#due.get(key);
    if (one === undefined || this.#signal.aborted) return;
    try {
      const engine = await this.#tools.engine();
      if ((await this.#isStopped(engine, one)) || this.#isRotated(one)) return;
      await this.#handOver(engine, one);
      await this.#hold(one);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (error instanceof RollError) await this.#stopAt(error, one);
      // With the engine away, what is due stays due.
      else if (!(error instanceof UnsprawlError) || error.code !== "unreachable")
        this.#failed(one, subjectFault(error));
    }
  }

  #failed({ served: { key, consumer } }: DueConsumer, error: UnsprawlError): void {
    if (this.#said.get(key) !== error.message) this.#tools.told({ kind: "failed", what: consumer.id, error });
    this.#said.set(key, error.message);
  }
}

/** Whom a consumer waits for: its project, and those who share a changed value, which may be bad for all of them. */
function lanesOf({ served: { consumer, key }, names }: DueConsumer): string[] {
  const shared = consumer.values.filter(({ name }) => names.includes(name)).map(({ reference }) => reference);
  return [projectOf(consumer) ?? key, ...shared];
}

/** A container that is not well with a new value. */
class RollError extends Error {
  readonly container: string;
  readonly reason: UnsprawlError;

  constructor(container: string, reason: UnsprawlError) {
    super("stopped");
    this.container = container;
    this.reason = reason;
  }
}

/** When the newest of these files was written, in milliseconds, rounded down. */
function written({ consumer }: ServedConsumer, names: readonly string[]): number {
  const times = names.map((name) => {
    const stat = lstatSync(join(consumer.folder, name), { throwIfNoEntry: false });
    return stat === undefined ? Infinity : Math.floor(stat.mtimeMs);
  });
  return Math.max(...times);
}
