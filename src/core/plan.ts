import { randomBytes } from "node:crypto";
import type { Host } from "../contract/host.ts";
import type { Selected, Unit } from "../contract/migration.ts";
import type { Provider } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import {
  keyText,
  type DeliveryName,
  type Move,
  type NotMoved,
  type Plan,
  type Step,
  type StoreKey,
  type PutStep,
} from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { maskPlan } from "./journal/masked-plan.ts";
import { clearTextWarning } from "./store-place.ts";
import { mappedName, type Mapping } from "./config/mapping.ts";
import type { Router } from "./route.ts";
import type { ScanHit } from "./scan.ts";
import { signPlan } from "./journal/signed-plan.ts";
import { siblingId, stepId } from "../model/step-id.ts";

export type PlanInput = {
  readonly hits: readonly ScanHit[];
  readonly deliver: DeliveryName | "auto";
  readonly overwrite: boolean;
  readonly accept: ReadonlySet<string>;
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  /** A person's decisions for single units and secrets; they override the other options. */
  readonly mapping?: Mapping;
};

export type PlanTools = {
  readonly migration: Router;
  readonly provider: Provider;
  readonly key: FingerprintKey;
  /** Removes known values from text for people. */
  readonly redact: (text: string) => string;
};

/**
 * Decides for each finding whether and how it is migrated. Reads the store and the engine; writes nothing. What is not
 * migrated is in `notMoved`, with the reason and the next command. The plan is masked and signed.
 */
export async function buildPlan(input: PlanInput, tools: PlanTools, host: Host): Promise<Plan> {
  const { migration, provider, key } = tools;
  const runId = newRunId(new Date());
  const notMoved: NotMoved[] = [];
  const steps: Step[] = [];
  const warnings: { unit: string; text: string }[] = [];
  const keys = new Map<string, string>();

  const units = new Map<string, { readonly name: string; readonly hits: ScanHit[] }>();
  for (const hit of input.hits) {
    const of = await whereTo(hit, input, migration);
    if ("reason" in of) notMoved.push({ finding: hit.finding, ...of });
    else {
      const { hits } = units.get(of.id) ?? { hits: [] };
      units.set(of.id, { name: of.name, hits: [...hits, hit] });
    }
  }
  let done = 0;
  for (const { name: unit, hits } of units.values()) {
    host.signal.throwIfAborted();
    host.emit({
      type: "step",
      step: `plan:${unit}`,
      unit,
      text: `plan ${unit}`,
      state: "start",
      done,
      total: units.size,
    });
    try {
      const { puts: all, selected, notes } = await storeSteps(hits, unit, input, tools, keys);
      const planned = await migration
        .plan(unit, selected, {
          ...input,
          accept: acceptedBy(input, unit),
          deliver: input.mapping?.units.get(unit)?.deliver ?? input.deliver,
          runId,
          store: provider.target,
        })
        .catch(throwOwn);
      const left = planned.left ?? [];
      const stays = new Set(left.map(({ selected: { move } }) => move));
      const puts = all.filter(({ move }) => !stays.has(move));
      notMoved.push(...left.map(({ selected: { finding }, reason, hint }) => ({ finding, reason, hint })));
      const verify = puts.map((put): Step => ({
        id: siblingId(put, "verify"),
        kind: "verify",
        unit,
        move: put.move,
      }));
      // Reserved only now: a unit that cannot be migrated takes no place in the store.
      for (const { move } of puts) keys.set(placeOf(move.key), move.fingerprint);
      steps.push(...puts, ...verify, ...planned.steps);
      warnings.push(...[...notes, ...planned.warnings].map((text) => ({ unit, text })));
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !["refused", "conflict"].includes(error.code)) throw error;
      notMoved.push(...hits.map(({ finding }) => ({ finding, reason: error.message, hint: error.hint })));
    }
    host.emit({
      type: "step",
      step: `plan:${unit}`,
      unit,
      text: `plan ${unit}`,
      state: "done",
      done: ++done,
      total: units.size,
    });
  }
  const clear = clearTextWarning(provider.target);
  const plan: Plan = {
    version: 1,
    id: runId,
    createdAt: new Date().toISOString(),
    keyId: key.id,
    migration: migration.name,
    ...(migration.assigned.size > 0 ? { migrations: Object.fromEntries(migration.assigned) } : {}),
    engine: await migration.engine(),
    store: provider.target,
    steps,
    notMoved,
    warnings: clear === null ? warnings : [{ unit: "", text: clear }, ...warnings],
  };
  return signPlan(maskPlan(plan, tools.redact), key);
}

/** The unit of a finding, or why the finding stays in place. */
async function whereTo(
  { finding }: ScanHit,
  input: PlanInput,
  migration: Router,
): Promise<Unit | Omit<NotMoved, "finding">> {
  try {
    const own = input.mapping && (await migration.unit(finding));
    const refused = await migration.refuses(finding, acceptedBy(input, own?.name));
    return refused ?? nameFault(finding.name) ?? (await migration.unit(finding)) ?? NOBODY;
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !OWN_FAULTS.has(error.code)) throw error;
    return { reason: error.message, hint: error.hint };
  }
}

/**
 * Throws `refused` for a fault of one unit, such as an unreadable file: the other units are still planned. Rethrows
 * errors that concern all units (the engine, credentials, usage).
 */
