import { Secret } from "../../../src/model/secret.ts";
import { variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";

/** A service's variable that moves. */
export type LeaderVariable = { readonly service: string; readonly name: string; readonly value: Secret };

/** One that has the value of the moved variable `like`, an index, from the same line of `.env`. */
export type AlongVariable = { readonly like: number; readonly service: string; readonly name: string };

/**
 * The variables of all services whose whole value is the same `${NAME}` of `.env` as that of a moved one:
 * `MINIO_ROOT_USER: ${S3_ACCESS_KEY}`. They would still show it, and keep its line from going.
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
    if (sources.length === 0) continue;
    for (const [service, its] of all)
      for (const [name, places] of its) {
        const holds = places.at(-1);
        const isSame = typeof holds?.value === "string" && one.value.equals(Secret.of(holds.value));
        if (!isSame || taken.has(idOf(service, name)) || !sources.some((source) => holds?.uses.includes(source)))
          continue;
        taken.add(idOf(service, name));
        found.push({ like, service, name });
      }
  }
  return found;
}

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
