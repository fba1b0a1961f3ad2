import type { Selected } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import { findAllInContainer } from "./traces.ts";
import type { ServiceSpec } from "./swarm.ts";
import type { ContainerDoc } from "./types.ts";
import { isNameLike } from "../model/secret.ts";

/** A place that holds a plain word like the value of variable `name`, and stays. */
export type RemainingPlace = { readonly name: string; readonly path: string };

/** What a person should know about these places before a migration: one note for each variable. */
export function remainingNotes(places: readonly RemainingPlace[]): string[] {
  return Array.from(
    Map.groupBy(places, ({ name }) => name),
    ([name, own]) => {
      const paths = own.map(({ path }) => path);
      const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
      const stay = paths.length === 1 ? "that place stays as it is" : "those places stay as they are";
      return `the value of ${name} is a plain word that also stands at ${paths.slice(0, MOST_NAMED).join(", ")}${more}; ${stay}, and inspect still shows the word there`;
    },
  );
}

const MOST_NAMED = 3;

/**
 * Places that would still hold a value after the migration. Throws `fault` for a value that cannot be there by
 * coincidence; returns the places of plain words (`postgres`), which stay.
 */
export function remainingPlaces(
  doc: ContainerDoc | ServiceSpec,
  selected: readonly Selected[],
  fault: (of: Selected, message: string, hint: string) => UnsprawlError = refused,
): RemainingPlace[] {
  const env = "TaskTemplate" in doc ? "TaskTemplate.ContainerSpec.Env" : "Config.Env";
  const names = selected.map(({ move }) => move.name);
  const moved = new Set(names.map((name) => `${env}.${name}`));
  const values = selected.map(({ value }) => value);
  const found = findAllInContainer(doc, values, names);
  return selected.flatMap((one, at) => {
    const { name } = one.move;
    // Compose gives an engine the variables in any order.
    const paths = [...(found[at] ?? [])].filter((path) => !moved.has(path)).toSorted();
    if (paths.length > 0 && !isNameLike(one.value))
      throw fault(
        one,
        `the value of ${name} is also at ${paths.slice(0, 3).join(", ")}, which would stay: inspect would still show it`,
        "remove it there first, or give that place its own variable",
      );
    return paths.map((path) => ({ name, path }));
  });
}

const refused = (_of: Selected, message: string, hint: string): UnsprawlError =>
  new UnsprawlError("refused", message, hint);
