import type { ServiceChange } from "../rewrite/index.ts";
import type { EditedPlace } from "../rewrite/drop-lines.ts";
import { filledRanges } from "./filled-ranges.ts";
import type { ComposeProject } from "./project.ts";

/**
 * Whether a moved secret, or a part of it, comes from this variable of `${…}`. The user and the database in
 * `postgres://${USER}:${PASSWORD}@db/${NAME}` do not, even if they are called as the password is.
 */
export function isOfSecret(
  project: ComposeProject,
  source: string,
  edited: readonly EditedPlace[],
  wishes: readonly ServiceChange[],
): boolean {
  return edited.some(({ place, by }) => {
    if (place.kind === "line" && place.name === source) return true;
    if (!place.uses.includes(source)) return false;
    const parts = filledRanges(project, place);
    const spans = wishes
      .filter(({ service }) => by.has(service))
      .flatMap(({ moves }) => moves.filter(({ name }) => name === place.name).map(({ span }) => span));
    return spans.some(
      (span) =>
        span === null ||
        parts === null ||
        parts.some(({ name, start, end }) => name === source && start < span.start + span.length && end > span.start),
    );
  });
}
