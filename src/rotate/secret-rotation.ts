import type { Work } from "../contract/migration.ts";
import type { Origin, Provider } from "../contract/provider.ts";
import type { RotationCredential, RotationTarget } from "../contract/rotator.ts";
import { completedMoves } from "../core/moved.ts";
import { recipientsIn } from "../core/store-steps.ts";
import type { Engine } from "../engine/engine.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { Plan, RotatedEntry, RotateStep, StoreKey } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";
import { mustHaveFiles, rewriteFiles, type NewValues } from "./consumers.ts";
import { CheckedThere } from "./checked-there.ts";
import { doing } from "./doing.ts";
import { credentialIn, keptCredential, publicHalf } from "./credential.ts";
import { exchange, keepBeside, keyBeside } from "./entries.ts";
import { giveOut } from "./give-out.ts";
import { proofText, type GivenOut } from "./proof-text.ts";
import { changedValue, givenValue } from "./replaced.ts";
import type { OpenedStore, RotateTools } from "./types.ts";

/** An entry with its whole value before the rotation. */
type EntryBefore = { readonly entry: RotatedEntry; readonly value: Secret };

/** One secret on its way. Every part looks at what there is first, so that each may be repeated after a kill. */
export class SecretRotation {
  readonly #tools: RotateTools;
  readonly #step: RotateStep;
  readonly #work: Work;
  readonly #provider: Provider;
  readonly #engine: Engine;
  readonly #server: CheckedThere;
  readonly #key: FingerprintKey;

  constructor(tools: RotateTools, step: RotateStep, work: Work, { provider, engine }: OpenedStore) {
    this.#tools = tools;
    this.#step = step;
    this.#work = work;
    this.#provider = provider;
    this.#engine = engine;
    this.#server = new CheckedThere(tools, step, work, { provider, engine });
    this.#key = tools.installation().key;
  }

  /** The new value is in the store before it is set anywhere, and the old one is refused only once all have the new one. */
  async forth(): Promise<void> {
    mustHaveFiles(await this.#tools.supplies(), this.#step);
    const { name } = this.#step;
    const before = await this.#keepBefore();
    const old = await this.#oldOf(before);
    const next = await this.#newSecret(old);
    await this.#doing("admit", () => this.#server.change("admit", old, next));
    this.#work.phase(`writing the new ${name} to the store ${this.#work.plan.store.name}`);
    const after = this.#changed(before, old, next);
    const given = await this.#setEverywhere(before, after);
    const refused = await this.#doing("retire", () => this.#server.change("retire", old, next));
    this.#work.record.done(`${this.#step.id}/proof`, { ...given, refused });
    this.#work.say(proofText(given, refused));
  }

  /** The old value is accepted again, and everywhere, before the new one is refused. */
  async back(): Promise<void> {
    const before = await this.#kept();
    const next = await this.#made();
    if (before.length > 0 && next !== null) {
      const old = await this.#oldOf(before);
      const after = this.#changed(before, old, next);
      await this.#mustBeOurs(before, after);
      await this.#doing("admit", () => this.#server.change("admit", next, old));
      await this.#setEverywhere(after, before, true);
      await this.#doing("retire", () => this.#server.change("retire", next, old));
    } else {
      // Nothing was changed yet, or all is back. If not, somebody took the new value away, and what is kept is the last copy.
      await this.#mustBeOurs(before, before);
      if (before.length > 0 && this.#work.record.last(`${this.#step.id}/create`) !== null)
        await this.#removeUnknown(before);
    }
    await this.#doing("clear", async () => {
      await this.#provider.remove(this.#nextKey(), () => true);
      for (const { entry, value } of before)
        await this.#provider.remove(this.#beforeKey(entry), (one) => one.equals(value));
    });
  }

