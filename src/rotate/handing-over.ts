import type { Work } from "../contract/migration.ts";
import type { LoginRoles, Provider } from "../contract/provider.ts";
import type { RotationCredential } from "../contract/rotator.ts";
import { readFacts } from "../engine/facts.ts";
import type { Engine } from "../engine/engine.ts";
import { swapNames } from "../engine/names.ts";
import { NO_CHANGE } from "../engine/recreate/body.ts";
import { rewrittenBody } from "../engine/recreate/rewritten.ts";
import { scrubSwaps } from "../engine/recreate/scrub-swaps.ts";
import type { Swap } from "../engine/recreate/swap-parts.ts";
import { swapBack, swapIn } from "../engine/recreate/swap.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Handover } from "../model/handover.ts";
import type { Plan, RotatedConsumer, RotateStep, StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { CheckedThere } from "./checked-there.ts";
import { mustHaveFiles } from "./consumers.ts";
import { doing } from "./doing.ts";
import { keepBeside, keyBeside } from "./entries.ts";
import { giveOut } from "./give-out.ts";
import { periodText } from "./plan-text.ts";
import { proofText, type GivenOut } from "./proof-text.ts";
import { exchangeReferences } from "./reference-places.ts";
import type { OpenedStore, RotateTools } from "./types.ts";

export type HandoverStep = RotateStep & { readonly handover: Handover };

export const isHandover = (step: RotateStep): step is HandoverStep => step.handover !== undefined;

/**
 * A login on its way to the engine of its store, which changes the password as it takes it over. The entries stay as they
 * are, so that the earlier value can be put back. Every part looks at what there is first, so that each may be repeated
 * after a kill.
 */
export class HandingOver {
  readonly #tools: RotateTools;
  readonly #step: HandoverStep;
  readonly #work: Work;
  readonly #provider: Provider;
  readonly #engine: Engine;
  readonly #server: CheckedThere;

  constructor(tools: RotateTools, step: HandoverStep, work: Work, { provider, engine }: OpenedStore) {
    this.#tools = tools;
    this.#step = step;
    this.#work = work;
    this.#provider = provider;
    this.#engine = engine;
    this.#server = new CheckedThere(tools, step, work, { provider, engine });
  }

  /** The engine takes the login over, which ends the old password; then everyone gets the new one. */
  async forth(): Promise<void> {
    const { role } = this.#step.handover;
    mustHaveFiles(await this.#tools.supplies(), this.#step);
    const old = await this.#old();
    this.#work.phase(`having ${role.connection} take over ${role.user}`);
    await this.#doing("adopt", () => this.#roles().make(role));
    const next = await this.#present();
    if (next === null) throw this.#isGone();
    const refused = await this.#doing("retire", () => this.#server.change("retire", old, next));
    const given = await this.#setEverywhere(old, next, false);
    this.#work.record.done(`${this.#step.id}/proof`, { ...given, refused });
    this.#work.say(`${proofText(given, refused)}; ${role.reference} changes every ${periodText(role.everySeconds)}`);
  }

  /** The role ends, and the password that it set last changes into the earlier one. */
  async back(): Promise<void> {
    const { role } = this.#step.handover;
    const isBegun = this.#work.record.last(`${this.#step.id}/adopt`) !== null;
    if (isBegun) {
      const old = await this.#old();
      const next = (await this.#keepPresent()) ?? (await this.#kept());
      if (next !== null) {
        await this.#doing("drop", () => this.#roles().drop(role));
        await this.#doing("admit", () => this.#server.change("admit", next, old));
        await this.#setEverywhere(next, old, true);
        await this.#doing("refuse", () => this.#server.change("retire", next, old));
      } else if (!(await this.#server.accepts(old))) throw this.#isGone();
    }
    await this.#doing("clear", () => this.#provider.remove(this.#nextKey(), () => true));
  }

  /** Deletes what was kept for `back`; returns what it was. Throws `refused` while a new container is not up. */
  async scrub(): Promise<readonly string[]> {
    const removed = await scrubSwaps(this.#step.handover.containers.map((one) => this.#swapOf(one)));
    await this.#provider.remove(this.#nextKey(), () => true);
    return removed;
  }

  #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    return doing(this.#work, this.#step, what, act);
  }

  async #setEverywhere(from: RotationCredential, to: RotationCredential, isBack: boolean): Promise<GivenOut> {
    const { handover, entries } = this.#step;
    await this.#doing("files", async () => {
      for (const file of handover.files) await exchangeReferences(file, handover.role.reference, isBack);
      await this.#writeFiles(to.secret, isBack);
    });
    const all = (value: Secret): ReadonlyMap<string, Secret> => new Map(entries.map((one) => [one.reference, value]));
    const by = { tools: this.#tools, engine: this.#engine };
    return giveOut(this.#step, this.#work, by, { old: all(from.secret), values: all(to.secret), isBack }, (one) =>
      this.#recreate(one, isBack),
    );
  }

  /** The value and its reference, in the files of this host and in the list of who has which. */
  async #writeFiles(value: Secret, isBack: boolean): Promise<void> {
    const { store, role, values: moved } = this.#step.handover;
    const supplies = await this.#tools.supplies();
    const { index } = supplies;
    for (const consumer of index.read()) {
      const own = moved.filter(({ folder }) => folder === consumer.folder);
      if (own.length === 0) continue;
      const values = new Map(consumer.values.map(({ name }) => [name, supplies.read(consumer.folder, name)] as const));
      const changed = consumer.values.map((one) => {
        const place = own.find(({ name }) => name === one.name);
        if (place === undefined) return one;
        values.set(one.name, value);
        const [reference, of] = isBack ? [place.reference, place.store] : [role.reference, store.name];
        return { name: one.name, reference, store: of };
      });
      const others = consumer.stores.filter(({ name }) => name !== store.name);
      const next = { ...consumer, values: changed, stores: isBack ? others : [...others, store] };
      supplies.write(next, present(values));
      await index.add([next]);
    }
  }

  /** A container that says in its labels what it gets is created again with the reference that counts now. */
  async #recreate({ container }: RotatedConsumer, isBack: boolean): Promise<void> {
    const own = this.#step.handover.containers.find(({ name }) => name === container);
    if (own === undefined) return;
    const swap = this.#swapOf(own);
    if (isBack) {
      for (const lack of await swapBack([swap])) this.#work.lacks?.(lack);
      return;
    }
    await swapIn([swap], async (old) => this.#body(old, own.labels));
  }

  async #body(doc: Parameters<Swap["asItIs"]>[0], labels: Handover["containers"][number]["labels"]) {
    const facts = { ...(await readFacts(this.#engine, doc.Id, this.#work.plan.id)), doc };
    return rewrittenBody(this.#engine, facts, { ...NO_CHANGE, labels });
  }

  #swapOf({ id, name }: Handover["containers"][number]): Swap {
    const { plan, record, phase } = this.#work;
    const wasRunning = this.#step.consumers.some((one) => one.container === name && one.isRunning);
    return {
      ...{ engine: this.#engine, oldId: id, wasRunning, names: swapNames(name, plan.id), record, phase },
      ...{ step: `${this.#step.id}/${name}`, asItIs: (doc) => this.#body(doc, []) },
    };
  }

  #roles(): LoginRoles {
    const { store } = this.#step.handover;
    const mount = store.settings["mount"];
    const roles = this.#provider.loginRoles?.(typeof mount === "string" ? mount : "");
    if (roles !== undefined) return roles;
    throw new UnsprawlError("malformed", "the plan's store has no engine that changes logins", "unsprawl rotate again");
  }

  async #old(): Promise<RotationCredential> {
    const [entry] = this.#step.entries;
    const value = entry === undefined ? undefined : (await this.#provider.get(entry.key))?.value;
    if (
      entry === undefined ||
      value === undefined ||
      fingerprint(value, this.#tools.installation().key) !== entry.fingerprint
    )
      throw new UnsprawlError(
        "changed",
        `${this.#step.name} in the store is not what the plan saw`,
        "unsprawl rotate again",
      );
    this.#tools.know(value);
    return { id: null, secret: value };
  }

  async #present(): Promise<RotationCredential | null> {
    const value = await this.#roles().read(this.#step.handover.role);
    if (value !== null) this.#tools.know(value);
    return value === null ? null : { id: null, secret: value };
  }

  /** The present password, beside the first entry, before the role that has it ends; null if that has ended already. */
  async #keepPresent(): Promise<RotationCredential | null> {
    const { role } = this.#step.handover;
    if ((await this.#present()) === null) return null;
    // So that the engine does not change it between here and the role's end.
    await this.#doing("renew", () => this.#roles().renew(role));
    const present = await this.#present();
    if (present === null) return null;
    await this.#doing("keep", async () => {
      await this.#provider.remove(this.#nextKey(), () => true);
      const origin = { runId: this.#work.plan.id, subject: this.#step.unit };
      await keepBeside(this.#provider, this.#nextKey(), present.secret, origin);
    });
    return present;
  }

  async #kept(): Promise<RotationCredential | null> {
    const value = (await this.#provider.get(this.#nextKey()))?.value;
    if (value === undefined) return null;
    this.#tools.know(value);
    return { id: null, secret: value };
  }

  #nextKey(): StoreKey {
    return nextKeyOf(this.#step, this.#work.plan);
  }

  #isGone(): UnsprawlError {
    const { role } = this.#step.handover;
    return new UnsprawlError(
      "failed",
      `nobody has the password of ${role.user}: the role ${role.name} has been removed by somebody else`,
      "set the earlier password at the server, then roll back again",
    );
  }
}

/** Where the password of a role is kept while the role ends. */
function nextKeyOf({ entries }: RotateStep, { id }: Plan): StoreKey {
  const [first] = entries;
  if (first === undefined) throw new UnsprawlError("malformed", "the plan rotates nothing", "unsprawl rotate again");
  return keyBeside(first.key, "next", id);
}

function present(values: ReadonlyMap<string, Secret | null>): Map<string, Secret> {
  return new Map([...values].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}
