import type { Where } from "../../../src/model/location.ts";
import { Secret } from "../../../src/model/secret.ts";
import { projectTexts, variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";

/** The variables of `${…}` in each service's command, entrypoint and health check. */
export function wordSources(project: ComposeProject): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { keys, uses, file } of projectTexts(project, () => undefined)) {
    const service = project.yaml.has(file.file) ? serviceOfWords(keys) : null;
    if (service === null || uses.length === 0) continue;
    const own = found.get(service) ?? new Set();
    found.set(service, own);
    for (const name of uses) own.add(name);
  }
  return found;
}

/** The service that runs the words at these keys of a Compose file; null for other places. */
export function serviceOfWords([top, service, key, below]: readonly (string | number)[]): string | null {
  if (top !== "services" || typeof service !== "string") return null;
  return key === "command" || key === "entrypoint" || (key === "healthcheck" && below === "test") ? service : null;
}

/** Places of a container in which a service's words are. */
export const WORD_PLACES: ReadonlySet<Where> = new Set(["cmd", "entrypoint", "healthcheck"]);

/** A variable that a service is given, with its value. */
export type FilledVariable = { readonly name: string; readonly value: Secret };

/** By the variable of `${…}`: the service's variable of the same value, and that value. */
export type FilledSources = ReadonlyMap<string, { readonly name: string; readonly text: string }>;

/** Which of the variables that fill a service's words it has itself, once it is given these. */
export function filledSources(
  project: ComposeProject,
  given: ReadonlyMap<string, readonly FilledVariable[]>,
): ReadonlyMap<string, FilledSources> {
  const used = wordSources(project);
  return new Map(
    [...given].map(([service, own]) => {
      const found = [...(used.get(service) ?? [])].flatMap((source) => {
        const text = sourceText(project, source, service);
        const same = text === null ? [] : own.filter(({ value }) => value.equals(Secret.of(text)));
        const [first] = [...same.filter(({ name }) => name === source), ...same];
        return first === undefined || text === null ? [] : [[source, { name: first.name, text }] as const];
      });
      return [service, new Map(found)];
    }),
  );
}

/** What Compose fills in for a variable; for one that is unset, what a variable of the service became by its default. */
export function sourceText(project: ComposeProject, source: string, service: string): string | null {
  const set = project.lookup(source) ?? "";
  if (set !== "") return set;
  const own = project.services.get(service);
  const places =
    own === undefined ? [] : [...variables(own, () => undefined).values()].flatMap((all) => all.at(-1) ?? []);
  return places.find(({ uses, value }) => uses.includes(source) && value !== null && value !== "")?.value ?? null;
}
