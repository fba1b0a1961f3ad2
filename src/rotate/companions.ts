import type { RotationTarget } from "../contract/rotator.ts";
import { nameOf } from "../engine/names.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotatedEntry } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";
import type { IsBeside } from "./owners.ts";
import type { EnginePlace } from "./places.ts";
import type { SecretHolder } from "./surroundings.ts";
import type { StoredEntry } from "./types.ts";

/** An entry that changes together with a secret, and as what. */
export type CompanionEntry = StoredEntry & { readonly role: NonNullable<RotatedEntry["role"]> };

/**
 * The entries of the secret's containers that change together with it: the public half of its pair, and the list in which the
 * application looks for earlier values, if that is stored too. Throws `refused` if a container has no such half in the store.
 */
export function companionsOf(
  { pair, previous, login }: RotationTarget,
  entries: readonly StoredEntry[],
  having: readonly SecretHolder[],
  places: readonly EnginePlace[],
  beside: IsBeside,
): readonly CompanionEntry[] {
  const held = having.map((holder) => ({ holder, own: referencesOf(holder, places) }));
  const isHeld = ({ move }: StoredEntry): boolean =>
    beside(move.reference) && held.some(({ own }) => own.has(move.reference));
  const isHalf = ({ move, value }: StoredEntry): boolean =>
    move.name === pair || (login !== "" && value.equals(Secret.of(login)));
  const halves = pair === null ? [] : entries.filter((entry) => isHeld(entry) && isHalf(entry));
  const without = held.find(({ own }) => !halves.some(({ move }) => own.has(move.reference)));
  if (pair !== null && without !== undefined) {
    const { doc, other } = without.holder;
    throw new UnsprawlError(
      "refused",
      `it goes together with ${pair}, which ${nameOf(doc)} does not have from the store`,
      cmd`${bare(other === null ? "" : cmd`DOCKER_HOST=${other.address} `)}unsprawl migrate docker:${nameOf(doc)} --only ${pair}, then: unsprawl rotate again`,
    );
  }
  const lists = entries.filter((entry) => isHeld(entry) && entry.move.name === previous?.variable);
  return [
    ...halves.map((entry) => ({ ...entry, role: "pair" as const })),
    ...lists.map((entry) => ({ ...entry, role: "previous" as const })),
  ];
}

/** All that a container has from stores. */
function referencesOf({ doc, other }: SecretHolder, places: readonly EnginePlace[]): ReadonlySet<string> {
  const holders = places.filter((place) => place.other === other).flatMap((place) => place.holders);
  return new Set(holders.filter(({ name }) => name === nameOf(doc)).flatMap(({ references }) => references));
}
