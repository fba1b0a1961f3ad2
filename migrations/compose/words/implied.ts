import type { Selected } from "../../../src/contract/migration.ts";
import { valuesByName, type Move } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { sourceText, wordSources, type FilledVariable } from "./uses.ts";

export type ByService = ReadonlyMap<string, readonly Selected[]>;

/**
 * What moves, and beside it the same values for services whose command or health check they are filled into: a Redis that
 * is started with the password of its clients gets it from the place in the store that is the clients'. `implied` are those.
 */
export function withImplied(
  project: ComposeProject,
  byService: ByService,
): { readonly all: ByService; readonly implied: ReadonlySet<Selected> } {
  const moving = [...byService.values()].flat();
  const all = new Map([...byService].map(([service, own]) => [service, [...own]] as const));
  const implied = new Set<Selected>();
  for (const [service, sources] of wordSources(project)) {
    for (const source of sources) {
      const text = sourceText(project, source, service);
      if (text === null) continue;
      const value = Secret.of(text);
      const same = (one: Selected): boolean => one.value.equals(value);
      if (all.get(service)?.some(same) === true) continue;
      const free = moving.filter((one) => same(one) && !has(project, service, one.move.name));
      const found = free.find(({ move }) => move.name === source) ?? free[0];
      if (found === undefined) continue;
      // Another object: what stays in one service may move in the other.
      const clone = { ...found, move: { ...found.move } };
      implied.add(clone);
      all.set(service, [...(all.get(service) ?? []), clone]);
    }
  }
  return { all, implied };
}

/** Whether the project's files set this variable of a service. */
export function has({ services }: ComposeProject, service: string, name: string): boolean {
  const found = services.get(service);
  return found !== undefined && variables(found, () => undefined).has(name);
}

/** What a step gives to a service, as variables. */
export function givenTo(moves: readonly Move[], values: ReadonlyMap<string, Secret>): readonly FilledVariable[] {
  return [...valuesByName(moves, values)].map(([name, value]) => ({ name, value }));
}

/** What each service is given, as variables. */
export function givenBy(byService: ByService): ReadonlyMap<string, readonly FilledVariable[]> {
  return new Map(
    [...byService].map(([service, own]) => [service, own.map(({ move, value }) => ({ name: move.name, value }))]),
  );
}
