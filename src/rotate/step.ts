import type { Rotator, RotationTarget } from "../contract/rotator.ts";
import { nameOf } from "../engine/names.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { RotatedConsumer, RotatedEntry, RotateStep } from "../model/plan.ts";
import { stepId } from "../model/step-id.ts";
import { companionsOf, type CompanionEntry } from "./companions.ts";
import { besideOf } from "./owners.ts";
import { otherPlaces, type EnginePlace } from "./places.ts";
import { givenValue, holdsSecret, mustFit } from "./replaced.ts";
import { mustAllBeMoved, secretHolders, type SecretHolder } from "./surroundings.ts";
import { loginFor, targetAmong, type Around } from "./target.ts";
import type { StoredEntry } from "./types.ts";

/** The step for a secret. Throws why it cannot be rotated. */
export async function stepFor({ part }: StoredEntry, around: Around): Promise<RotateStep> {
  const { tools, entries, here, graceMs, healthTimeoutMs } = around;
  const same = entries.filter(({ value }) => holdsSecret(value, part));
  const places = [here, ...(await placesBeside(part, same, around))];
  const having = holdersOf(same, places);
  if (tools.given !== undefined) mustFit(givenValue(tools.given, part), part, valuesOf(same));
  const isGiven = tools.given !== undefined;
  const found = await targetAmong(isGiven ? same : knownHere(same, having), having, around);
  const { target, server } = found.reached;
  const rotator = await tools.rotator(target.rotator);
  const beside = companionsOf(target, entries, having, places, besideOf(same, around.moved));
  const halves = beside.filter(({ role }) => role === "pair");
  for (const place of places) mustAllBeMoved(valuesOf(halves), place);
  const { usesHostNetwork } = found;
  const login = isGiven
    ? ({ kind: "owner" } as const)
    : await loginFor(rotator, { ...found.reached, usesHostNetwork }, part, around);
  const { name, location } = found.entry.move;
  const unit = `${location.subjectName}/${name}`;
  const own = same.filter(({ move }) => !beside.some((one) => one.move === move));
  return {
    ...{ id: stepId({ kind: "rotate", unit }), kind: "rotate", unit, name, rotator: target.rotator, login },
    // The public half of a pair was moved, too: no plan holds it.
    target: { ...target, login: target.pair === null ? target.login : "" },
    checkedBy: isGiven ? "its owner, who has given the new value" : checkedBy(rotator, target),
    ...(isGiven && { isGiven }),
    ...{ server: server === null ? null : nameOf(server), usesHostNetwork },
    overlap: isGiven ? "both" : rotator.about.overlap,
    entries: [...own, ...beside].map((entry) => rotatedEntry(entry, tools.installation().key)),
    // The server takes its password from there only when its data is made: it is not restarted.
    consumers: holdersOf([...own, ...beside], places)
      .filter(({ doc }) => doc.Id !== server?.Id)
      .map(rotatedConsumer),
    ...{ graceMs, healthTimeoutMs },
  };
}

/** The other engines that containers of a secret are on. Throws `refused` for one that would be locked out there or here. */
async function placesBeside(
  part: StoredEntry["part"],
  same: readonly StoredEntry[],
  { tools, here, elsewhere, moved, engineId, mayMiss }: Around,
): Promise<readonly EnginePlace[]> {
  const other = elsewhere.filter(({ value }) => holdsSecret(value, part));
  const references = new Set([...same, ...other].map(({ move }) => move.reference));
  const places = await otherPlaces(references, moved, engineId, { ...tools, mayMiss });
  for (const place of [here, ...places]) mustAllBeMoved([part, ...valuesOf(same)], place);
  mustBeInOneStore(other, [here, ...places]);
  return places;
}

const valuesOf = (entries: readonly StoredEntry[]): readonly StoredEntry["value"][] =>
  entries.map(({ value }) => value);

function holdersOf(entries: readonly StoredEntry[], places: readonly EnginePlace[]): readonly SecretHolder[] {
  const moves = entries.map(({ move }) => move);
  return places.flatMap((place) => secretHolders(moves, place));
}

function rotatedEntry({ move, value, role }: StoredEntry & Partial<CompanionEntry>, key: FingerprintKey): RotatedEntry {
  const { name, reference } = move;
  return {
    ...{ name, key: move.key, reference, fingerprint: fingerprint(value, key) },
    ...(role !== undefined && { role }),
  };
}

function rotatedConsumer({ doc, other, references }: SecretHolder): RotatedConsumer {
  return {
    ...{ container: nameOf(doc), references: [...references], isRunning: doc.State.Running },
    ...(other !== null && { engine: other }),
  };
}

/** The entries that do not belong to other engines' containers alone: what those name is meant from there. */
function knownHere(same: readonly StoredEntry[], having: readonly SecretHolder[]): readonly StoredEntry[] {
  return same.filter(({ move }) => {
    const own = having.filter(({ references }) => references.has(move.reference));
    return own.length === 0 || own.some(({ other }) => other === null);
  });
}

/** Throws `refused` if a container gets the same secret from another store: it would be locked out. */
function mustBeInOneStore(elsewhere: readonly StoredEntry[], places: readonly EnginePlace[]): void {
  const held = new Set(places.flatMap(({ holders }) => holders).flatMap(({ references }) => references));
  const other = elsewhere.find(({ move }) => held.has(move.reference));
  if (other === undefined) return;
  const { name, location, reference } = other.move;
  throw new UnsprawlError(
    "refused",
    `${name} of ${location.subjectName} is the same secret in another store, and would be locked out: ${reference}`,
    "move both to one store, or change it there first; then: unsprawl rotate again",
  );
}

/** `PostgreSQL, app at db:5432`. */
function checkedBy({ about }: Rotator, { at, login, pair }: RotationTarget): string {
  if (at === null) return about.title;
  if (pair !== null) return `${about.title}, at ${at.host}:${at.port}`;
  return `${about.title}, ${login} at ${at.host}:${at.port}`;
}
