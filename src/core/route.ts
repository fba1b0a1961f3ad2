import type { Migration } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";

/** Loads a migration by its name; throws `malformed` for one that does not exist. */
type LoadMigration = (name: string) => Promise<Migration>;

/** A migration that hands each unit to the one it belongs to, and knows which. */
export type Router = Migration & { readonly assigned: ReadonlyMap<string, string> };

/**
 * Stands for several migrations in one plan: each finding goes to the first of `names` that has a unit for it, and
 * everything that is done for a unit goes to its migration. The last name is the plan's own, which needs no entry.
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
      // One lock for all: what works on an engine is told by it, the rest by its own name.
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
    async names(finding) {
      const found = await first((migration) => migration.unit(finding));
      return (await load(found?.[0] ?? own)).names(finding);
    },
    plan: async (unit, selected, options) => (await of(unit)).plan(unit, selected, options),
    read: async (move, unit) => (await of(unit)).read(move, unit),
    unchanged: async (step, whole) => (await of(step.unit)).unchanged(step, whole),
    perform: async (step, work) => (await of(step.unit)).perform(step, work),
    undo: async (steps, work) => (await of(unitOf(steps))).undo(steps, work),
    scrub: async (steps, work) => (await of(unitOf(steps))).scrub(steps, work),
    render: async (steps, values, whole, record) => (await of(unitOf(steps))).render(steps, values, whole, record),
  };
}

/** Where nothing but files is changed there is no engine; one lock keeps runs on them apart. */
const FILES = { id: "files", address: "files" } as const;
