import type { MovingAlong } from "../../../src/contract/migration.ts";
import { isNameLike, Secret, SecretIndex } from "../../../src/model/secret.ts";
import { variablesOf, type VariablePlace } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";

/** A service's variable that moves. */
export type LeaderVariable = { readonly service: string; readonly name: string; readonly value: Secret };

/** One that has the value of the moved variable `like`, an index. `within`: it has more than that, and where in it the value is. */
export type AlongVariable = {
  readonly like: number;
  readonly service: string;
  readonly name: string;
  readonly within: NonNullable<MovingAlong["within"]> | null;
};

/**
 * The variables of all services into which the same `${NAME}` of `.env` is filled as into a moved one: all of it, as in
 * `MINIO_ROOT_USER: ${S3_ACCESS_KEY}`, or a part, as in `OPTIONS: --login ${S3_ACCESS_KEY}`. They would still show it, and keep
 * its line from going. And those of the same service that have the same value by themselves, as `NEXT_PUBLIC_API_KEY` beside
 * `API_KEY`, unless it is one that people also give to a user or a database.
 */
export function alongVariables(project: ComposeProject, moved: readonly LeaderVariable[]): readonly AlongVariable[] {
  const all = shownVariables(project);
  const dotenv = new Set(project.dotenv.flatMap(({ entries }) => entries.map(({ name }) => name)));
  const taken = new Set(moved.map(({ service, name }) => idOf(service, name)));
  const found: AlongVariable[] = [];
  for (const [like, one] of moved.entries()) {
    const own = all.named.get(idOf(one.service, one.name));
    const from = [...(own?.uses ?? []), ...(own?.kind === "line" ? [own.name] : [])];
    const sources = from.filter((source) => dotenv.has(source) && isSource(project, source, one.value));
    const same = isNameLike(one.value)
      ? []
      : all.byValue.get(one.value).filter(({ service }) => service === one.service);
    const filled = sources.flatMap((source) => all.bySource.get(source) ?? []);
    for (const { service, holds } of new Set([...filled, ...same].toSorted((a, b) => a.order - b.order))) {
      if (taken.has(idOf(service, holds.name))) continue;
      const isSame = same.some((other) => other.holds === holds);
      const shown = showsIn(project, holds, one.value, sources) ?? (isSame ? "whole" : null);
      if (shown === null) continue;
      taken.add(idOf(service, holds.name));
      found.push({ like, service, name: holds.name, within: shown === "whole" ? null : shown });
    }
  }
  return found;
}

type ShownVariable = { readonly service: string; readonly holds: VariablePlace; readonly order: number };

/** What each service is given in the end, by its name, by its value, and by what is filled into it. */
function shownVariables(project: ComposeProject): {
  readonly named: ReadonlyMap<string, VariablePlace>;
  readonly byValue: SecretIndex<ShownVariable>;
  readonly bySource: ReadonlyMap<string, readonly ShownVariable[]>;
} {
  const named = new Map<string, VariablePlace>();
  const byValue = new SecretIndex<ShownVariable>();
  const bySource = new Map<string, ShownVariable[]>();
  for (const service of project.services.values())
    for (const places of variablesOf(service).values()) {
      const holds = places.at(-1);
      if (holds === undefined) continue;
      const shown = { service: service.name, holds, order: named.size };
      named.set(idOf(service.name, holds.name), holds);
      if (holds.value !== null) byValue.add(Secret.of(holds.value), shown);
      // A service that has `.env` as its env file takes the line itself.
      for (const source of new Set([...holds.uses, ...(isDotenvLine(project, holds) ? [holds.name] : [])])) {
        const users = bySource.get(source) ?? [];
        users.push(shown);
        bySource.set(source, users);
      }
    }
  return { named, byValue, bySource };
}

const isDotenvLine = ({ dotenv }: ComposeProject, place: VariablePlace): boolean =>
  place.kind === "line" && dotenv.some(({ file }) => file === place.file.file);

/** Where a variable shows a value that one of these fills into it; null for nowhere. */
function showsIn(
  project: ComposeProject,
  place: VariablePlace,
  value: Secret,
  sources: readonly string[],
): AlongVariable["within"] | "whole" {
  const isLine = isDotenvLine(project, place);
  const isFrom = (source: string): boolean => place.uses.includes(source) || (isLine && place.name === source);
  if (place.value === null || !sources.some(isFrom)) return null;
  const whole = Secret.of(place.value);
  if (value.equals(whole)) return "whole";
  for (const { name, start, end } of place.parts)
    if (sources.includes(name) && value.equals(Secret.of(place.value.slice(start, end))))
      return { value: whole, start, length: end - start };
  return null;
}

/** Whether a variable of `.env` has this very value. */
function isSource({ lookup }: ComposeProject, source: string, value: Secret): boolean {
  const text = lookup(source);
  return text !== null && value.equals(Secret.of(text));
}

const idOf = (service: string, name: string): string => `${service}\0${name}`;
