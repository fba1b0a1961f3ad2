import type { Migration } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";

/** Loads a migration by name; throws `malformed` if it does not exist. */
type LoadMigration = (name: string) => Promise<Migration>;

/** A migration that forwards each unit to the migration it belongs to, recorded in `assigned`. */
export type Router = Migration & { readonly assigned: ReadonlyMap<string, string> };

/**
 * Combines several migrations in one plan. A finding belongs to the first of `names` that has a unit for it; every
 * action on a unit goes to its migration. The last name is the plan's own migration, which is not recorded per unit.
 */
export function route(names: readonly string[], load: LoadMigration, plan: Plan | null): Router {
  const assigned = new Map<string, string>(Object.entries(plan?.migrations ?? {}));
  const own = plan?.migration ?? names.at(-1) ?? "";
  const used = new Set(plan?.steps.map(({ unit }) => assigned.get(unit) ?? own));
  const of = (unit: string): Promise<Migration> => load(assigned.get(unit) ?? own);
  const unitOf = (steps: readonly { readonly unit: string }[]): string => steps[0]?.unit ?? "";
  const first = async <T>(ask: (migration: Migration) => Promise<T | null>): Promise<[string, T] | null> => {
    for (const name of names) {
      const found = await ask(await load(name));
      if (found !== null) return [name, found];
    }
    return null;
  };
  return {
    name: own,
    assigned,
    async engine() {
      // One lock for the whole plan: the engine's, if any migration uses one.
      const engines = [];
      for (const name of names.filter((one) => used.has(one))) engines.push(await (await load(name)).engine());
      return engines.find(({ id }) => id !== FILES.id) ?? FILES;
    },
    async unit(finding) {
      const found = await first((migration) => migration.unit(finding));
      if (found === null) return null;
      const [name, unit] = found;
      const other = assigned.get(unit.name);
      if (used.has(name) && other !== undefined && other !== name) {
        throw new UnsprawlError("refused", `two things are called ${unit.name}`, "plan them one after the other");
      }
      used.add(name);
      if (name !== own) assigned.set(unit.name, name);
      return unit;
    },
    async refuses(finding, accept) {
      const found = await first((migration) => migration.unit(finding));
      return (await load(found?.[0] ?? own)).refuses(finding, accept);
    },
    async part(hit) {
      const found = await first((migration) => migration.unit(hit.finding));
      return (await (await load(found?.[0] ?? own)).part?.(hit)) ?? null;
    },
    along: async (unit, hits) => (await (await of(unit)).along?.(unit, hits)) ?? [],
    async names(finding) {
      const found = await first((migration) => migration.unit(finding));
      return (await load(found?.[0] ?? own)).names(finding);
    },
    plan: async (unit, selected, options) => (await of(unit)).plan(unit, selected, options),
    read: async (move, unit, lasting) => (await of(unit)).read(move, unit, lasting),
    entry: async (location, unit) => (await (await of(unit)).entry?.(location, unit)) ?? null,
    unchanged: async (step, whole) => (await of(step.unit)).unchanged(step, whole),
    perform: async (step, work) => (await of(step.unit)).perform(step, work),
    undo: async (steps, work) => (await of(unitOf(steps))).undo(steps, work),
    undoNeedsValues: async (steps, work) => (await (await of(unitOf(steps))).undoNeedsValues?.(steps, work)) ?? false,
    scrub: async (steps, work) => (await of(unitOf(steps))).scrub(steps, work),
    render: async (steps, values, whole, record) => (await of(unitOf(steps))).render(steps, values, whole, record),
  };
}

/** Plans that change only files have no engine; they share one lock. */
const FILES = { id: "files", address: "files" } as const;
