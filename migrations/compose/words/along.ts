import type { MovingAlong } from "../../../src/contract/migration.ts";
import { isNameLike, Secret } from "../../../src/model/secret.ts";
import { variables, type VariablePlace } from "../syntax/environment.ts";
import { filledRanges } from "../syntax/filled-ranges.ts";
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
  const all = [...project.services.values()].map(
    (service) => [service.name, variables(service, () => undefined)] as const,
  );
  const taken = new Set(moved.map(({ service, name }) => idOf(service, name)));
  const found: AlongVariable[] = [];
  for (const [like, one] of moved.entries()) {
    const own = all
      .find(([service]) => service === one.service)?.[1]
      .get(one.name)
      ?.at(-1);
    const from = [...(own?.uses ?? []), ...(own?.kind === "line" ? [own.name] : [])];
    const sources = from.filter((source) => isSource(project, source, one.value));
    for (const [service, its] of all)
      for (const [name, places] of its) {
        const holds = places.at(-1);
        if (holds === undefined || taken.has(idOf(service, name))) continue;
        const shown =
          showsIn(project, holds, one.value, sources) ?? (service === one.service ? same(holds, one.value) : null);
        if (shown === null) continue;
        taken.add(idOf(service, name));
        found.push({ like, service, name, within: shown === "whole" ? null : shown });
      }
  }
  return found;
}

/** Where a variable shows a value that one of these fills into it; null for nowhere. */
function showsIn(
  project: ComposeProject,
  place: VariablePlace,
  value: Secret,
  sources: readonly string[],
): AlongVariable["within"] | "whole" {
  // A service that has `.env` as its env file takes the line itself.
  const isLine = place.kind === "line" && project.dotenv.some(({ file }) => file === place.file.file);
  const isFrom = (source: string): boolean => place.uses.includes(source) || (isLine && place.name === source);
  if (place.value === null || !sources.some(isFrom)) return null;
  const whole = Secret.of(place.value);
  if (value.equals(whole)) return "whole";
  for (const { name, start, end } of filledRanges(project, place) ?? [])
    if (sources.includes(name) && value.equals(Secret.of(place.value.slice(start, end))))
      return { value: whole, start, length: end - start };
  return null;
}

/** Whether a variable has this value by itself. Not for one that people also give to a user or a database. */
const same = ({ value: text }: VariablePlace, value: Secret): "whole" | null =>
  text !== null && !isNameLike(value) && value.equals(Secret.of(text)) ? "whole" : null;

/** Whether `.env` sets this variable, to this very value. */
function isSource({ dotenv, lookup }: ComposeProject, source: string, value: Secret): boolean {
  const text = lookup(source);
  return (
    text !== null &&
    value.equals(Secret.of(text)) &&
    dotenv.some(({ entries }) => entries.some(({ name }) => name === source))
  );
}

const idOf = (service: string, name: string): string => `${service}\0${name}`;
