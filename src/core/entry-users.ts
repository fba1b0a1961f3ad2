import type { Provider } from "../contract/provider.ts";
import type { ReferenceHolder } from "../contract/reference-holder.ts";
import { UnsprawlError } from "../model/error.ts";
import type { PutStep, StoreKey } from "../model/plan.ts";
import { userText } from "./conflict.ts";
import type { Installation } from "./journal/journal.ts";
import { entryUses, isOnEngine, isOwnUse } from "./journal/uses.ts";
import type { EntryUsers } from "./plan-input.ts";

export type EntryUsersTools = {
  readonly installation: () => Installation;
  readonly provider: Provider;
  /** The id of the engine that the unit is on. */
  readonly engine: () => Promise<string>;
  /** The containers of that engine that hold references. */
  readonly holders: () => Promise<readonly ReferenceHolder[]>;
};

/**
 * Finds the users of a store entry: runs of this installation, and containers of the engine, which other installations
 * may have migrated.
 */
export function entryUsers({ installation, provider, engine, holders }: EntryUsersTools): EntryUsers {
  let held: Promise<readonly ReferenceHolder[]> | null = null;
  return async (key, unit) => {
    const on = await engine();
    const runs = entryUses(installation(), provider.target, key, "").filter(
      (use) => !isOwnUse(use, { unit, engine: on }),
    );
    const byRun = runs.map(userText);
    if (on !== null && !isOnEngine(on)) return byRun;
    const counted = new Set(runs.map(({ unit: of }) => of));
    const others = (await (held ??= holders())).filter((one) => !isOf(one, unit) && !counted.has(one.name));
    return [...byRun, ...holding(others, key, provider)];
  };
}

/**
 * Why an entry stays in the store once a unit is as it was before the run: containers that still refer to it, whoever
 * migrated them, and others that may, since what their value of this name refers to cannot be read. Where the run only
 * replaced the value, the unit itself had the entry before.
 */
export async function stillHolding(
  { move: { key, name }, unit, overwrite }: PutStep,
  { provider, holders }: Pick<EntryUsersTools, "provider" | "holders">,
): Promise<readonly string[]> {
  const all = await holders();
  const referring = holding(
    all.filter((one) => !overwrite || !isOf(one, unit)),
    key,
    provider,
  );
  const unread = all.filter((one) => !isOf(one, unit) && one.unread?.includes(name) === true);
  return [
    ...referring.map((one) => `${one} refers to it`),
    ...unread.map((one) => `container ${one.name} may refer to it, as its project's files cannot be read`),
  ];
}

/** The containers that refer to an entry. */
export function holding(all: readonly ReferenceHolder[], key: StoreKey, provider: Provider): readonly string[] {
  return all.flatMap(({ name, references }) =>
    references.some((reference) => names(reference, key, provider)) ? `container ${name}` : [],
  );
}

/** Whether a container belongs to a unit, which is the container itself or its project (`compose/shop`). */
function isOf({ name, project }: ReferenceHolder, unit: string): boolean {
  return name === unit || (project !== "" && unit.endsWith(`/${project}`));
}

function names(reference: string, key: StoreKey, provider: Provider): boolean {
  try {
    const found = provider.parse(reference);
    return found !== null && found.path === key.path && found.field === key.field;
  } catch (error) {
    if (error instanceof UnsprawlError) return false;
    throw error;
  }
}
