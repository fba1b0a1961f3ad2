import type { Selected } from "../contract/migration.ts";
import { UnsprawlError } from "../model/error.ts";
import { isPlain, findValue } from "./traces.ts";
import type { ServiceSpec } from "./swarm.ts";
import type { ContainerDoc } from "./types.ts";

/**
 * Places that would still hold a value after the migration. Throws `refused` for a value that cannot be there by
 * coincidence; returns the places of plain words (`postgres`), which stay. `others` are further variables that are
 * removed.
 */
export function remainingPlaces(
  doc: ContainerDoc | ServiceSpec,
  selected: readonly Selected[],
  others: ReadonlySet<string> = new Set(),
): { readonly name: string; readonly path: string }[] {
  const env = "TaskTemplate" in doc ? "TaskTemplate.ContainerSpec.Env" : "Config.Env";
  const moved = new Set([...selected.map(({ move }) => move.name), ...others].map((name) => `${env}.${name}`));
  const left: { name: string; path: string }[] = [];
  for (const { move, value } of selected) {
    const paths = findValue(doc, value).filter((path) => !moved.has(path));
    if (paths.length > 0 && !isPlain(value)) {
      throw new UnsprawlError(
        "refused",
        `the value of ${move.name} is also at ${paths.slice(0, 3).join(", ")}, which would stay: inspect would still show it`,
        "take it out of there first, or give that place a variable of its own",
      );
    }
    left.push(...paths.map((path) => ({ name: move.name, path })));
  }
  return left;
}
