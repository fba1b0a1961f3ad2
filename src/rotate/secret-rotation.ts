import type { Work } from "../contract/migration.ts";
import type { Provider } from "../contract/provider.ts";
import type {
  RotationCredential,
  RotationLogin,
  RotationSession,
  RotationTarget,
  RotationWire,
} from "../contract/rotator.ts";
import { completedMoves } from "../core/moved.ts";
import type { Engine } from "../engine/engine.ts";
import { NAMED } from "../kit/net/outgoing.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { Plan, RotatedEntry, RotateStep, StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { renew, rewriteFiles } from "./consumers.ts";
import { exchange, keepBeside, keyBeside, storedEntries } from "./entries.ts";
import { administratorLogin } from "./reach.ts";
import { withSecret } from "./replaced.ts";
import type { RotateTools } from "./types.ts";

export type OpenedStore = { readonly provider: Provider; readonly engine: Engine };

/** The most that a request to a server may take. */
const REQUEST_MS = 15_000;

/** An entry with its whole value before the rotation. */
type EntryBefore = { readonly entry: RotatedEntry; readonly value: Secret };

/** One secret on its way. Every part looks at what there is first, so that each may be repeated after a kill. */
export class SecretRotation {
  readonly #tools: RotateTools;
  readonly #step: RotateStep;
  readonly #work: Work;
  readonly #provider: Provider;
  readonly #engine: Engine;
  readonly #key: FingerprintKey;

  constructor(tools: RotateTools, step: RotateStep, work: Work, { provider, engine }: OpenedStore) {
    this.#tools = tools;
    this.#step = step;
    this.#work = work;
    this.#provider = provider;
    this.#engine = engine;
    this.#key = tools.installation().key;
  }

