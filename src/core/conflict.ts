import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type StoreKey } from "../model/plan.ts";
import type { EntryUse } from "./journal/uses.ts";
import type { PlanInput, PlanTools } from "./plan-input.ts";

/**
 * Checks whether a unit may replace another value in the store: only with `--overwrite`, and never an entry that others
 * use, who would get this unit's secret at their next render. Throws `conflict`.
 */
export async function mustBeReplaceable(
  key: StoreKey,
  unit: string,
  { overwrite, mapping }: Pick<PlanInput, "overwrite" | "mapping">,
  { usersOf }: Pick<PlanTools, "usersOf">,
): Promise<void> {
  mustBeFree(key, await usersOf(key, unit));
  if (overwrite || mapping?.overwrite === true) return;
  throw new UnsprawlError(
    "conflict",
    `the store holds another value at ${storeKeyText(key)}`,
    "--overwrite replaces it (the old value is kept beside it until scrub)",
  );
}

/** Throws `conflict` if others use the entry. */
export function mustBeFree(key: StoreKey, users: readonly string[]): void {
  if (users.length === 0) return;
  const more = users.length > LISTED ? `, and ${users.length - LISTED} more` : "";
  throw new UnsprawlError(
    "conflict",
    `${storeKeyText(key)} holds another value, which ${users.slice(0, LISTED).join(", ")}${more} ${users.length === 1 ? "uses" : "use"}`,
    cmd`give each its own place: ${bare("{project} and {subject}")} in the store's path, or another store`,
  );
}

/** A run that uses an entry, for people. */
export function userText({ run, unit }: Pick<EntryUse, "run" | "unit">): string {
  return unit === "" ? `run ${run}, whose journal is not valid,` : `${unit} (run ${run})`;
}

const LISTED = 3;
