import type { ReferenceHolder } from "../contract/reference-holder.ts";
import { isOnEngine } from "../core/journal/uses.ts";
import type { DoneMove } from "../core/moved.ts";
import { nameOf, RUNTIME_NAME } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import type { Move } from "../model/plan.ts";
import { isComposed, isOf, sourceOf } from "./reach.ts";
import type { SecretHolder } from "./surroundings.ts";

/*
 * Whose a moved value is. That a container names its reference says nothing: anybody may copy a label.
 */

/**
 * The containers of this engine whose surroundings say where a value is checked: those that it was moved from. Another one
 * would get the password at an address that it chose. A service of Compose is known by a label alone, which anybody may copy:
 * only its containers that were given the value count.
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
  const given = docs.filter(
    (doc) =>
      isResolved(doc, reference) ||
      holders.some(({ name, mounted = [] }) => name === nameOf(doc) && mounted.includes(reference)),
  );
  const named = docs.filter((doc) => locations.some((one) => !isComposed(one) && isOf(one, doc)));
  return given.length === 0 ? named : given;
}

/** Whether our OCI runtime, which asks whose a reference is, has given a container this value. */
function isResolved({ State, HostConfig, Config }: ContainerDoc, reference: string): boolean {
  return (
    State.Running &&
    HostConfig.Runtime === RUNTIME_NAME &&
    (Config.Env ?? []).some((one) => one.endsWith(`=${reference}`))
  );
}

/** Whether an entry was moved from where one of these was, by its reference. */
export function besideOf(same: readonly { readonly move: Move }[], moved: readonly DoneMove[]): IsBeside {
  const sourcesOf = (...references: readonly string[]): readonly string[] =>
    moved.filter(({ move }) => references.includes(move.reference)).map(({ move }) => sourceOf(move.location));
  const subjects = new Set(sourcesOf(...same.map(({ move }) => move.reference)));
  return (reference) => sourcesOf(reference).some((one) => subjects.has(one));
}

export type IsBeside = (reference: string) => boolean;