  /** The new value is in the store before it is set anywhere, and the old one is refused only once all have the new one. */
  async forth(): Promise<void> {
    const { name } = this.#step;
    const before = await this.#keepBefore();
    const old = credential(await this.#partOf(before));
    const next = await this.#next(old);
    await this.#atServer("admit", old, next);
    this.#work.phase(`writing the new ${name} to the store ${this.#work.plan.store.name}`);
    for (const { entry, value } of before)
      await this.#exchange(entry, value, withSecret(value, old.secret, next.secret));
    const { seen, restarted, later } = await this.#giveOut();
    const refused = await this.#atServer("retire", old, next);
    await this.#provider.remove(this.#nextKey(), (value) => value.equals(next.secret));
    this.#work.record.done(`${this.#step.id}/proof`, { seen, restarted, later, refused });
    this.#work.say(proofText({ seen, restarted, later }, refused));
  }

  /** The old value is accepted again, and everywhere, before the new one is refused. */
  async back(): Promise<void> {
    const before = await this.#kept();
    if (before.length > 0) {
      const old = credential(await this.#partOf(before));
      const made = await this.#made(before);
      if (made !== null && !made.equals(old.secret)) {
        const next = credential(made);
        await this.#atServer("admit", next, old);
        for (const { entry, value } of before) await this.#exchange(entry, withSecret(value, old.secret, made), value);
        await this.#giveOut();
        await this.#atServer("retire", next, old);
      }
    }
    await this.#provider.remove(this.#nextKey(), () => true);
    for (const { entry, value } of before)
      await this.#provider.remove(this.#beforeKey(entry), (one) => one.equals(value));
  }

  /** Each entry as the plan saw it, kept beside it before anything changes. */
  async #keepBefore(): Promise<readonly EntryBefore[]> {
    const all: EntryBefore[] = [];
    for (const entry of this.#step.entries) {
      const kept = (await this.#provider.get(this.#beforeKey(entry)))?.value;
      const value = kept ?? (await this.#provider.get(entry.key))?.value;
      if (value === undefined || fingerprint(value, this.#key) !== entry.fingerprint)
        throw new UnsprawlError(
          "changed",
          `${entry.name} in the store is not what the plan saw`,
          "unsprawl rotate again",
        );
      this.#tools.know(value);
      if (kept === undefined) await keepBeside(this.#provider, this.#beforeKey(entry), value, this.#origin());
      all.push({ entry, value });
    }
    return all;
  }

  /** What an interrupted or a finished rotation keeps; entries that it had not come to are left out. */
  async #kept(): Promise<readonly EntryBefore[]> {
    const all: EntryBefore[] = [];
    for (const entry of this.#step.entries) {
      const value = (await this.#provider.get(this.#beforeKey(entry)))?.value;
      if (value === undefined) continue;
      this.#tools.know(value);
      all.push({ entry, value });
    }
    return all;
  }

  /** The secret in the entries, as the detector finds it. */
  async #partOf([first]: readonly EntryBefore[]): Promise<Secret> {
    const moved = completedMoves(this.#tools.installation()).find(
      ({ move }) => move.reference === first?.entry.reference,
    );
    if (first === undefined || moved === undefined)
      throw new UnsprawlError("malformed", "the plan rotates nothing that was moved", "unsprawl rotate again");
    const { name, location } = moved.move;
    const question = { name, value: first.value, where: location.where, path: location.path };
    const part = (await this.#tools.detector()).part(question) ?? first.value;
    this.#tools.know(part);
    return part;
  }

  /** The new secret that a rotation has made; null if it had not come to that. */
  async #made([first]: readonly EntryBefore[]): Promise<Secret | null> {
    const next = (await this.#provider.get(this.#nextKey()))?.value;
    if (next !== undefined) this.#tools.know(next);
    if (next !== undefined || first === undefined) return next ?? null;
    // A finished one keeps it in the entries alone.
    const stored = (await this.#provider.get(first.entry.key))?.value;
    if (stored === undefined || stored.equals(first.value)) return null;
    return this.#partOf([{ entry: first.entry, value: stored }]);
  }

  async #exchange(entry: RotatedEntry, from: Secret, to: Secret): Promise<void> {
    this.#tools.know(to);
    await exchange(this.#provider, entry, { from, to }, this.#origin());
  }

  #beforeKey({ key }: RotatedEntry): StoreKey {
    return keyBeside(key, "before", this.#work.plan.id);
  }

  #nextKey(): StoreKey {
    return nextKeyOf(this.#step, this.#work.plan);
  }

  async #next(old: RotationCredential): Promise<RotationCredential> {
    const kept = (await this.#provider.get(this.#nextKey()))?.value;
    if (kept !== undefined) {
      this.#tools.know(kept);
      return credential(kept);
    }
    if (this.#step.isGiven === true) return this.#keepNext(credential(this.#given()));
    const { make } = await this.#tools.rotator(this.#step.rotator);
    if (make === null)
      throw new UnsprawlError("refused", `${this.#step.name} is made by the server itself`, "unsprawl runs last");
    return this.#keepNext(make(old, this.#target()));
  }

  #given(): Secret {
    if (this.#tools.given !== undefined) return this.#tools.given;
    throw new UnsprawlError(
      "refused",
      `the new ${this.#step.name} was given to a run that was ended before it was stored`,
      cmd`unsprawl rollback ${this.#work.plan.id}, then rotate --value-from again`,
    );
  }

  async #keepNext(next: RotationCredential): Promise<RotationCredential> {
    this.#tools.know(next.secret);
    this.#work.phase(`writing a new value for ${this.#step.name} beside the old one`);
    await keepBeside(this.#provider, this.#nextKey(), next.secret, this.#origin());
    return next;
  }

  /** Has the server accept the new value, or no longer the old one; true once it was seen to refuse that. */
  async #atServer(what: "admit" | "retire", old: RotationCredential, next: RotationCredential): Promise<boolean> {
    const { server } = await this.#tools.rotator(this.#step.rotator);
    if (server === null || this.#step.isGiven === true) return false;
    const target = this.#target();
    this.#work.phase(
      what === "admit" ? `having ${this.#step.checkedBy} accept the new value` : "having the old value refused",
    );
    const wire = wireOf(this.#tools, this.#step.isHere, this.#work.signal);
    const session: RotationSession = await server.open(target, await this.#logins(target, old, next), wire);
    try {
      await session[what](old, next);
    } finally {
      await session.close();
    }
    if (what === "admit") return false;
    if (!(await server.logsIn(target, next, wire)))
      throw new UnsprawlError("failed", `${this.#step.checkedBy} does not accept the new value`);
    if (await server.logsIn(target, old, wire))
      throw new UnsprawlError("failed", `${this.#step.checkedBy} still accepts the old value`);
    return true;
  }

  /** Whoever may change it: an owner by either value, since a kill may have left the server with the new one. */
  async #logins(
    { login }: RotationTarget,
    old: RotationCredential,
    next: RotationCredential,
  ): Promise<readonly RotationLogin[]> {
    const own = [next, old].map(({ secret }) => ({ user: login, secret }));
    if (this.#step.login.kind === "owner") return own;
    const moved = completedMoves(this.#tools.installation());
    const detector = await this.#tools.detector();
    const { container } = this.#step.login;
    const doc = await this.#engine.container(container);
    const named = moved.filter(
      ({ move, plan }) =>
        "variable" in this.#step.login &&
        move.name === this.#step.login.variable &&
        plan.store.name === this.#work.plan.store.name,
    );
    const entries = await storedEntries(named, this.#provider, detector);
    const admin = administratorLogin(this.#step.login, doc === null ? [] : [doc], entries);
    if (admin !== null) return [admin, ...own];
    throw new UnsprawlError(
      "denied",
      `the login of ${container} that may change ${this.#step.name} is not known here any more`,
      "unsprawl rotate again",
    );
  }

  /** Every consumer, one after another. */
  async #giveOut(): Promise<GivenOut> {
    const values = new Map<string, Secret>();
    for (const { key, reference, name } of this.#step.entries) {
      const stored = await this.#provider.get(key);
      if (stored === null)
        throw new UnsprawlError("changed", `${name} is no longer in the store`, "unsprawl rotate again");
      this.#tools.know(stored.value);
      values.set(reference, stored.value);
    }
    rewriteFiles(await this.#tools.supplies(), values);
    const given: GivenOut = { seen: [], restarted: [], later: [] };
    const at = { engine: this.#engine, sight: await this.#tools.sight(this.#engine) };
    for (const consumer of this.#step.consumers) {
      const how = await renew(at, consumer, this.#step, values, this.#work);
      given[how === "seen" ? "seen" : how === "restarted" ? "restarted" : "later"].push(consumer.container);
    }
    return given;
  }

  #target(): RotationTarget {
    return this.#step.target as unknown as RotationTarget;
  }

  #origin(): Parameters<Provider["put"]>[3] {
    return { runId: this.#work.plan.id, subject: this.#step.unit };
  }
}

/** The consumers by how they were seen: with the value, restarted with it, or not running. */
type GivenOut = { readonly seen: string[]; readonly restarted: string[]; readonly later: string[] };

function proofText({ seen, restarted, later }: GivenOut, refused: boolean): string {
  const parts = [
    ...(refused ? ["the new value logs in, the old one is refused"] : []),
    ...(seen.length > 0 ? [`${seen.join(", ")} seen with the new value`] : []),
    ...(restarted.length > 0 ? [`${restarted.join(", ")} restarted with it, not seen to use it`] : []),
    ...(later.length > 0 ? [`${later.join(", ")} not running: has it at the next start`] : []),
  ];
  return parts.length === 0 ? "in the store; nobody here has it" : `proven: ${parts.join("; ")}`;
}

const credential = (secret: Secret): RotationCredential => ({ id: null, secret });

/** Connections to a target that the application itself uses, and that the plan has shown. */
export function wireOf({ env }: Pick<RotateTools, "env">, isHere: boolean, signal: AbortSignal): RotationWire {
  return { reach: NAMED, local: isHere, timeoutMs: REQUEST_MS, env, signal };
}

/** Where a rotation keeps the new secret while it is under way. */
export function nextKeyOf({ entries }: RotateStep, plan: Plan): StoreKey {
  const [first] = entries;
  if (first === undefined) throw new UnsprawlError("malformed", "the plan rotates nothing", "unsprawl rotate again");
  return keyBeside(first.key, "next", plan.id);
}
