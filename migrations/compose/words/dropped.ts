import { entry, follow, isMap } from "../../../src/kit/text/yaml-nodes.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ProjectDraft } from "../rewrite/draft.ts";
import type { ServiceChange } from "../rewrite/change.ts";
import { namesOf } from "../rewrite/change.ts";
import { home } from "../syntax/home.ts";
import type { ComposeProject, ComposeService } from "../syntax/project.ts";
import { wordDefinitions, type WordDefinition, type WordPlace } from "./defined.ts";

/**
 * Removes words that new ones in the services' own blocks replace from the bases and earlier files that define them, once
 * no other service runs them.
 */
export function dropReplaced(draft: ProjectDraft, project: ComposeProject, wishes: readonly ServiceChange[]): void {
  const users = usersByPair(project);
  const isReplaced = ({ service, place }: WordDefinition): boolean =>
    wishes.some((wish) => wish.service === service && replaces(wish, place));
  for (const definitions of users.values()) {
    const [first] = definitions;
    if (first === undefined || !definitions.every(isReplaced) || definitions.some((one) => isOwn(project, one, wishes)))
      continue;
    const key = first.place === "health" ? "test" : first.place;
    draft.drop(first.file, first.owner, first.pair, `${key}:`);
  }
}

/** Throws `Blocked` if a value that stood in the words of a service stays in a file, where other services run it too. */
export function mustBeGone(draft: ProjectDraft, project: ComposeProject, wishes: readonly ServiceChange[]): void {
  for (const { service, words } of wishes) {
    const found = project.services.get(service);
    for (const { name, value } of found === undefined ? [] : (words?.literals ?? [])) {
      const left = wordDefinitions(found as ComposeService).find(({ file, texts }) =>
        texts.some(({ text, start }) => text.includes(value) && !draft.covers(file.file, start)),
      );
      if (left === undefined || words?.names.has(name) !== true) continue;
      throw new Blocked(
        `the words of ${service} that hold ${name} are written once for several services, of which others keep them`,
        `write \${${name}} in its place, and ${name}=value into .env; docker compose up -d, then plan again`,
        (its, one) => its === service && one === name,
      );
    }
  }
}

function replaces({ words }: ServiceChange, place: WordPlace): boolean {
  return (place === "health" ? words?.health : place === "command" ? words?.command : words?.entrypoint) != null;
}

/** The definitions that one pair of a file is to services. */
function usersByPair({ services }: ComposeProject): ReadonlyMap<unknown, readonly WordDefinition[]> {
  return Map.groupBy(
    [...services.values()].flatMap((service) => wordDefinitions(service)),
    ({ pair }) => pair,
  );
}

/** Whether a pair stands in the block to which the service's new words go: they take its place. */
function isOwn(
  { services }: ComposeProject,
  { service, owner, place }: WordDefinition,
  wishes: readonly ServiceChange[],
): boolean {
  const names = wishes.flatMap((wish) => (wish.service === service ? namesOf(wish) : []));
  const at = home(services.get(service) as ComposeService, names);
  if (at === null) return false;
  if (place !== "health") return owner === at.map;
  const check = entry(at.map, "healthcheck", at.file);
  return check !== null && !check.shared && isMap(check.value) && follow(check.pair.value, at.file) === owner;
}
