import type { Provider } from "../contract/provider.ts";
import type { RotationTarget, Rotator } from "../contract/rotator.ts";
import { completedMoves, type DoneMove } from "../core/moved.ts";
import { newRunId } from "../core/plan.ts";
import { signPlan } from "../core/journal/signed-plan.ts";
import { plainVariable } from "../engine/facts.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import { findValues } from "../engine/traces.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { stepId } from "../model/step-id.ts";
import type { Plan, RotateStep, RotatingLogin } from "../model/plan.ts";
import type { Json } from "../model/json.ts";
import { storedEntries } from "./entries.ts";
import { ROTATION } from "./perform.ts";
import { wireOf } from "./secret-rotation.ts";
import { administratorLogin, firstInitLogin, reachedFrom } from "./reach.ts";
import { holdsSecret } from "./replaced.ts";
import type { RotateTools, StoredEntry } from "./types.ts";

export type RotateAsked = {
  /** Runs, and sources such as `docker:web`, whose secrets are meant; all if there is none. */
  readonly of: readonly string[];
  /** Names of variables; all if there is none. */
  readonly only: readonly string[];
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
  const moved = newest(completedMoves(tools.installation()));
  const meant = moved.filter((one) => isMeant(one, asked));
  const target = oneStore(meant);
  const provider = await tools.storeOf(target);
  const detector = await tools.detector();
  const inStore = moved.filter(({ plan }) => JSON.stringify(plan.store) === JSON.stringify(target));
  const entries = await storedEntries(inStore, provider, detector);
  for (const { value, part } of entries) for (const one of [value, part]) tools.know(one);
  const engine = await tools.engine();
  const docs = await containersOf(engine);
  const planned = { asked, tools, engine, docs, entries, provider };
  const steps: RotateStep[] = [];
  const left: NotRotated[] = [];
  const chosen = entries.filter(({ move }) => meant.some((one) => one.move === move));
  for (const group of groupsOf(chosen)) {
    const [first] = group;
    if (first === undefined || steps.some((step) => step.entries.some((one) => one.reference === first.move.reference)))
      continue;
    try {
      steps.push(await stepFor(first, planned));
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      const { name, location } = first.move;
      left.push({
        name,
        subject: location.subjectName,
        reason: error.message,
        hint: error.hint ?? "unsprawl runs last",
      });
    }
  }
  if (tools.given !== undefined && steps.length + left.length > 1)
    throw new UnsprawlError("usage", "one value was given, and several secrets are meant", "--only NAME names one");
  const info = await engine.info();
  const key = tools.installation().key;
  const plan: Plan = {
    ...{ version: 1, id: newRunId(new Date()), createdAt: new Date().toISOString(), keyId: key.id },
    ...{ migration: ROTATION, engine: { id: info.ID, address: engine.connection.address } },
    ...{ store: provider.target, steps, notMoved: [], warnings: [] },
  };
  return { plan: signPlan(plan, key), left };
}

/** The newest move of each entry: it replaced what older runs wrote. */
function newest(moved: readonly DoneMove[]): readonly DoneMove[] {
  const own = moved.filter(({ move }) => move.location.where !== "store").toSorted((a, b) => (a.at < b.at ? -1 : 1));
  return [...new Map(own.map((one) => [JSON.stringify([one.plan.store, one.move.key]), one])).values()];
}

