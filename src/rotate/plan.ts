import type { Provider } from "../contract/provider.ts";
import { completedMoves, handedOverTo, newestMoves, type DoneMove } from "../core/moved.ts";
import { newRunId } from "../core/plan.ts";
import { recipientsIn } from "../core/store-steps.ts";
import { signPlan } from "../core/journal/signed-plan.ts";
import { isOnEngine } from "../core/journal/uses.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Location } from "../model/location.ts";
import { type Plan, type RotateStep } from "../model/plan.ts";
import { storedEntries } from "./entries.ts";
import { otherAgents } from "./other-agents.ts";
import { ROTATION } from "./perform.ts";
import { placeOn, type EnginePlace } from "./places.ts";
import { stepFor } from "./step.ts";
import type { Around } from "./target.ts";
import type { RotateTools, StoredEntry } from "./types.ts";
import { handoverOf, type HandoverAsked } from "./handover.ts";
import { mustBeFinished, unfinishedRotations } from "./unfinished.ts";

export type RotateAsked = {
  /** Runs, and sources such as `docker:web`, whose secrets are meant; all if there is none. */
  readonly of: readonly string[];
  /** Names of variables; all if there is none. */
  readonly only: readonly string[];
  /** The entries that are meant among these, by their references; all if absent. */
  readonly references?: ReadonlySet<string>;
  /** Whether containers of other engines that do not answer may be left out. */
  readonly mayMiss: boolean;
  /** The logins are handed over to the engine of their store. Absent for new values. */
  readonly handOver?: HandoverAsked;
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  readonly signal: AbortSignal;
};

/** A secret that is not rotated, and why. */
export type NotRotated = {
  readonly name: string;
  readonly subject: string;
  readonly reason: string;
  readonly hint: string;
};

export type PlannedRotation = { readonly plan: Plan; readonly left: readonly NotRotated[] };

/**
 * Plans to rotate moved secrets: each once, with every entry of the store that has it and every container that gets it.
 * Servers are asked whether it can be done, and nothing is changed. Throws `absent` if nothing that was moved is meant,
 * `usage` if it is in several stores.
 */
export async function planRotation(asked: RotateAsked, tools: RotateTools): Promise<PlannedRotation> {
  const all = completedMoves(tools.installation());
  const moved = newestMoves(all);
  const meant = moved.filter((one) => isMeant(one, asked));
  const target = oneStore(meant);
  mustAllBeMeant(moved, asked);
  const provider = await tools.storeOf(target);
  const detector = await tools.detector();
  const inStore = moved.filter(({ plan }) => JSON.stringify(plan.store) === JSON.stringify(target));
  const entries = await storedEntries(inStore, provider, detector);
  for (const { value, part } of entries) for (const one of [value, part]) tools.know(one);
  const engine = await tools.engine();
  const info = await engine.info();
  const here = await placeOn(engine, tools, null);
  const elsewhere = await heldElsewhere(moved, target, here, tools);
  const isNamed = ({ source, subjectName }: Location): boolean =>
    asked.of.some((one) => one === source || one === `docker:${subjectName}`);
  const planned = { ...asked, isNamed, tools, engine, engineId: info.ID, here, entries, elsewhere, moved: all };
  const unfinished = unfinishedRotations(tools.installation());
  const engines = handedOverTo(tools.installation());
  const steps: RotateStep[] = [];
  const failed = new Map<string, NotRotated>();
  const warnings = new Map<string, string>();
  const chosen = entries.filter(({ move }) => meant.some((one) => one.move === move));
  for (const group of groupsOf(chosen)) {
    const [first] = group;
    if (first === undefined || steps.some((step) => step.entries.some((one) => one.reference === first.move.reference)))
      continue;
    try {
      mustBeFinished([first.move.reference], unfinished);
      mustBeOurs(first.move.reference, engines, moved);
      const found = await handedOver(await stepFor(first, planned), asked, provider, planned);
      const { step, notes } = await withRecipients(found, provider);
      const references = step.entries.map(({ reference }) => reference);
      mustBeFinished(references, unfinished);
      mustNotBeElsewhere(references, all);
      mustBeFirst(step, steps);
      steps.push(step);
      for (const text of notes) warnings.set(text, step.unit);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      const { name, location } = first.move;
      failed.set(first.move.reference, {
        ...{ name, subject: location.subjectName, reason: error.message, hint: error.hint ?? "unsprawl runs last" },
      });
    }
  }
  // The public half of a pair, or a list of earlier values, changes with its secret.
  const left = [...failed].flatMap(([reference, why]) =>
    steps.some(({ entries: own }) => own.some((one) => one.reference === reference)) ? [] : why,
  );
  if (tools.given !== undefined && steps.length + left.length > 1)
    throw new UnsprawlError("usage", "one value was given, and several secrets are meant", "--only NAME names one");
  const key = tools.installation().key;
  const plan: Plan = {
    ...{ version: 1, id: newRunId(new Date()), createdAt: new Date().toISOString(), keyId: key.id },
    ...{ migration: ROTATION, engine: { id: info.ID, address: engine.connection.address } },
    ...{ store: provider.target, steps, notMoved: [] },
    warnings: [...Array.from(warnings, ([text, unit]) => ({ unit, text })), ...warningsOf(steps, planned)],
  };
  return { plan: signPlan(plan, key), left };
}

