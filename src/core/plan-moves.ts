import type { MovingPart, Selected } from "../contract/migration.ts";
import type { StoreEntry, SubjectNames } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Finding } from "../model/finding.ts";
import type { Location } from "../model/location.ts";
import { fingerprint, type Fingerprint } from "../model/fingerprint.ts";
import { storeKeyText, type Move, type NotMoved, type PutStep, type StepOf, type StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { secretService, type SecretService } from "../model/secret-service.ts";
import { siblingId, stepId } from "../model/step-id.ts";
import { mappedName } from "./config/mapping.ts";
import { mustBeReplaceable } from "./conflict.ts";
import { oldEntry, oneEntry } from "./one-entry.ts";
import { storeKeyId } from "./read-ahead.ts";
import { recipientsIn } from "./store-steps.ts";
import type { PlanInput, PlanTools, HitToMove, ReadAhead } from "./plan-input.ts";

type NamedHit = {
  readonly hit: HitToMove;
  readonly part: MovingPart | null;
  readonly names: SubjectNames;
};

/** What moves of one unit, and what stays although the rest moves. */
export type UnitMoves = {
  readonly puts: readonly PutStep[];
  readonly selected: readonly Selected[];
  readonly notMoved: readonly NotMoved[];
  readonly notes: ReadonlySet<string>;
  /** What moves, or stays, with a selected one of the same value. */
  readonly followers: readonly { readonly finding: Finding; readonly print: string }[];
};

/**
 * The store writes of one unit. A secret that cannot go to its place in the store is in `notMoved`; the others still
 * move. `keys` are the places reserved by earlier units. Throws `refused` for a fault of the whole unit.
 */
export async function unitMoves(
  hits: readonly HitToMove[],
  unit: string,
  input: PlanInput,
  tools: PlanTools,
  keys: ReadonlyMap<string, string>,
): Promise<UnitMoves> {
  const named = (await Promise.all(hits.map(async (hit) => inParts(hit, tools.migration)))).flat();
  const writes = new UnitWrites(unit, input, tools, keys, named);
  for (const one of named) await writes.add(one);
  return writes.moves();
}

/** Collects the writes of one unit. */
class UnitWrites {
  readonly #unit: string;
  readonly #input: PlanInput;
  readonly #tools: PlanTools;
  readonly #reserved: ReadonlyMap<string, string>;
  readonly #puts: PutStep[] = [];
  readonly #selected: Selected[] = [];
  readonly #notMoved: NotMoved[] = [];
  readonly #notes = new Set<string>();
  readonly #mine = new Map<string, string>();
  readonly #ids = new Set<string>();
  readonly #twins = new Map<string, { readonly print: string; readonly at: Location }>();
  /** By value: the variables that are it as a whole. */
  readonly #whole = new Map<string, Set<string>>();
  /** These move, or stay, with another occurrence of the same value. */
  readonly #followers: { readonly finding: Finding; readonly print: string }[] = [];
  readonly #staying = new Map<string, Omit<NotMoved, "finding">>();

  constructor(
    unit: string,
    input: PlanInput,
    tools: PlanTools,
    reserved: ReadonlyMap<string, string>,
    named: readonly NamedHit[],
  ) {
    this.#unit = unit;
    this.#input = input;
    this.#tools = tools;
    this.#reserved = reserved;
    for (const { hit, part, names } of named) {
      if (part !== null) continue;
      const of = this.#print(hit.candidate.value);
      this.#whole.set(of, (this.#whole.get(of) ?? new Set()).add(`${names.subject}/${hit.finding.name}`));
    }
  }

  async add({ hit, part, names }: NamedHit): Promise<void> {
    const { finding } = hit;
    const { name, value } = part ?? { name: finding.name, value: hit.candidate.value };
    const print = this.#print(value);
    // A text that repeats a variable's value is migrated with the variable.
    const same = this.#whole.get(print);
    const repeats = part !== null && same !== undefined;
    if (repeats && (part.isApart !== true || same.has(`${names.subject}/${name}`))) {
      this.#followers.push({ finding, print });
      return;
    }
    mustBeShort(names);
    if (this.#isCopy(finding, name, names.subject, print, part !== null)) {
      this.#followers.push({ finding, print });
      return;
    }
    try {
      await this.#put(hit, { name, value, print }, names);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !["refused", "conflict"].includes(error.code)) throw error;
      const why = { reason: error.message, hint: error.hint };
      this.#notMoved.push({ finding, ...why });
      this.#staying.set(print, why);
    }
  }

  moves(): UnitMoves {
    const moving = new Set(this.#mine.values());
    const left = this.#followers.flatMap(({ finding, print }) => {
      const why = this.#staying.get(print);
      return why === undefined || moving.has(print) ? [] : [{ finding, ...why }];
    });
    return {
      puts: this.#puts,
      selected: this.#selected,
      notMoved: [...this.#notMoved, ...left],
      notes: this.#notes,
      followers: this.#followers,
    };
  }

  #print(value: Secret): Fingerprint {
    return fingerprint(value, this.#tools.key);
  }

  /**
   * Replicas of a service have the same variables, and an image's history repeats them: each is moved once. In files, each
   * occurrence is rewritten, unless it is a part that the migration names: that is one variable. No entry of a store is a
   * copy of another.
   */
  #isCopy({ location }: Finding, name: string, subject: string, print: Fingerprint, isPart: boolean): boolean {
    if (location.subject === "store") return false;
    const whose = `${subject}/${name}`;
    const twin = this.#twins.get(whose);
    const copy = twin !== undefined && twin.at.subjectId !== location.subjectId;
    if (twin?.print === print && (copy || isPart || location.subject !== "file")) return true;
    if (copy) throw differentValues(name, subject, [twin.at, location]);
    this.#twins.set(whose, { print, at: location });
    return false;
  }

  async #put(
    { finding, inValue }: HitToMove,
    { name, value, print }: { readonly name: string; readonly value: Secret; readonly print: Fingerprint },
    names: SubjectNames,
  ): Promise<void> {
    const [unit, { provider, ahead = new Map() as ReadAhead }] = [this.#unit, this.#tools];
    const decided = this.#input.mapping?.units.get(unit)?.keys.get(mappedName(unit, names.subject, name));
    const key = decided ?? provider.key({ ...names, name });
    const at = storeKeyId(key);
    const taken = this.#reserved.get(at) ?? this.#mine.get(at);
    if (taken !== undefined && finding.location.subject === "store") throw twoEntries(key);
    if (taken !== undefined && taken !== print) throw twoValues(key);
    const stored = ahead.has(at) ? (ahead.get(at) ?? null) : await provider.get(key);
    const found = stored === null ? "absent" : stored.value.equals(value) ? "same" : "other";
    if (found === "other") await mustBeReplaceable(key, unit, this.#input, this.#tools);
    if (found === "same") await this.#mustBeApart(finding, { provider, key });
    const preview = found === "same" ? undefined : await provider.mayPut?.(key);
    for (const note of preview?.notes ?? []) this.#notes.add(note);
    this.#mine.set(at, print);
    const move: Move = {
      name,
      location: finding.location,
      fingerprint: print,
      length: value.length,
      key,
      reference: provider.reference(key),
      finding: { id: finding.id, fingerprint: finding.fingerprint, rule: finding.rule, ...serviceOf(finding) },
      ...(inValue === undefined ? {} : { secrets: inValue.map((one) => secretOf(one, this.#tools)) }),
    };
    const id = this.#freeId(names.subject === unit ? name : `${names.subject}/${name}`);
    this.#puts.push({ id, kind: "put", unit, move, found, overwrite: found === "other", ...recipientsIn(preview) });
    this.#selected.push({ finding, move, value });
  }

  /** Throws `refused` if what moves from a store is there already since it is the same entry by another name. */
  async #mustBeApart({ location }: Finding, entry: StoreEntry): Promise<void> {
    const old = await oldEntry({ location }, this.#unit, this.#tools.migration);
    const is = old === null ? "two" : await oneEntry(old, entry);
    if (is === "two") return;
    const { name } = entry.provider.target;
    if (is === "unknown") this.#notes.add(mayBeOneText(name));
    else
      throw new UnsprawlError(
        "refused",
        `${location.path} is the entry of ${name} that it would move to`,
        "give the new store another path or another server",
      );
  }

  #freeId(part: string): string {
    const idOf = (nth: number): string => stepId({ kind: "put", unit: this.#unit, part, nth });
    let nth = 1;
    while (this.#ids.has(idOf(nth))) nth++;
    this.#ids.add(idOf(nth));
    return idOf(nth);
  }
}

const mayBeOneText = (store: string): string =>
  `what is in ${store} already with the same bytes may be the old entry by another name: scrub leaves the old one then`;

function mustBeShort(names: SubjectNames): void {
  const long = (["subject", "project"] as const).find((which) => nameFault(names[which]) !== null);
  if (long !== undefined)
    throw new UnsprawlError(
      "refused",
      `the name of this {${long}} has more than ${LONGEST_NAME} bytes`,
      cmd`rename it, or leave {${long}} out of the store's path`,
    );
}

function differentValues(name: string, subject: string, places: readonly Location[]): UnsprawlError {
  if (new Set(places.map((one) => one.subject === "file")).size === 1)
    return new UnsprawlError(
      "refused",
      `${name} has different values in the copies of ${subject}`,
      "docker compose up -d makes them equal, then plan again",
    );
  return new UnsprawlError(
    "refused",
    `${name} of ${subject} has another value than the ${name} that is filled into its command or health check`,
    "give one of them another name, or make them equal; docker compose up -d, then plan again",
  );
}

/** The hits of a value that moves in parts: one for each secret in it. */
async function inParts(hit: HitToMove, migration: PlanTools["migration"]): Promise<readonly NamedHit[]> {
  const { inValue: _inValue, others = [], ...alone } = hit;
  const all = await Promise.all(
    [alone, ...others].map(async (one) => ({
      hit: one,
      part: (await migration.part?.(one)) ?? null,
      names: await migration.names(one.finding),
    })),
  );
  const [first] = all;
  if (first === undefined || all.some(({ part }) => part !== null)) return all;
  return [{ ...first, hit }];
}

function twoValues(key: StoreKey): UnsprawlError {
  return new UnsprawlError("conflict", `two different values would both go to ${storeKeyText(key)}`, OWN_PLACE);
}

/** Also where their values are equal: they are equal today. */
function twoEntries(key: StoreKey): UnsprawlError {
  return new UnsprawlError("conflict", `another entry goes to ${storeKeyText(key)} already`, OWN_PLACE);
}

const OWN_PLACE = "put {project} and {subject} into the store's path, so that each subject has its own";

/** Why no store accepts a variable of this name; null if stores do. */
export function nameFault(name: string): Omit<NotMoved, "finding"> | null {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return null;
  return { reason: `its name has more than ${LONGEST_NAME} bytes`, hint: "rename it, then scan again" };
}

/** In bytes, for the names of variables, subjects and projects. */
const LONGEST_NAME = 1024;

/** The step that reads a written value back. */
export const verifyOf = (put: PutStep): StepOf<"verify"> => ({
  id: siblingId(put, "verify"),
  kind: "verify",
  unit: put.unit,
  move: put.move,
});

function secretOf(
  { rule, part, fingerprint: print }: Finding,
  { redact }: PlanTools,
): NonNullable<Move["secrets"]>[number] {
  return { rule, path: redact(part.path), fingerprint: print };
}

/** For the advice at the end of a run. */
function serviceOf(finding: Finding): { readonly service?: SecretService } {
  const service = secretService(finding);
  return service === null ? {} : { service };
}
