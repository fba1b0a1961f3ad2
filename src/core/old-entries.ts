import type { StoreEntry } from "../contract/provider.ts";
import type { ReferenceHolder } from "../contract/reference-holder.ts";
import { UnsprawlError } from "../model/error.ts";
import { valueKey, type Plan, type PutStep, type Step } from "../model/plan.ts";
import { userText } from "./conflict.ts";
import { holding } from "./entry-users.ts";
import type { Journal } from "./journal/journal.ts";
import { isOnEngine, usesOfRuns } from "./journal/uses.ts";
import { oldEntry, oneEntry } from "./one-entry.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** Why the old entry of a step must stay in its store, for people; null if it may be removed, or the step has none. */
export type StayingEntries = (step: Step) => Promise<string | null>;

/**
 * Looks at the entries that a run from store to store has left in the old store: one that may be the new one by another name
 * stays, as it would be the last, and so does one that is still used.
 */
export function stayingEntries({ plan, record }: Pick<Journal, "plan" | "record">, tools: ApplyTools): StayingEntries {
  const puts = new Map(
    plan.steps.flatMap((step) => (step.kind === "put" ? [[valueKey(step.move), step] as const] : [])),
  );
  let known: Promise<Users> | null = null;
  return async (step) => {
    if (step.kind !== "put") return null;
    const old = await oldEntry(step.move, step.unit, tools.migration);
    if (old === null) return null;
    const isTwo = await isApart(step, old);
    const reference = step.move.location.path;
    if (!isTwo) return `${reference} stays: it may be the entry that it was moved to, by another name; ${BY_HAND}`;
    const [user] = (await (known ??= usersOf(plan, tools)))(old);
    return user === undefined ? null : `${reference} stays: ${user} still uses it; ${BY_HAND}`;
  };

  async function isApart(step: PutStep, old: StoreEntry): Promise<boolean> {
    const { provider } = tools;
    // What this run created, or replaced, was not there when the old value was.
    const before = record.last(step.id)?.["before"];
    const isOwn = before === "absent" || before === "other";
    if (!isOwn && (await oneEntry(old, { provider, key: step.move.key })) !== "two") return false;
    // Within one store the place of one entry may be the new place of another.
    const other = puts.get(valueKey(old));
    if (other === undefined || other === step) return true;
    return (await oneEntry(old, { provider, key: other.move.key })) === "two";
  }
}

const BY_HAND = "remove it in that store once you know that nothing needs it";

type Users = (entry: StoreEntry) => readonly string[];

/** Who is known to read entries: units that other runs have moved, and containers of this host's engine. */
async function usersOf(plan: Plan, tools: ApplyTools): Promise<Users> {
  const uses = usesOfRuns(tools, plan.id);
  const holders = await tools.holders().catch(noEngine);
  return ({ provider, key }) => [
    // An entry that went from store to store has no reader in its run.
    ...uses(provider.target, key)
      .filter(({ engine, unit }) => unit === "" || isOnEngine(engine) || engine === "files")
      .map(userText),
    ...holding(holders, key, provider),
  ];
}

/** Who moves between stores may have no engine. */
function noEngine(error: unknown): readonly ReferenceHolder[] {
  if (error instanceof UnsprawlError && error.code === "unreachable") return [];
  throw error;
}
