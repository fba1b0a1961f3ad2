import type { Work } from "../contract/migration.ts";
import type { LoginRoles } from "../contract/login-roles.ts";
import type { Provider } from "../contract/provider.ts";
import type { RotationCredential } from "../contract/rotator.ts";
import type { Engine } from "../engine/engine.ts";
import { scrubSwaps } from "../engine/recreate/scrub-swaps.ts";
import type { Swap } from "../engine/recreate/swap-parts.ts";
import { lostOf } from "../engine/recreate/swap.ts";
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
import { exchangeReferences, mustNameEither } from "./reference-places.ts";
import { relabel, relabelling } from "./relabelling.ts";
import type { OpenedStore, RotateTools } from "./types.ts";

/** How often the engine may change it while everyone gets it. */
const TURNS = 2;

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
    const { role, files } = this.#step.handover;
    mustHaveFiles(await this.#tools.supplies(), this.#step);
    const old = await this.#old();
    const isThere = (await this.#roles().stateOf(role)) !== "none";
    if (this.#last("made") === null) {
      for (const file of files) mustNameEither(file, role.reference);
      // An attempt that ended before this was recorded has ended the old password; anybody else's role has not.
      if (isThere && (this.#last("adopt") === null || (await this.#server.accepts(old)))) throw this.#isTaken();
    }
    this.#work.phase(`having ${role.connection} take over ${role.user}`);
    await this.#doing("adopt", () => this.#roles().make(role));
    this.#work.record.done(`${this.#step.id}/made`, {});
    let next = await this.#mustHave();
    for (let turn = 0; ; turn++) {
      const refused = await this.#doing("retire", () => this.#server.change("retire", old, next));
      this.#work.record.done(`${this.#step.id}/seen`, {});
      const given = await this.#setEverywhere(old, next, false);
      const now = await this.#mustHave();
      if (now.secret.equals(next.secret)) {
        this.#work.record.done(`${this.#step.id}/proof`, { ...given, refused });
        return this.#work.say(
          `${proofText(given, refused)}; ${role.reference} changes every ${periodText(role.everySeconds)}`,
        );
      }
      // The engine has changed it meanwhile.
      if (turn === TURNS)
        throw new UnsprawlError("changed", `${role.name} changes faster than everyone gets it`, "--every 30d");
      next = now;
    }
  }

  /** The earlier password is accepted again before the role ends, and everybody gets it. */
  async back(): Promise<void> {
    const { role, files, containers } = this.#step.handover;
    if (this.#last("adopt") === null) return;
    const old = await this.#old();
    const isEarlier = await this.#server.accepts(old);
    if (!isEarlier && this.#last("proof") !== null && this.#last("admit") === null) {
      // What would stop it later stops it while everybody can still log in.
      for (const file of files) mustNameEither(file, role.reference);
      for (const one of containers) await lostOf(this.#swapOf(one));
    }
    const isThere = (await this.#roles().stateOf(role)) === "there";
    // The engine has changed a password, and the one that it was to change is as it was.
    const isOther = isThere && isEarlier && this.#last("seen") === null && this.#last("admit") === null;
    if (isOther) return this.#leave();
    for (let turn = 0; turn <= TURNS && !(await this.#server.accepts(old)); turn++) await this.#admit(old);
    if (isThere) await this.#doing("drop", () => this.#roles().drop(role));
    if (!(await this.#server.accepts(old))) throw this.#isGone();
    await this.#setEverywhere(old, old, true);
    await this.#doing("clear", () => this.#provider.remove(this.#nextKey(), () => true));
  }

  /** Has the earlier password accepted, by the present one, which is kept until it has. */
  async #admit(old: RotationCredential): Promise<void> {
    const present = (await this.#keepPresent()) ?? (await this.#kept()) ?? (await this.#inFiles(old));
    if (present === null) throw this.#isGone();
    await this.#doing("admit", () => this.#server.change("admit", present, old));
  }

  /** What the engine changed at another server is its: the role stays, and has the password. */
  #leave(): void {
    const { role } = this.#step.handover;
    this.#work.lacks?.(
      `${role.connection} is another server than the one that checks it: the engine has changed the password of ${role.user} there, which ${role.reference} has`,
    );
  }

  /** Deletes what was kept for `back`; returns what it was. Throws `refused` while a new container is not up. */
  async scrub(): Promise<readonly string[]> {
    if ((await this.#roles().stateOf(this.#step.handover.role)) !== "there") throw this.#isGone();
    const removed = await scrubSwaps(this.#step.handover.containers.map((one) => this.#swapOf(one)));
    await this.#provider.remove(this.#nextKey(), () => true);
    return removed;
  }

  #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    return doing(this.#work, this.#step, what, act);
  }

  #last(what: string): object | null {
    return this.#work.record.last(`${this.#step.id}/${what}`);
  }

  async #setEverywhere(from: RotationCredential, to: RotationCredential, isBack: boolean): Promise<GivenOut> {
    const { handover, entries } = this.#step;
    await this.#doing("files", () => this.#writeFiles(to.secret, isBack));
    const all = (value: Secret): ReadonlyMap<string, Secret> => new Map(entries.map((one) => [one.reference, value]));
    const by = { tools: this.#tools, engine: this.#engine };
    const change = { old: all(from.secret), values: all(to.secret), isBack };
    const given = await giveOut(this.#step, this.#work, by, change, (one) => this.#recreate(one, isBack));
    // An agent may have read the labels of a container whose turn had not come.
    await this.#writeFiles(to.secret, isBack);
    await this.#doing("text", async () => {
      for (const file of handover.files) await exchangeReferences(file, handover.role.reference, isBack);
    });
    return given;
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
      const isUsed = changed.some((one) => one.store === store.name);
      const next = { ...consumer, values: changed, stores: isUsed ? [...others, store] : others };
      // First, so that an agent that writes meanwhile writes the same.
      await index.add([next]);
      supplies.write(next, present(values));
    }
  }

  /** A container that says in its labels what it gets is created again with the reference that counts now; whether it was. */
  async #recreate({ container }: RotatedConsumer, isBack: boolean): Promise<boolean> {
    const own = this.#step.handover.containers.find(({ name }) => name === container);
    return own !== undefined && relabel(own, this.#swapOf(own), isBack, this.#work);
  }

  #swapOf(container: Handover["containers"][number]): Swap {
    return relabelling(container, this.#step, this.#engine, this.#work);
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

  /** The password that the role has now. */
  async #mustHave(): Promise<RotationCredential> {
    const value = await this.#roles().read(this.#step.handover.role);
    if (value === null) throw this.#isGone();
    this.#tools.know(value);
    return { id: null, secret: value };
  }

  /** The last password that this host's files have, if the server accepts it: somebody may have removed the role. */
  async #inFiles(old: RotationCredential): Promise<RotationCredential | null> {
    const supplies = await this.#tools.supplies();
    for (const { folder, name } of this.#step.handover.values) {
      const secret = supplies.read(folder, name);
      if (secret?.equals(old.secret) !== false) continue;
      this.#tools.know(secret);
      if (await this.#server.accepts({ id: null, secret })) return { id: null, secret };
    }
    return null;
  }

  /** The present password, beside the first entry, before the role that has it ends; null if that has ended already. */
  async #keepPresent(): Promise<RotationCredential | null> {
    const { role } = this.#step.handover;
    if ((await this.#roles().stateOf(role)) !== "there") return null;
    // That this host reaches the server is seen before anything is changed.
    if (!(await this.#server.accepts(await this.#mustHave()))) throw this.#isGone();
    // So that the engine does not change it between here and the role's end.
    await this.#doing("renew", () => this.#roles().renew(role));
    const present = await this.#mustHave();
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

  #isTaken(): UnsprawlError {
    const { role, store } = this.#step.handover;
    return new UnsprawlError(
      "changed",
      `somebody has made a role ${role.name} at ${store.name}/ since the plan was made`,
      "unsprawl rotate again",
    );
  }

  #isGone(): UnsprawlError {
    const { role } = this.#step.handover;
    return new UnsprawlError(
      "failed",
      `the password of ${role.user} is not known: the role ${role.name} is not there, or is another server's`,
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
