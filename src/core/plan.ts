import { randomBytes } from "node:crypto";
import type { Host } from "../contract/host.ts";
import type { Selected, Unit, UnitPlan } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Finding } from "../model/finding.ts";
import type { NotMoved, Plan, Step } from "../model/plan.ts";
import { withAlong } from "./along.ts";
import { planBeside } from "./beside-values.ts";
import { maskPlan } from "./journal/masked-plan.ts";
import { keyFilesOf } from "./key-files.ts";
import { loginWarning } from "./login-warning.ts";
import { clearTextWarning } from "./store-place.ts";
import { nameFault, unitMoves, verifyOf, type UnitMoves } from "./plan-moves.ts";
import type { Router } from "./route.ts";
import { sourceStores } from "./one-entry.ts";
import { readAhead, UNITS_AHEAD, storeKeyId } from "./read-ahead.ts";
import { signPlan } from "./journal/signed-plan.ts";
import type { PlanInput, PlanTools, HitToMove, ReadAhead } from "./plan-input.ts";
import type { ScanHit } from "./scan-hit.ts";

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

  const units = new Map<string, { readonly name: string; readonly hits: HitToMove[] }>();
  for (const hit of onePerValue(input.hits)) {
    const of = await whereTo(hit, input, migration);
    if ("reason" in of) notMoved.push({ finding: hit.finding, ...of });
    else {
      const unit = units.get(of.id) ?? { name: of.name, hits: [] };
      unit.hits.push(hit);
      units.set(of.id, unit);
    }
  }
  // Said once, of however many units it is true.
  const said = new Set<string>();
  const all = [...units.values()];
  let [done, ahead]: [number, ReadAhead] = [0, new Map()];
  for (const { name: unit, hits } of all) {
    host.signal.throwIfAborted();
    const event = { type: "step", step: `plan:${unit}`, unit, text: `plan ${unit}`, total: units.size } as const;
    host.emit({ ...event, state: "start", done });
    if (done % UNITS_AHEAD === 0) ahead = await readAhead(all.slice(done, done + UNITS_AHEAD), tools);
    const planned = await plannedUnit(unit, hits, runId, input, { ...tools, ahead }, keys);
    steps.push(...planned.steps);
    warnings.push(...planned.warnings.map((text) => ({ unit, text })));
    for (const text of planned.forAll) said.add(text);
    notMoved.push(...planned.notMoved);
    host.emit({ ...event, state: "done", done: ++done });
  }
  const beside = await planBeside(input.hits, steps, provider, key);
  for (const text of beside.notes) said.add(text);
  const keyFiles = await keyFilesOf(steps, provider);
  const ofStore = [clearTextWarning(provider.target), await loginWarning(provider, steps)];
  const plan: Plan = {
    version: 1,
    id: runId,
    createdAt: new Date().toISOString(),
    keyId: key.id,
    migration: migration.name,
    ...(migration.assigned.size > 0 ? { migrations: Object.fromEntries(migration.assigned) } : {}),
    engine: await migration.engine(),
    store: provider.target,
    ...(await sourceStores(beside.steps, migration)),
    steps: beside.steps,
    notMoved,
    warnings: [...[...ofStore, ...said].flatMap((text) => (text === null ? [] : [{ unit: "", text }])), ...warnings],
    ...(keyFiles.length > 0 ? { keyFiles } : {}),
  };
  return signPlan(maskPlan(plan, tools.redact), key);
}

