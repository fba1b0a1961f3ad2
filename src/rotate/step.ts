import type { Rotator, RotationTarget } from "../contract/rotator.ts";
import { nameOf } from "../engine/names.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Json } from "../model/json.ts";
import type { RotateStep } from "../model/plan.ts";
import { stepId } from "../model/step-id.ts";
import { otherPlaces, type EnginePlace } from "./places.ts";
import { holdsSecret, mustFit } from "./replaced.ts";
import { mustAllBeMoved, secretHolders, type SecretHolder } from "./surroundings.ts";
import { loginFor, targetAmong, type Around } from "./target.ts";
import type { StoredEntry } from "./types.ts";

/** The step for a secret. Throws why it cannot be rotated. */
export async function stepFor({ part }: StoredEntry, around: Around): Promise<RotateStep> {
  const { tools, entries, here, graceMs, healthTimeoutMs } = around;
  const same = entries.filter(({ value }) => holdsSecret(value, part));
  const elsewhere = around.elsewhere.filter(({ value }) => holdsSecret(value, part));
  const references = new Set([...same, ...elsewhere].map(({ move }) => move.reference));
  const others = await otherPlaces(references, around.moved, around.engineId, { ...tools, mayMiss: around.mayMiss });
  const moves = same.map(({ move }) => move);
  const having = [here, ...others].flatMap((place) => secretHolders(moves, place));
  for (const place of [here, ...others]) mustAllBeMoved([part, ...same.map(({ value }) => value)], place);
  mustBeInOneStore(elsewhere, [here, ...others]);
  if (tools.given !== undefined)
    mustFit(
      tools.given,
      part,
      same.map(({ value }) => value),
    );
  const { entry, reached, usesHostNetwork } = await targetAmong(
    tools.given === undefined ? knownHere(same, having) : same,
    having,
    around,
  );
  const { target, server } = reached;
  const isGiven = tools.given !== undefined;
  const rotator = await tools.rotator(target.rotator);
  if (!isGiven && (target.pair !== null || rotator.make === null))
    throw new UnsprawlError(
      "refused",
      `it goes together with ${target.pair ?? "another value"}, and two values are not changed at once yet`,
      rotator.about.page,
    );
  const login = isGiven
    ? ({ kind: "owner" } as const)
    : await loginFor(rotator, { ...reached, usesHostNetwork }, part, around);
  const { name, location } = entry.move;
  const unit = `${location.subjectName}/${name}`;
  return {
    ...{ id: stepId({ kind: "rotate", unit }), kind: "rotate", unit, name, rotator: target.rotator, login },
    target: target as unknown as { readonly [key: string]: Json },
    checkedBy: isGiven ? "its owner, who has given the new value" : checkedBy(rotator, target),
    ...(isGiven && { isGiven }),
    ...{ server: server === null ? null : nameOf(server), usesHostNetwork },
    overlap: isGiven ? "both" : rotator.about.overlap,
    entries: same.map(({ move, value }) => ({
      ...{ name: move.name, key: move.key, reference: move.reference },
      fingerprint: fingerprint(value, tools.installation().key),
    })),
    // The server takes its password from there only when its data is made: it is not restarted.
    consumers: having
      .filter(({ doc }) => doc.Id !== server?.Id)
      .map(({ doc, other, references: own }) => ({
        ...{ container: nameOf(doc), references: [...own], isRunning: doc.State.Running },
        ...(other !== null && { engine: other }),
      })),
    ...{ graceMs, healthTimeoutMs },
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
function checkedBy({ about }: Rotator, { at, login }: RotationTarget): string {
  if (at === null) return about.title;
  return `${about.title}, ${login} at ${at.host}:${at.port}`;
}
