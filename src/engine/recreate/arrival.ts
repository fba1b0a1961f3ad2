import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, Reception, SoughtValue } from "../../contract/delivery.ts";
import { UnsprawlError } from "../../model/error.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";
import { healthOf } from "./health.ts";
import { loopsAsBefore } from "./looping.ts";
import { isWatched, watchReads } from "./read-witness.ts";
import { holdersOf, receptionOf, soughtValues } from "./receive.ts";
import { freshDoc, type CheckStep, type Verification } from "./verification.ts";

const TICK_MS = 100;

/** Waits until a started container stands and its application has each value. */
export class Arrival {
  /** By variable: how the application was seen to have it. */
  readonly received = new Map<string, Reception>();
  readonly #asked: Verification;
  readonly #values: ReadonlyMap<string, SoughtValue>;
  #start = Date.now();
  #wasRestarted = false;

  constructor(asked: Verification) {
    this.#asked = asked;
    this.#values = new Map(soughtValues(asked.step.moves, asked.work.values).map((one) => [one.name, one]));
  }

  /** The health, once all values have arrived or their absence was accepted. Throws `unhealthy`. */
  async waitFrom(doc: ContainerDoc): Promise<string> {
    const { before, step, work } = this.#asked;
    this.#start = Date.now();
    for (let now = doc; ; now = await freshDoc(this.#asked)) {
      work.signal.throwIfAborted();
      await this.#look(now);
      const elapsed = Date.now() - this.#start;
      const loop = loopsAsBefore(now, before.looping);
      if (loop === "same") return "keeps restarting, as before";
      const health = loop === "wait" ? null : await healthOf(now, elapsed, this.#asked);
      this.#showWait(now, health === null ? [] : this.#missing());
      const isLate = health !== null && elapsed > receiveLimitMs(step);
      if (health !== null && (this.#missing().length === 0 || (isLate && step.unread === true))) return health;
      if (isLate) await this.#startAgain(now);
      await sleep(TICK_MS, undefined, { signal: work.signal });
    }
  }

  #missing(): readonly string[] {
    return [...this.#values.keys()].filter((name) => !this.received.has(name));
  }

  /** The programs that had a variable before. */
  #holders(name: string): readonly string[] | null {
    return holdersOf(this.#asked.step, name, this.#asked.work.record);
  }

  async #look(doc: ContainerDoc): Promise<void> {
    if (!doc.State.Running || !doc.State.Pid) return;
    for (const [name, sought] of this.#values) {
      const how = await receptionOf(this.#asked, doc, { sought, holders: this.#holders(name) });
      if (how !== null) this.received.set(name, how);
      // Another program may have taken the place of the one that had it.
      else if (this.received.get(name) === "environment") this.received.delete(name);
    }
  }

  /** Restarts the container once where its reading could not be seen: a run that was resumed did not see the start. */
  async #startAgain(doc: ContainerDoc): Promise<void> {
    const { engine, id, delivery, step, work } = this.#asked;
    const missing = this.#missing();
    const areUnseen = missing.every((name) => (this.#holders(name) ?? []).length === 0);
    const mayLook = !this.#wasRestarted && delivery.name === "file" && !isWatched(id) && areUnseen;
    if (!mayLook || !(await watchReads(doc))) throw notReceived(nameOf(doc), missing, delivery);
    this.#wasRestarted = true;
    work.phase(`restarting ${nameOf(doc)}, to see whether it reads its files`, receiveLimitMs(step));
    await engine.call(`restart ${nameOf(doc)}`, async () => (await engine.docker()).getContainer(id).restart());
    this.#start = Date.now();
  }

  /** What is waited for: first that the container stands, then that it has the `missing` values. */
  #showWait(doc: ContainerDoc, missing: readonly string[]): void {
    const { before, step, work } = this.#asked;
    const isChecked = doc.State.Health !== undefined && doc.State.Health !== null && !before.unhealthy;
    const name = nameOf(doc);
    if (missing.length > 0)
      work.phase(`waiting until the process of ${name} has ${missing.join(", ")}`, receiveLimitMs(step));
    else if (isChecked) work.phase(`waiting for the health check of ${name}`, step.healthTimeoutMs);
    else work.phase(`checking that ${name} stays up`, step.graceMs);
  }
}

/** How long the application may take to receive its values. */
const receiveLimitMs = ({ graceMs }: CheckStep): number => Math.max(graceMs, 10_000);

function notReceived(name: string, missing: readonly string[], { name: delivery }: Delivery): UnsprawlError {
  const names = missing.join(", ");
  if (delivery !== "file")
    return new UnsprawlError(
      "unhealthy",
      `${name} is up, but its processes do not have ${names}`,
      "try another delivery: --deliver shim or --deliver runtime",
    );
  return new UnsprawlError(
    "unhealthy",
    `${name} is up, but was not seen to read ${names} from its file`,
    "--deliver shim or --deliver runtime gives the application the variable itself; --accept unread moves it anyway",
  );
}
