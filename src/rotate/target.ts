import type { RotationTarget, Rotator } from "../contract/rotator.ts";
import type { DoneMove } from "../core/moved.ts";
import type { Engine } from "../engine/engine.ts";
import { plainVariable } from "../engine/facts.ts";
import { nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { bare, cmd, shellLine } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Location } from "../model/location.ts";
import { isNameLike } from "../model/secret.ts";
import type { RotatingLogin } from "../model/rotating-login.ts";
import { ownersOf } from "./owners.ts";
import type { EnginePlace } from "./places.ts";
import {
  administratorLogin,
  BY_HAND,
  isNamedFromElsewhere,
  firstInitLogin,
  reachedFrom,
  sourceOf,
  type ReachedTarget,
} from "./reach.ts";
import type { SecretHolder } from "./surroundings.ts";
import type { RotateTools, StoredEntry } from "./types.ts";
import { wireOf } from "./wire.ts";

/** What a step is planned from. */
export type Around = {
  readonly tools: RotateTools;
  readonly engine: Engine;
  readonly engineId: string;
  readonly here: EnginePlace;
  readonly entries: readonly StoredEntry[];
  /** All that was moved, on every engine. */
  readonly moved: readonly DoneMove[];
  readonly mayMiss: boolean;
  /** Whether a person has named what an entry was moved from. */
  readonly isNamed: (location: Location) => boolean;
  /** What containers here get from other stores. */
  readonly elsewhere: readonly StoredEntry[];
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  readonly signal: AbortSignal;
};

type FoundTarget = {
  readonly entry: StoredEntry;
  readonly reached: ReachedTarget;
  /** Whether the container that names the server uses this host's own network. */
  readonly usesHostNetwork: boolean;
};

/**
 * The first entry whose surroundings say where the secret is checked. Throws `refused` with what is missing, and if equal
 * values are checked in several places: nothing says which of them the others are for.
 */
export async function targetAmong(
  same: readonly StoredEntry[],
  having: readonly SecretHolder[],
  around: Around,
): Promise<FoundTarget> {
  const { tools, engine, engineId, here, moved } = around;
  const found: FoundTarget[] = [];
  let missing: string | null = null;
  const placed = same.flatMap((entry) => {
    const owners = ownersOf(entry.move, moved, having, { engineId, holders: here.holders });
    return (owners.length === 0 ? [null] : owners).map((doc) => ({ entry, doc }));
  });
  // Those of containers first: what a file names is meant from where it is used, which nobody here knows.
  for (const { entry, doc } of placed.toSorted((a, b) => Number(a.doc === null) - Number(b.doc === null))) {
    const target = await tools.targetOf({
      ...{ name: entry.move.name, part: entry.part, value: entry.value },
      variables: variablesOf(doc, entry, around),
    });
    if (target === null || typeof target === "string") missing ??= target;
    else {
      if (doc === null && found.length > 0 && isNamedFromElsewhere(target)) continue;
      const isGiven = tools.given !== undefined;
      const reached = isGiven ? { target, server: null } : reachedFrom(engine, target, doc, here.docs);
      found.push({ entry, reached, usesHostNetwork: usesHost(engine, doc) });
    }
  }
  const places = [...new Map(found.map((one) => [placeText(one.reached.target), one])).values()];
  const [first, second] = places;
  if (first !== undefined && second !== undefined)
    throw new UnsprawlError(
      "refused",
      `the same value is checked in several places: ${placeText(first.reached.target)}, ${placeText(second.reached.target)}`,
      "change it in one of them first, so that the two differ",
    );
  const isKnown = same.every((one) => found.some(({ entry }) => entry === one));
  mustBeOneSecret(same, isKnown, around);
  const [any] = same;
  if (tools.given !== undefined && any !== undefined)
    return { entry: any, reached: { target: GIVEN, server: null }, usesHostNetwork: false };
  if (first !== undefined) return first;
  throw new UnsprawlError(
    "refused",
    missing === null ? "nothing here knows where it is checked" : `where it is checked is not known: ${missing}`,
    BY_HAND,
  );
}

/**
 * Throws `refused` for a value that two people may have chosen, in entries of several subjects: unless each names the same
 * server (`isKnown`), or a person has named each subject.
 */
function mustBeOneSecret(same: readonly StoredEntry[], isKnown: boolean, { isNamed }: Around): void {
  const subjects = new Map(same.map(({ move: { location } }) => [sourceOf(location), location]));
  const isChosen = same.some(({ part }) => isNameLike(part) || part.length < CHOSEN);
  if (isKnown || !isChosen || subjects.size < 2 || [...subjects.values()].every(isNamed)) return;
  throw new UnsprawlError(
    "refused",
    `${[...subjects.keys()].join(" and ")} have the same short value, which may be different secrets`,
    cmd`if it is one secret: unsprawl rotate ${bare(shellLine([...subjects.keys()]))}; otherwise change one of them first`,
  );
}

/** A value as short as this may be a word that several people came to. */
const CHOSEN = 12;

/** Whether a container is in the network of the host that this process runs on. */
function usesHost({ connection }: Engine, doc: ContainerDoc | null): boolean {
  return doc?.HostConfig.NetworkMode === "host" && connection.via === "unix";
}

/** No server is asked about a value that a person has got there. */
const GIVEN: RotationTarget = {
  ...{ rotator: "application", at: null, login: "", database: "", pair: null, previous: null, details: {} },
};

const placeText = ({ rotator, at, login }: RotationTarget): string =>
  at === null ? rotator : `${rotator}, ${login} at ${at.host}:${at.port}`;

/** What the container has beside an entry: its plain variables, and the other entries that it holds by reference. */
function variablesOf(
  doc: ContainerDoc | null,
  entry: StoredEntry,
  { here: { holders }, entries }: Around,
): readonly { name: string; value: StoredEntry["value"] }[] {
  if (doc === null) return [{ name: entry.move.name, value: entry.value }];
  const plain = (doc.Config.Env ?? []).flatMap((text) => {
    const name = text.split("=", 1)[0] ?? "";
    const value = plainVariable(doc, name);
    return value === null ? [] : [{ name, value }];
  });
  const own = holders.filter(({ name }) => name === nameOf(doc)).flatMap(({ references }) => references);
  const moved = entries.filter(({ move }) => own.includes(move.reference));
  return [...plain, ...moved.map(({ move, value }) => ({ name: move.name, value }))];
}

/** Who may change it: its owner, or the server's administrator. Throws `denied` if neither may. */
export async function loginFor(
  rotator: Rotator,
  { target, server, usesHostNetwork }: ReachedTarget & { readonly usesHostNetwork: boolean },
  part: StoredEntry["part"],
  { tools, here: { docs, holders }, entries, signal }: Around,
): Promise<RotatingLogin> {
  if (rotator.server === null) return { kind: "owner" };
  const old = { id: null, secret: part };
  const wire = wireOf(tools, { server: server === null ? null : nameOf(server), usesHostNetwork }, signal);
  const admin = firstInitLogin(server, rotator.about);
  let refusal: UnsprawlError | null = null;
  for (const login of [{ kind: "owner" } as const, ...(admin === null ? [] : [admin])]) {
    const administrator = administratorLogin(login, docs, entries, holders);
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
      if (!(error instanceof UnsprawlError)) throw error;
      if (error.code === "unreachable")
        throw new UnsprawlError(
          "unreachable",
          error.message,
          cmd`${bare(error.hint ?? "unsprawl doctor")}; or ${bare(BY_HAND)}`,
        );
      if (error.code !== "denied") throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new UnsprawlError("denied", "no login is known that may change it", rotator.about.needs);
}