/** What a store says before a value is put into it, as for a migration. */
async function withRecipients(
  step: RotateStep,
  provider: Provider,
): Promise<{ readonly step: RotateStep; readonly notes: readonly string[] }> {
  const previews = await Promise.all(step.entries.map(async ({ key }) => provider.mayPut?.(key)));
  const entries = step.entries.map((entry, at) => ({ ...entry, ...recipientsIn(previews[at]) }));
  return { step: { ...step, entries }, notes: previews.flatMap((preview) => preview?.notes ?? []) };
}

/** Throws `refused` for a container that an earlier step creates again. */
function mustBeFirst({ handover }: RotateStep, steps: readonly RotateStep[]): void {
  const before = new Set(steps.flatMap((one) => one.handover?.containers.map(({ id }) => id) ?? []));
  const twice = handover?.containers.find(({ id }) => before.has(id));
  if (twice === undefined) return;
  throw new UnsprawlError(
    "refused",
    `another login of ${twice.name} is handed over by this plan, and it can be created again once in a run`,
    "--only NAME: one after the other",
  );
}

/** The step as it is, or with what hands its login over. */
async function handedOver(
  step: RotateStep,
  { handOver }: RotateAsked,
  provider: Provider,
  around: Around,
): Promise<RotateStep> {
  if (handOver === undefined) return step;
  const same = around.entries.filter(({ move }) => step.entries.some(({ reference }) => reference === move.reference));
  return { ...step, overlap: "none", handover: await handoverOf(step, handOver, same, { provider, around }) };
}

/**
 * Throws `refused` for an entry that was moved on to another store since it was moved here: whoever reads it there would
 * keep the old value.
 */
function mustNotBeElsewhere(references: readonly string[], all: readonly DoneMove[]): void {
  const onward = all.find(
    ({ at, move: { location } }) =>
      location.where === "store" &&
      references.includes(location.path) &&
      !all.some((one) => one.move.reference === location.path && one.at > at),
  );
  if (onward === undefined) return;
  throw new UnsprawlError(
    "refused",
    `it was moved on to the store ${onward.plan.store.name}, where others may read it`,
    cmd`unsprawl runs ${onward.plan.id} shows where; rotate it by hand, in both`,
  );
}

/** Throws `refused` for an entry whose login a store's engine changes by now. */
function mustBeOurs(reference: string, engines: ReturnType<typeof handedOverTo>, moved: readonly DoneMove[]): void {
  const handed = engines.get(reference);
  if (handed === undefined || moved.some((one) => one.move.reference === reference && one.at > handed.at)) return;
  throw new UnsprawlError(
    "refused",
    `run ${handed.run} handed its login over: ${handed.reference} changes by itself`,
    cmd`unsprawl runs ${handed.run} shows it, and whether a rollback still takes it back`,
  );
}

function warningsOf(steps: readonly RotateStep[], around: Around): Plan["warnings"] {
  const restarts = steps.some(({ consumers }) => consumers.some(({ isRunning }) => isRunning));
  const agents = restarts ? otherAgents(around.here.docs, around.tools.installation().state, around.tools.env) : [];
  return [...steps.flatMap((step) => unreachedBy(step, around)), ...agents.map((text) => ({ unit: "", text }))];
}