function throwOwn(error: unknown): never {
  if (!(error instanceof UnsprawlError) || !OWN_FAULTS.has(error.code)) throw error;
  throw new UnsprawlError("refused", error.message, error.hint);
}

const OWN_FAULTS = new Set(["failed", "malformed", "absent", "changed", "unhealthy"]);

/** What was accepted for all units, plus what was accepted for this one. */
function acceptedBy({ accept, mapping }: PlanInput, unit: string | undefined): ReadonlySet<string> {
  const own = unit === undefined ? [] : (mapping?.units.get(unit)?.accept ?? []);
  return own.length === 0 ? accept : new Set([...accept, ...own]);
}

async function storeSteps(
  hits: readonly ScanHit[],
  unit: string,
  input: PlanInput,
  { migration, provider, key: fingerprintKey }: PlanTools,
  keys: ReadonlyMap<string, string>,
): Promise<{
  readonly puts: readonly PutStep[];
  readonly selected: readonly Selected[];
  readonly notes: ReadonlySet<string>;
}> {
  const puts: PutStep[] = [];
  const selected: Selected[] = [];
  const notes = new Set<string>();
  const mine = new Map<string, string>();
  const ids = new Set<string>();
  const print = (value: Secret): Fingerprint => fingerprint(value, fingerprintKey);
  const twins = new Map<string, { readonly print: string; readonly subjectId: string }>();
  const named = await Promise.all(hits.map(async (hit) => ({ hit, part: (await migration.part?.(hit)) ?? null })));
  const whole = new Set(named.flatMap(({ hit, part }) => (part === null ? [print(hit.candidate.value)] : [])));
  for (const { hit, part } of named) {
    const { finding } = hit;
    const { name, value } = part ?? { name: finding.name, value: hit.candidate.value };
    // A text that repeats a variable's value is migrated with the variable.
    if (part !== null && whole.has(print(value))) continue;
    const names = await migration.names(finding);
    const long = (["subject", "project"] as const).find((which) => nameFault(names[which]) !== null);
    if (long !== undefined)
      throw new UnsprawlError(
        "refused",
        `the name of this {${long}} has more than ${LONGEST_NAME} bytes`,
        cmd`rename it, or leave {${long}} out of the store's path`,
      );
    // Replicas of a service have the same variables, and an image's history repeats them: each is moved once. In files,
    // each occurrence is rewritten.
    const whose = `${names.subject}/${name}`;
    const twin = twins.get(whose);
    const copy = twin !== undefined && twin.subjectId !== finding.location.subjectId;
    if (twin?.print === print(value) && (copy || finding.location.subject !== "file")) continue;
    if (copy)
      throw new UnsprawlError(
        "refused",
        `${name} has different values in the copies of ${names.subject}`,
        "docker compose up -d makes them equal, then plan again",
      );
    twins.set(whose, { print: print(value), subjectId: finding.location.subjectId });
    const decided = input.mapping?.units.get(unit)?.keys.get(mappedName(unit, names.subject, name));
    const key = decided ?? provider.key({ ...names, name });
    const at = placeOf(key);
    const taken = keys.get(at) ?? mine.get(at);
    if (taken !== undefined && taken !== print(value)) {
      throw new UnsprawlError(
        "conflict",
        `two different values would both go to ${keyText(key)}`,
        "put {subject} into the store's path, so that each subject has its own",
      );
    }
    mine.set(at, print(value));
    const stored = await provider.get(key);
    const found = stored === null ? "absent" : stored.value.equals(value) ? "same" : "other";
    if (found === "other" && !input.overwrite && input.mapping?.overwrite !== true) {
      throw new UnsprawlError(
        "conflict",
        `the store holds another value at ${keyText(key)}`,
        "--overwrite replaces it (the old value is kept beside it until scrub)",
      );
    }
    if (found !== "same") for (const note of (await provider.mayPut?.(key)) ?? []) notes.add(note);
    const { location } = finding;
    const move: Move = {
      name,
      location,
      fingerprint: print(value),
      length: value.length,
      key,
      reference: provider.reference(key),
      finding: { id: finding.id, fingerprint: finding.fingerprint, rule: finding.rule },
    };
    const about = names.subject === unit ? name : `${names.subject}/${name}`;
    let nth = 1;
    while (ids.has(stepId({ kind: "put", unit, part: about, nth }))) nth++;
    const id = stepId({ kind: "put", unit, part: about, nth });
    ids.add(id);
    puts.push({ id, kind: "put", unit, move, found, overwrite: found === "other" });
    selected.push({ finding, move, value });
  }
  return { puts, selected, notes };
}

/** Why no store accepts a variable of this name; null if stores do. */
function nameFault(name: string): Omit<NotMoved, "finding"> | null {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return null;
  return { reason: `its name has more than ${LONGEST_NAME} bytes`, hint: "rename it, then scan again" };
}

/** In bytes, for the names of variables, subjects and projects. */
const LONGEST_NAME = 1024;

const placeOf = ({ path, field }: StoreKey): string => `${path}\0${field}`;

const NOBODY = {
  reason: "is in a place that no migration can rewrite",
  hint: "give the application a variable or a file for it, then scan again",
};

/** A new run id such as `20261125-143007-3fa9`: sorts by time, and is valid in a container name. */
function newRunId(now: Date): string {
  const [day = "", time = ""] = now.toISOString().split("T");
  return `${day.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${randomBytes(2).toString("hex")}`;
}
