import type { Where } from "../../../src/model/location.ts";
import { isNameLike, Secret } from "../../../src/model/secret.ts";
import type { FilledVariable } from "../../../src/files/words/literal-places.ts";
import { variablesOf } from "../syntax/environment.ts";
import type { ComposeProject, ComposeService } from "../syntax/project.ts";
import { wordDefinitions } from "./defined.ts";

/** The variables of `${…}` in each service's command, entrypoint and health check, whatever base or file they stand in. */
export function wordSources({ services }: ComposeProject): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const service of services.values()) {
    const own = wordDefinitions(service).flatMap(({ texts }) => texts.flatMap(({ uses }) => uses));
    if (own.length > 0) found.set(service.name, new Set(own.map(({ name }) => name)));
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
        const same =
          text === null ? [] : own.filter((one) => one.value.equals(Secret.of(text)) && mayFill(project, source, one));
        const [first] = [...same.filter(({ name }) => name === source), ...same];
        return first === undefined || text === null ? [] : [[source, { name: first.name, text }] as const];
      });
      return [service, new Map(found)];
    }),
  );
}

/**
 * Whether `${source}` of the same value as a variable is that variable: one that is like a name may be a user's too, as in
 * `-u${DB_USER} -p${DB_PASSWORD}`, and counts where it is filled into a variable of that name.
 */
export function mayFill(
  { services }: ComposeProject,
  source: string,
  { name, value }: Pick<FilledVariable, "name" | "value">,
): boolean {
  if (source === name || !isNameLike(value)) return true;
  return [...services.values()].some((service) =>
    (variablesOf(service).get(name) ?? []).some(({ uses }) => uses.includes(source)),
  );
}

/**
 * What Compose fills in for a variable; for one that is unset, what it became by its default in a variable of the service, or
 * in its words: `--requirepass ${REDIS_PASSWORD:-redis}`.
 */
export function sourceText(project: ComposeProject, source: string, service: string): string | null {
  const set = project.lookup(source) ?? "";
  if (set !== "") return set;
  const own = project.services.get(service);
  if (own === undefined) return null;
  const places = [...variablesOf(own).values()].flatMap((all) => all.at(-1) ?? []);
  const ofVariable = places
    .filter(({ uses }) => uses.includes(source))
    .flatMap((place) =>
      place.parts.flatMap(({ name, start, end }) => (name === source ? (place.value?.slice(start, end) ?? "") : "")),
    )
    .find((text) => text !== "");
  return ofVariable ?? defaultInWords(own, source);
}

/** The text that a service's words have by the default of an unset variable; null if they have none, or several. */
function defaultInWords(service: ComposeService, source: string): string | null {
  const found = wordDefinitions(service).flatMap(({ texts }) =>
    texts.flatMap(({ value, uses }) =>
      uses.flatMap(({ name, filled }) =>
        name === source && filled !== null ? value.slice(filled.start, filled.end) : [],
      ),
    ),
  );
  const [text = "", ...others] = new Set(found);
  return text === "" || others.length > 0 ? null : text;
}
