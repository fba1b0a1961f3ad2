import type { ReferenceHolder } from "../contract/reference-holder.ts";
import { isOnEngine } from "../core/journal/uses.ts";
import type { DoneMove } from "../core/moved.ts";
import { nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import type { Move } from "../model/plan.ts";
import { isOf, sourceOf } from "./reach.ts";
import type { SecretHolder } from "./surroundings.ts";

/*
 * Whose a moved value is. That a container names its reference says nothing: anybody may copy a label.
 */

/**
 * The containers of this engine whose surroundings say where a value is checked: those that it was moved from. Another one
 * would get the password at an address that it chose. A service of Compose is known by a label, too: its containers that mount
 * the value go first.
 */
export function ownersOf(
  { reference }: Move,
  moved: readonly DoneMove[],
  having: readonly SecretHolder[],
  { engineId, holders }: { readonly engineId: string; readonly holders: readonly ReferenceHolder[] },
): readonly ContainerDoc[] {
  const locations = moved
    .filter(({ plan }) => plan.engine.id === engineId || !isOnEngine(plan.engine.id))
    .flatMap(({ move }) => (move.reference === reference ? move.location : []));
  const docs = having
    .filter(({ other, references }) => other === null && references.has(reference))
    .map(({ doc }) => doc)
    .filter((doc) => locations.some((location) => isOf(location, doc)));
  const mounting = docs.filter((doc) =>
    holders.some(({ name, mounted = [] }) => name === nameOf(doc) && mounted.includes(reference)),
  );
  return mounting.length === 0 ? docs : mounting;
}

/** Whether an entry was moved from where one of these was, by its reference. */
export function besideOf(same: readonly { readonly move: Move }[], moved: readonly DoneMove[]): IsBeside {
  const sourcesOf = (...references: readonly string[]): readonly string[] =>
    moved.filter(({ move }) => references.includes(move.reference)).map(({ move }) => sourceOf(move.location));
  const subjects = new Set(sourcesOf(...same.map(({ move }) => move.reference)));
  return (reference) => sourcesOf(reference).some((one) => subjects.has(one));
}

export type IsBeside = (reference: string) => boolean;