/** The steps of one unit; `keys` gets the places in the store that they write. */
async function plannedUnit(
  unit: string,
  hits: readonly HitToMove[],
  runId: string,
  input: PlanInput,
  tools: PlanTools,
  keys: Map<string, string>,
): Promise<{
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  readonly forAll: readonly string[];
  readonly notMoved: readonly NotMoved[];
}> {
  const held: NotMoved[] = [];
  try {
    const all = await withAlong(hits, unit, tools.migration, tools.key).catch(throwOwn);
    const moves = await unitMoves(all, unit, input, tools, keys);
    held.push(...moves.notMoved);
    const planned = await planUnit(unit, moves.selected, runId, input, tools);
    const left = planned.left ?? [];
    const stays = new Set(left.map(({ selected: { move } }) => move));
    const puts = moves.puts.filter(({ move }) => !stays.has(move));
    held.push(...left.map(({ selected: { finding }, reason, hint }) => ({ finding, reason, hint })));
    held.push(...followersLeft(moves.followers, left, puts));
    // Reserved only now: a unit that cannot be migrated takes no place in the store.
    for (const { move } of puts) keys.set(storeKeyId(move.key), move.fingerprint);
    const steps = [...puts, ...puts.map(verifyOf), ...planned.steps];
    const { warnings, forAll = [] } = planned;
    return { steps, warnings: [...moves.notes, ...warnings], forAll, notMoved: held };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !["refused", "conflict"].includes(error.code)) throw error;
    const told = new Set(held.map(({ finding }) => finding));
    const rest = hits.flatMap(({ finding }) => (told.has(finding) ? [] : finding));
    held.push(...rest.map((finding) => ({ finding, reason: error.message, hint: error.hint })));
    return { steps: [], warnings: [], forAll: [], notMoved: held };
  }
}

/** What would have moved with a finding that its format leaves. */
function followersLeft(
  followers: UnitMoves["followers"],
  left: NonNullable<UnitPlan["left"]>,
  puts: UnitMoves["puts"],
): NotMoved[] {
  const moving = new Set<string>(puts.map(({ move }) => move.fingerprint));
  const reasons = new Map<string, Omit<NotMoved, "finding">>(
    left.map(({ selected: { move }, reason, hint }) => [move.fingerprint, { reason, hint }]),
  );
  return followers.flatMap(({ finding, print }) => {
    const why = reasons.get(print);
    return why === undefined || moving.has(print) ? [] : [{ finding, ...why }];
  });
}

/** A value moves whole, with all secrets in it: the first stands for them. */
function onePerValue(hits: readonly ScanHit[]): readonly HitToMove[] {
  const whole = Map.groupBy(hits, (hit) => {
    const { location, name } = hit.finding;
    const { host = "", source, subjectId, subjectName, path, place } = location;
    const { value } = hit.candidate;
    if (place?.kind === "text" && place.of === undefined) return hit;
    return JSON.stringify([
      host,
      source,
      subjectId,
      subjectName,
      path,
      name,
      hit.candidate.location.where,
      value.length,
    ]);
  });
  return [...whole.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    if (more.length === 0) return first;
    return { ...first, inValue: [first, ...more].map(({ finding }) => finding), others: more };
  });
}

/** The steps of a unit's migration for the secrets that move; none if no secret does. */
async function planUnit(
  unit: string,
  selected: readonly Selected[],
  runId: string,
  input: PlanInput,
  { migration, provider }: PlanTools,
): Promise<UnitPlan> {
  if (selected.length === 0) return { unit, steps: [], warnings: [] };
  const options = {
    ...input,
    accept: acceptedBy(input, unit),
    deliver: input.mapping?.units.get(unit)?.deliver ?? input.deliver,
    runId,
    store: provider.target,
  };
  return migration.plan(unit, selected, options).catch(throwOwn);
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
    return refused ?? nameFault(finding.name) ?? (await migration.unit(finding)) ?? unmovable(finding);
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !(error.code === "refused" || OWN_FAULTS.has(error.code))) throw error;
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

/** Why a finding of a source that is only read stays. */
function unmovable({ location: { source, subject, subjectName } }: Finding): Omit<NotMoved, "finding"> {
  if (subject !== "file")
    return {
      reason: `was read from ${source}, which only describes it`,
      hint: "plan again where its engine is: unsprawl plan docker: --to STORE",
    };
  return {
    reason: `is in ${subjectName}, and nothing says which program reads that file`,
    hint: "name it by its kind, KIND:FILE; unsprawl help plan lists the kinds",
  };
}

/** A new run id such as `20261125-143007-3fa9`: sorts by time, and is valid in a container name. */
export function newRunId(now: Date): string {
  const [day = "", time = ""] = now.toISOString().split("T");
  return `${day.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${randomBytes(2).toString("hex")}`;
}
