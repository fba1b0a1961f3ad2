import type { MovingPart, Selected } from "../contract/migration.ts";
import type { SubjectNames } from "../contract/provider.ts";
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
import type { PlanInput, PlanTools } from "./plan.ts";
import type { ScanHit } from "./scan.ts";

/**
 * A hit that moves. `inValue`: every finding of its value, itself first, if there are several; `others`: the hits of the
 * rest, which move by themselves where the value moves in parts.
 */
export type HitToMove = ScanHit & { readonly inValue?: readonly Finding[]; readonly others?: readonly ScanHit[] };

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
  const { migration, provider, key: fingerprintKey } = tools;
  const puts: PutStep[] = [];
  const selected: Selected[] = [];
  const notMoved: NotMoved[] = [];
  const notes = new Set<string>();
  const mine = new Map<string, string>();
  const ids = new Set<string>();
  const print = (value: Secret): Fingerprint => fingerprint(value, fingerprintKey);
  const twins = new Map<string, { readonly print: string; readonly at: Location }>();
  const named = (await Promise.all(hits.map(async (hit) => inParts(hit, migration)))).flat();
  const whole = new Map<string, Set<string>>();
  for (const { hit, part, names } of named) {
    if (part !== null) continue;
    const of = print(hit.candidate.value);
    whole.set(of, (whole.get(of) ?? new Set()).add(`${names.subject}/${hit.finding.name}`));
  }
  // These move, or stay, with another occurrence of the same value.
  const followers: { readonly hit: HitToMove; readonly print: string }[] = [];
  const staying = new Map<string, Omit<NotMoved, "finding">>();
  for (const { hit, part, names } of named) {
    const { finding } = hit;
    const { name, value } = part ?? { name: finding.name, value: hit.candidate.value };
    // A text that repeats a variable's value is migrated with the variable.
    const same = whole.get(print(value));
    if (part !== null && same !== undefined && (part.isApart !== true || same.has(`${names.subject}/${name}`))) {
      followers.push({ hit, print: print(value) });
      continue;
    }
    const long = (["subject", "project"] as const).find((which) => nameFault(names[which]) !== null);
    if (long !== undefined)
      throw new UnsprawlError(
        "refused",
        `the name of this {${long}} has more than ${LONGEST_NAME} bytes`,
        cmd`rename it, or leave {${long}} out of the store's path`,
      );
    // Replicas of a service have the same variables, and an image's history repeats them: each is moved once. In files,
    // each occurrence is rewritten, unless it is a part that the migration names: that is one variable.
    const whose = `${names.subject}/${name}`;
    const twin = twins.get(whose);
    const copy = twin !== undefined && twin.at.subjectId !== finding.location.subjectId;
    if (twin?.print === print(value) && (copy || part !== null || finding.location.subject !== "file")) {
      followers.push({ hit, print: print(value) });
      continue;
    }
    if (copy) throw differentValues(name, names.subject, [twin.at, finding.location]);
    twins.set(whose, { print: print(value), at: finding.location });
    try {
      const decided = input.mapping?.units.get(unit)?.keys.get(mappedName(unit, names.subject, name));
      const key = decided ?? provider.key({ ...names, name });
      const at = storeKeyId(key);
      const taken = keys.get(at) ?? mine.get(at);
      if (taken !== undefined && taken !== print(value)) throw twoValues(key);
      const stored = await provider.get(key);
      const found = stored === null ? "absent" : stored.value.equals(value) ? "same" : "other";
      if (found === "other") await mustBeReplaceable(key, unit, input, tools);
      if (found !== "same") for (const note of (await provider.mayPut?.(key)) ?? []) notes.add(note);
      mine.set(at, print(value));
      const { location } = finding;
      const move: Move = {
        name,
        location,
        fingerprint: print(value),
        length: value.length,
        key,
        reference: provider.reference(key),
        finding: { id: finding.id, fingerprint: finding.fingerprint, rule: finding.rule, ...serviceOf(finding) },
        ...(hit.inValue === undefined ? {} : { secrets: hit.inValue.map((one) => secretOf(one, tools)) }),
      };
      const about = names.subject === unit ? name : `${names.subject}/${name}`;
      let nth = 1;
      while (ids.has(stepId({ kind: "put", unit, part: about, nth }))) nth++;
      const id = stepId({ kind: "put", unit, part: about, nth });
      ids.add(id);
      puts.push({ id, kind: "put", unit, move, found, overwrite: found === "other" });
      selected.push({ finding, move, value });
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !["refused", "conflict"].includes(error.code)) throw error;
      const why = { reason: error.message, hint: error.hint };
      notMoved.push({ finding, ...why });
      staying.set(print(value), why);
    }
  }
  const moving = new Set<string>(mine.values());
  for (const follower of followers) {
    const why = staying.get(follower.print);
    if (why !== undefined && !moving.has(follower.print)) notMoved.push({ finding: follower.hit.finding, ...why });
  }
  return {
    ...{ puts, selected, notMoved, notes },
    followers: followers.map((one) => ({ finding: one.hit.finding, print: one.print })),
  };
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
  return new UnsprawlError(
    "conflict",
    `two different values would both go to ${storeKeyText(key)}`,
    "put {project} and {subject} into the store's path, so that each subject has its own",
  );
}

/** Why no store accepts a variable of this name; null if stores do. */
export function nameFault(name: string): Omit<NotMoved, "finding"> | null {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return null;
  return { reason: `its name has more than ${LONGEST_NAME} bytes`, hint: "rename it, then scan again" };
}

/** In bytes, for the names of variables, subjects and projects. */
const LONGEST_NAME = 1024;

/** A store key as the key of a map. */
export const storeKeyId = ({ path, field }: StoreKey): string => `${path}\0${field}`;

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
