import { nameOf } from "../engine/names.ts";
import { findValues } from "../engine/traces.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotatedEntry } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { EnginePlace } from "./places.ts";

export type SecretHolder = {
  readonly doc: ContainerDoc;
  readonly references: ReadonlySet<string>;
  /** The engine that it is on; null for the plan's own. */
  readonly other: EnginePlace["other"];
};

/** The containers that have one of these entries by its reference. Throws `refused` if one cannot be read, and may. */
export function secretHolders(
  entries: readonly Pick<RotatedEntry, "name" | "reference">[],
  { docs, holders, other }: EnginePlace,
): readonly SecretHolder[] {
  const wanted = new Set(entries.map(({ reference }) => reference));
  const found = new Map<string, Set<string>>();
  for (const { name, references, unread = [] } of holders) {
    if (entries.some((one) => unread.includes(one.name)))
      throw new UnsprawlError(
        "refused",
        `what ${name} gets cannot be read, and may be this`,
        cmd`unsprawl doctor, then: unsprawl rotate again`,
      );
    const own = references.filter((one) => wanted.has(one));
    if (own.length > 0) found.set(name, new Set([...(found.get(name) ?? []), ...own]));
  }
  return [...found].flatMap(([name, references]) => {
    const doc = docs.find((one) => nameOf(one) === name);
    return doc === undefined ? [] : [{ doc, references, other }];
  });
}

/** Throws `refused` if a container still has one of these values in its configuration: it would be locked out. */
export function mustAllBeMoved(values: readonly Secret[], { docs, other }: EnginePlace): void {
  const has = (doc: ContainerDoc): boolean =>
    findValues({ Config: doc.Config }, values).some((places) => places.size > 0);
  const first = docs.find(has);
  if (first === undefined) return;
  throw new UnsprawlError(
    "refused",
    `${nameOf(first)}${other === null ? "" : ` on ${other.address}`} has it in its configuration and would be locked out`,
    cmd`${bare(other === null ? "" : cmd`DOCKER_HOST=${other.address} `)}unsprawl migrate docker:${nameOf(first)}, then: unsprawl rotate again`,
  );
}
