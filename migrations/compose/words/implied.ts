import type { Selected } from "../../../src/contract/migration.ts";
import { valuesByName, type Move } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { variablesOf } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { secretTest } from "../rewrite/carries.ts";
import { wordDefinitions } from "./defined.ts";
import type { FilledVariable } from "../../../src/files/words/literal-places.ts";
import { mayFill, sourceText, WORD_PLACES, wordSources } from "./uses.ts";

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
  const add = (service: string, found: Selected): void => {
    // Another object: what stays in one service may move in the other.
    const clone = { ...found, move: { ...found.move } };
    implied.add(clone);
    all.set(service, [...(all.get(service) ?? []), clone]);
  };
  for (const [service, sources] of wordSources(project)) {
    for (const source of sources) {
      const text = sourceText(project, source, service);
      if (text === null) continue;
      const value = Secret.of(text);
      const same = ({ move: { name }, value: its }: Selected): boolean =>
        its.equals(value) && mayFill(project, source, { name, value });
      if (all.get(service)?.some(same) === true) continue;
      const free = moving.filter((one) => same(one) && !has(project, service, one.move.name));
      const found = free.find(({ move }) => move.name === source) ?? free[0];
      if (found !== undefined) add(service, found);
    }
  }
  for (const [service, one] of inSameWords(project, byService))
    if (
      all.get(service)?.some(({ value }) => value.equals(one.value)) !== true &&
      !has(project, service, one.move.name)
    )
      add(service, one);
  return { all, implied };
}

/** The secrets that are written into words which other services run too, since a base or an anchor gives them to several. */
function inSameWords({ services }: ComposeProject, byService: ByService): readonly (readonly [string, Selected])[] {
  const users = Map.groupBy(
    [...services.values()].flatMap((service) => wordDefinitions(service)),
    ({ node }) => node,
  );
  return [...users.values()].flatMap((definitions) =>
    definitions.flatMap(({ service, texts }) =>
      (byService.get(service) ?? [])
        .filter(({ move, value }) => isOfWords(move) && texts.some(({ text }) => secretTest(value, null)(text)))
        .flatMap((one) => definitions.map((other) => [other.service, one] as const)),
    ),
  );
}

/** Whether the project's files set this variable of a service. */
export function has({ services }: ComposeProject, service: string, name: string): boolean {
  const found = services.get(service);
  return found !== undefined && variablesOf(found).has(name);
}

/** What a step gives to a service, as variables. */
export function givenTo(moves: readonly Move[], values: ReadonlyMap<string, Secret>): readonly FilledVariable[] {
  const ofWords = new Set(moves.filter(isOfWords).map(({ name }) => name));
  return [...valuesByName(moves, values)].map(([name, value]) => ({ name, value, isOfWords: ofWords.has(name) }));
}

/** What each service is given, as variables. */
export function givenBy(byService: ByService): ReadonlyMap<string, readonly FilledVariable[]> {
  return new Map(
    [...byService].map(([service, own]) => [
      service,
      own.map(({ move, value }) => ({ name: move.name, value, isOfWords: isOfWords(move) })),
    ]),
  );
}

const isOfWords = ({ location: { where } }: Move): boolean => WORD_PLACES.has(where);