function isMeant({ plan, move }: DoneMove, { of, only }: RotateAsked): boolean {
  const { source, subjectName } = move.location;
  const isOf = (one: string): boolean => one === plan.id || one === source || one === `docker:${subjectName}`;
  return (of.length === 0 || of.some(isOf)) && (only.length === 0 || only.includes(move.name));
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

/** The engine's containers, those kept for rollback left out. */
async function containersOf(engine: Engine): Promise<readonly ContainerDoc[]> {
  const docs: ContainerDoc[] = [];
  for (const { Id } of await engine.containers()) {
    const doc = await engine.container(Id);
    if (doc !== null && keptByRun(nameOf(doc)) === null) docs.push(doc);
  }
  return docs;
}

type Around = {
  readonly asked: RotateAsked;
  readonly tools: RotateTools;
  readonly engine: Engine;
  readonly docs: readonly ContainerDoc[];
  readonly entries: readonly StoredEntry[];
  readonly provider: Provider;
};

/** The step for a secret. Throws why it cannot be rotated. */
async function stepFor({ part }: StoredEntry, around: Around): Promise<RotateStep> {
  const { asked, tools, entries, docs } = around;
  const same = entries.filter(({ value }) => holdsSecret(value, part));
  const holders = await holdersOf(same, around);
  mustAllBeMoved(part, docs);
  const { entry, target } = await targetAmong(same, holders, around);
  const isGiven = tools.given !== undefined;
  const rotator = await tools.rotator(target.rotator);
  if (!isGiven && (target.pair !== null || rotator.make === null))
    throw new UnsprawlError(
      "refused",
      `it goes together with ${target.pair ?? "another value"}, and two values are not changed at once yet`,
      rotator.about.page,
    );
  const from = holders.find(({ references }) => references.has(entry.move.reference))?.doc ?? null;
  const reached = isGiven ? { target, server: null } : reachedFrom(around.engine, target, from, docs);
  const login = isGiven ? ({ kind: "owner" } as const) : await loginFor(rotator, reached, part, around);
  const { name, location } = entry.move;
  const unit = `${location.subjectName}/${name}`;
  return {
    ...{ id: stepId({ kind: "rotate", unit }), kind: "rotate", unit, name, rotator: target.rotator, login },
    target: reached.target as unknown as { readonly [key: string]: Json },
    checkedBy: isGiven ? "its owner, who has given the new value" : checkedBy(rotator, target),
    ...(isGiven && { isGiven }),
    isHere: reached.server !== null,
    overlap: isGiven ? "both" : rotator.about.overlap,
    entries: same.map(({ move, value }) => ({
      ...{ name: move.name, key: move.key, reference: move.reference },
      fingerprint: fingerprint(value, tools.installation().key),
    })),
    // The server takes its password from there only when its data is made: it is not restarted.
    consumers: holders
      .filter(({ doc }) => doc.Id !== reached.server?.Id)
      .map(({ doc, references }) => ({
        container: nameOf(doc),
        names: same.flatMap(({ move }) => (references.has(move.reference) ? move.name : [])),
        isRunning: doc.State.Running,
      })),
    ...{ graceMs: asked.graceMs, healthTimeoutMs: asked.healthTimeoutMs },
  };
}

type SecretHolder = { readonly doc: ContainerDoc; readonly references: ReadonlySet<string> };

/** The containers that have one of these entries by its reference. */
async function holdersOf(same: readonly StoredEntry[], { tools, docs }: Around): Promise<readonly SecretHolder[]> {
  const wanted = new Set(same.map(({ move }) => move.reference));
  const found = new Map<string, Set<string>>();
  const add = (name: string, references: readonly string[]): void => {
    const own = references.filter((one) => wanted.has(one));
    if (own.length > 0) found.set(name, new Set([...(found.get(name) ?? []), ...own]));
  };
  for (const { name, references, unread = [] } of await tools.holders()) {
    if (unread.length > 0 && same.some(({ move }) => unread.includes(move.name)))
      throw new UnsprawlError(
        "refused",
        `what ${name} gets cannot be read, and may be this`,
        cmd`unsprawl doctor, then: unsprawl rotate again`,
      );
    add(name, references);
  }
  return [...found].flatMap(([name, references]) => {
    const doc = docs.find((one) => nameOf(one) === name);
    return doc === undefined ? [] : [{ doc, references }];
  });
}

/** Throws `refused` if a container still has the secret in its configuration: it would be locked out. */
function mustAllBeMoved(part: StoredEntry["part"], docs: readonly ContainerDoc[]): void {
  const [first] = docs.filter((doc) => (findValues({ Config: doc.Config }, [part])[0]?.size ?? 0) > 0);
  if (first === undefined) return;
  throw new UnsprawlError(
    "refused",
    `${nameOf(first)} has it in its configuration and would be locked out`,
    cmd`unsprawl migrate docker:${nameOf(first)}, then: unsprawl rotate again`,
  );
}

/** The first entry whose surroundings say where the secret is checked. Throws `refused` with what is missing. */
async function targetAmong(
  same: readonly StoredEntry[],
  holders: readonly SecretHolder[],
  { tools, entries }: Around,
): Promise<{ readonly entry: StoredEntry; readonly target: RotationTarget }> {
  const [first] = same;
  if (tools.given !== undefined && first !== undefined) return { entry: first, target: GIVEN };
  let missing: string | null = null;
  for (const entry of same) {
    const { name, location } = entry.move;
    const doc = holders.find(({ references }) => references.has(entry.move.reference))?.doc;
    const beside = entries.filter(({ move }) => move.location.subjectName === location.subjectName);
    const variables = [...plainVariables(doc), ...beside.map(({ move, value }) => ({ name: move.name, value }))];
    const found = await tools.targetOf({ name, part: entry.part, value: entry.value, variables });
    if (found !== null && typeof found !== "string") return { entry, target: found };
    missing ??= found;
  }
  throw new UnsprawlError(
    "refused",
    missing === null ? "nothing here knows where it is checked" : `where it is checked is not known: ${missing}`,
    "change it where it is checked; then unsprawl rotate --only NAME --value-from FILE does the rest",
  );
}

/** No server is asked about a value that a person has got there. */
const GIVEN: RotationTarget = {
  ...{ rotator: "application", at: null, login: "", database: "", pair: null, previous: null, details: {} },
};

/** The variables of a container that are no references. */
function plainVariables(doc: ContainerDoc | undefined): readonly { name: string; value: StoredEntry["value"] }[] {
  if (doc === undefined) return [];
  return (doc.Config.Env ?? []).flatMap((text) => {
    const name = text.split("=", 1)[0] ?? "";
    const value = plainVariable(doc, name);
    return value === null ? [] : [{ name, value }];
  });
}

/** Who may change it: its owner, or the server's administrator. Throws `denied` if neither may. */
async function loginFor(
  rotator: Rotator,
  { target, server }: ReturnType<typeof reachedFrom>,
  part: StoredEntry["part"],
  { asked, tools, docs, entries }: Around,
): Promise<RotatingLogin> {
  if (rotator.server === null) return { kind: "owner" };
  const old = { id: null, secret: part };
  const wire = wireOf(tools, server !== null, asked.signal);
  const admin = firstInitLogin(server, rotator.about);
  let refusal: UnsprawlError | null = null;
  for (const login of [{ kind: "owner" } as const, ...(admin === null ? [] : [admin])]) {
    const administrator = administratorLogin(login, docs, entries);
    if (login.kind !== "owner" && administrator === null) continue;
    try {
      const session = await rotator.server.open(target, [administrator ?? { user: target.login, secret: part }], wire);
      try {
        await session.may(old);
        return login;
      } finally {
        await session.close();
      }
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new UnsprawlError("denied", "no login is known that may change it", rotator.about.needs);
}

/** `PostgreSQL, app at db:5432`. */
function checkedBy({ about }: Rotator, { at, login }: RotationTarget): string {
  if (at === null) return about.title;
  return `${about.title}, ${login} at ${at.host}:${at.port}`;
}
