import { interpolate } from "../../../src/files/interpolate.ts";
import { scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import type { VariablePlace } from "./environment.ts";
import type { ComposeProject } from "./project.ts";

/** What a variable of `${…}` became in a variable's value: from `start` to before `end`. */
export type FilledRange = { readonly name: string; readonly start: number; readonly end: number };

/** Where in a variable's value its `${…}` are; null if that cannot be said, as of a value with escapes. */
export function filledRanges(project: ComposeProject, place: VariablePlace): readonly FilledRange[] | null {
  const lookup = project.lookups.get(place.file.file) ?? project.lookup;
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