/** Notes on entries that no container gets: a file's or another platform's consumers are not restarted by a rotation. */
function unreachedBy(
  { unit, entries: own, consumers }: RotateStep,
  { here, entries }: Pick<Around, "here" | "entries">,
): Plan["warnings"] {
  const held = new Set([...here.holders, ...consumers].flatMap(({ references }) => references));
  return own.flatMap(({ name, reference }) => {
    if (held.has(reference)) return [];
    const of = entries.find(({ move }) => move.reference === reference)?.move.location.subjectName ?? name;
    return [
      {
        unit,
        text: `${of} has ${name} too, and no container here gets it from there: what uses it is restarted by you`,
      },
    ];
  });
}

function isMeant({ plan, move }: DoneMove, { of, only, references }: RotateAsked): boolean {
  const { source, subjectName } = move.location;
  const isOf = (one: string): boolean => one === plan.id || one === source || one === `docker:${subjectName}`;
  const isNamed = (of.length === 0 || of.some(isOf)) && (only.length === 0 || only.includes(move.name));
  return isNamed && references?.has(move.reference) !== false;
}

/** Throws `absent` for a name or a source that nothing moved has: one of several may be misspelt. */
function mustAllBeMeant(moved: readonly DoneMove[], { of, only, ...rest }: RotateAsked): void {
  const isAny = (asked: Pick<RotateAsked, "of" | "only">): boolean =>
    moved.some((one) => isMeant(one, { ...rest, ...asked }));
  const none = [
    ...of.filter((one) => !isAny({ of: [one], only: [] })),
    ...only.filter((one) => !isAny({ of, only: [one] })),
  ];
  const [first] = none;
  if (first === undefined) return;
  throw new UnsprawlError(
    "absent",
    `no secret that was moved is meant by ${first}`,
    "unsprawl runs lists what was moved",
  );
}

function oneStore(meant: readonly DoneMove[]): Plan["store"] {
  const [first] = meant;
  if (first === undefined)
    throw new UnsprawlError(
      "absent",
      "no secret that was moved is meant by that",
      "unsprawl runs lists what was moved",
    );
  const names = new Set(meant.map(({ plan }) => plan.store.name));
  if (names.size === 1) return first.plan.store;
  throw new UnsprawlError(
    "usage",
    `the secrets are in several stores: ${[...names].join(", ")}`,
    cmd`unsprawl rotate ${bare("RUN")}, or --only NAME: one store at a time`,
  );
}

/** What containers of this engine get from stores other than the one of the plan, and what other engines' may get from there. */
async function heldElsewhere(
  moved: readonly DoneMove[],
  target: Plan["store"],
  { engine, holders }: EnginePlace,
  tools: RotateTools,
): Promise<readonly StoredEntry[]> {
  const held = new Set(holders.flatMap(({ references }) => references));
  const own = (await engine.info()).ID;
  const isHeld = ({ plan, move }: DoneMove): boolean =>
    held.has(move.reference) || (isOnEngine(plan.engine.id) && plan.engine.id !== own);
  const stores = new Map<string, DoneMove[]>();
  for (const one of moved) {
    const store = JSON.stringify(one.plan.store);
    if (store === JSON.stringify(target) || !isHeld(one)) continue;
    stores.set(store, [...(stores.get(store) ?? []), one]);
  }
  const all: StoredEntry[] = [];
  for (const own of stores.values()) {
    const [first] = own;
    if (first === undefined) continue;
    all.push(...(await storedEntries(own, await tools.storeOf(first.plan.store), await tools.detector())));
  }
  for (const { value, part } of all) for (const one of [value, part]) tools.know(one);
  return all;
}

/** Entries by the secret that they hold. */
function groupsOf(entries: readonly StoredEntry[]): readonly (readonly StoredEntry[])[] {
  const groups: StoredEntry[][] = [];
  for (const entry of entries) {
    const known = groups.find(([first]) => first?.part.equals(entry.part) === true);
    if (known === undefined) groups.push([entry]);
    else known.push(entry);
  }
  return groups;
}
