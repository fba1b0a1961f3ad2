import type { VariablePlace } from "./environment.ts";
import type { ComposeProject } from "./project.ts";

/**
 * A note for each service of which a variable could be set from outside until it moves, as `${NAME:-default}` can: a line of
 * `.env` that sets it already goes with it, which the diff shows.
 */
export function settableNotes(
  { dotenv }: ComposeProject,
  moved: readonly { readonly service: string; readonly place: VariablePlace }[],
): readonly string[] {
  const inFile = new Set(dotenv.flatMap(({ entries }) => entries.map(({ name }) => name)));
  return [...Map.groupBy(moved, ({ service }) => service)].flatMap(([service, own]) => {
    const names = own.flatMap(({ place }) => place.uses.filter((name) => !inFile.has(name)));
    if (names.length === 0) return [];
    const all = [...new Set(names)].toSorted();
    const values = all.length === 1 ? "its value is" : "their values are";
    return [
      `${all.join(", ")} of ${service} can no longer be set in .env or the environment: ${values} in the store from now on`,
    ];
  });
}
