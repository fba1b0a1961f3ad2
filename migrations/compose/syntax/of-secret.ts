import { interpolate, type VariableLookup } from "../../../src/files/interpolate.ts";
import { scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import type { ServiceChange } from "../rewrite/index.ts";
import type { VariablePlace } from "./environment.ts";
import type { EditedPlace } from "./sources.ts";
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
    const parts = filledRanges(place, project.lookups.get(place.file.file) ?? project.lookup);
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

/** What a variable of `${…}` became in a variable's value: from `start` to before `end`. */
type FilledRange = { readonly name: string; readonly start: number; readonly end: number };

/** Where in a variable's value its `${…}` are; null if that cannot be said, as of a value with escapes. */
function filledRanges(place: VariablePlace, lookup: VariableLookup): readonly FilledRange[] | null {
  const text = writtenText(place);
  if (text === null || place.value === null) return null;
  const { value, uses } = interpolate(text, lookup);
  const behind = value.length - place.value.length;
  if (behind < 0 || value.slice(behind) !== place.value) return null;
  const parts: FilledRange[] = [];
  let [done, length] = [0, -behind];
  const filled = (from: number, to: number): number => interpolate(text.slice(from, to), lookup).value.length;
  for (const { name, start, end } of uses) {
    const outer = parts.at(-1);
    // One in the default of another is part of what that became.
    if (start < done && outer !== undefined) {
      parts.push({ ...outer, name });
      continue;
    }
    const from = length + filled(done, start);
    length = from + filled(start, end);
    done = end;
    parts.push({ name, start: from, end: length });
  }
  return parts;
}

/** The text before anything is filled in; in a list with its `NAME=`. */
function writtenText({ kind, member, file }: VariablePlace): string | null {
  if (kind === "pair") return scalarText(member.value);
  if (kind === "item") return scalarText(member);
  const { valueStart, valueEnd, quote } = member;
  const text = file.text.slice(valueStart, valueEnd);
  if (quote === "'" || text.includes("\\")) return null;
  return quote === null ? text : text.slice(1, -1);
}