  #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    return doing(this.#work, this.#step, what, act);
  }

  /** Throws `changed` if an entry has a value that is not of this rotation: what somebody has set since stays. */
  async #mustBeOurs(before: readonly EntryBefore[], after: readonly EntryBefore[]): Promise<void> {
    for (const [at, { entry, value }] of before.entries()) {
      const stored = (await this.#provider.get(entry.key))?.value;
      if (stored?.equals(value) === true || (stored !== undefined && after[at]?.value.equals(stored) === true))
        continue;
      throw new UnsprawlError(
        "changed",
        `somebody has written ${entry.name} in the store since this rotation`,
        cmd`unsprawl scrub ${this.#work.plan.id} ends the run, and leaves it as it is`,
      );
    }
  }

  /** In the entries first, then in the files, then in every consumer. */
  async #setEverywhere(from: readonly EntryBefore[], to: readonly EntryBefore[], isBack = false): Promise<GivenOut> {
    for (const [at, { entry, value }] of to.entries()) {
      const was = from[at]?.value;
      if (was !== undefined) await this.#doing("entry", () => this.#exchange(entry, was, value, isBack));
    }
    const byReference = (all: readonly EntryBefore[]): NewValues =>
      new Map(all.map(({ entry, value }) => [entry.reference, value]));
    return this.#giveOut(byReference(from), byReference(to), isBack);
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
      if (kept === undefined)
        await this.#doing("before", () =>
          keepBeside(this.#provider, this.#beforeKey(entry), value, this.#origin(entry)),
        );
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

  /** The new credential, which a rotation keeps until it is scrubbed; null if it had not come to making it. */
  async #made(): Promise<RotationCredential | null> {
    const kept = (await this.#provider.get(this.#nextKey()))?.value;
    if (kept === undefined) return null;
    const made = credentialIn(kept, this.#target());
    for (const value of [kept, made.secret]) this.#tools.know(value);
    return made;
  }

  /** The old credential; another entry has the public half of a pair. */
  async #oldOf(before: readonly EntryBefore[]): Promise<RotationCredential> {
    const half = before.find(({ entry }) => entry.role === "pair");
    return { id: half === undefined ? null : publicHalf(half.value), secret: await this.#partOf(before) };
  }

  #changed(
    before: readonly EntryBefore[],
    { secret: old }: RotationCredential,
    next: RotationCredential,
  ): readonly EntryBefore[] {
    const separator = this.#target().previous?.separator ?? ",";
    return before.map(({ entry, value }) => ({ entry, value: changedValue(entry, value, { old, next, separator }) }));
  }

  async #exchange(entry: RotatedEntry, from: Secret, to: Secret, isBack: boolean): Promise<void> {
    this.#tools.know(to);
    await exchange(this.#provider, entry, { from, to }, this.#origin(isBack ? undefined : entry));
  }

  #beforeKey({ key }: RotatedEntry): StoreKey {
    return keyBeside(key, "before", this.#work.plan.id);
  }

  #nextKey(): StoreKey {
    return nextKeyOf(this.#step, this.#work.plan);
  }

  async #newSecret(old: RotationCredential): Promise<RotationCredential> {
    const made = await this.#made();
    if (made !== null) return made;
    if (this.#step.isGiven === true) return this.#keepNext({ ...old, secret: givenValue(this.#given(), old.secret) });
    const { make } = await this.#tools.rotator(this.#step.rotator);
    return this.#keepNext(make === null ? await this.#created(old) : make(old, this.#target()));
  }

  /** Has the server make the new credential; what an earlier attempt had it make, and did not keep, goes. */
  async #created(old: RotationCredential): Promise<RotationCredential> {
    const { record } = this.#work;
    const step = `${this.#step.id}/create`;
    const made = this.#madeBefore();
    record.intent(step, made === null ? {} : { made });
    const next = await this.#server.create(old, (id) => fingerprint(Secret.of(id), this.#key) === made);
    record.done(step, next.id === null ? {} : { made: fingerprint(Secret.of(next.id), this.#key) });
    return next;
  }

  /** The fingerprint of the id that an earlier attempt had the server make; null for one that nobody knows. */
  #madeBefore(): string | null {
    const made = this.#work.record.last(`${this.#step.id}/create`)?.["made"];
    return typeof made === "string" ? made : null;
  }

  /** What the server made, and no store has: the one that replaces it goes at once. Another's is not touched: it is named. */
  async #removeUnknown(before: readonly EntryBefore[]): Promise<void> {
    if (this.#madeBefore() === null) {
      const { checkedBy } = this.#step;
      return this.#work.leaves?.(
        `a new one may have been made, which nobody has: ${checkedBy}; look there, and delete the one that is not used`,
      );
    }
    const old = await this.#oldOf(before);
    const made = await this.#created(old);
    await this.#doing("retire", () => this.#server.change("retire", made, old));
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
    const kept = keptCredential(next, this.#target());
    for (const value of [kept, next.secret]) this.#tools.know(value);
    this.#work.phase(`writing a new value for ${this.#step.name} beside the old one`);
    const origin = this.#origin(this.#step.entries[0]);
    await this.#doing("next", () => keepBeside(this.#provider, this.#nextKey(), kept, origin));
    return next;
  }

  /** In the files, then in every consumer. */
  async #giveOut(old: NewValues, values: NewValues, isBack: boolean): Promise<GivenOut> {
    await this.#doing("files", async () => rewriteFiles(await this.#tools.supplies(), values));
    const by = { tools: this.#tools, engine: this.#engine };
    return giveOut(this.#step, this.#work, by, { old, values, isBack });
  }

  #target(): RotationTarget {
    return this.#step.target as unknown as RotationTarget;
  }

  readonly #origin = (entry?: RotatedEntry): Origin => ({
    ...{ runId: this.#work.plan.id, subject: this.#step.unit, ...recipientsIn(entry) },
  });
}

/** Where a rotation keeps the new secret while it is under way. */
export function nextKeyOf({ entries }: RotateStep, plan: Plan): StoreKey {
  const [first] = entries;
  if (first === undefined) throw new UnsprawlError("malformed", "the plan rotates nothing", "unsprawl rotate again");
  return keyBeside(first.key, "next", plan.id);
}
