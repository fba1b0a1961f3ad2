import { interpolate } from "../../../src/files/interpolate.ts";
import type { ComposeProject } from "../syntax/project.ts";
import type { NewWords } from "./rewording.ts";
import { isPublic } from "./public.ts";
import { isQuotable, type KeptPart, type Word } from "../../../src/files/words/shell-text.ts";
import { wordSources, type FilledSources } from "./uses.ts";
import { expressionsOf } from "./written.ts";

/**
 * The variables of `${…}` in the words of these services that no value of theirs fills, with what Compose fills in: they
 * stay `${…}`. What is written out in their place would be a copy of a line of `.env` in a file that people commit.
 */
export function keptSources(
  project: ComposeProject,
  filled: ReadonlyMap<string, FilledSources>,
  written: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, string> {
  const used = wordSources(project);
  const found = [...filled].flatMap(([service, own]) =>
    own.size === 0 && !written.has(service)
      ? []
      : [...(used.get(service) ?? [])].flatMap((source) =>
          own.has(source) ? [] : [[source, filledIn(project, service, source)] as const],
        ),
  );
  return new Map(found);
}

/** What a service's words are filled with; for a variable that is unset, its default there. */
function filledIn(project: ComposeProject, name: string, source: string): string {
  const set = project.lookup(source) ?? "";
  const service = project.services.get(name);
  const [expression = ""] = set === "" && service !== undefined ? (expressionsOf(service).get(source) ?? []) : [];
  return expression === "" ? set : interpolate(expression, project.lookup).value;
}

/**
 * Whether words can be made again with these variables in them. False where a text would end the quotes around it, and for
 * a text that would be written out, unless it is in a file already or no credential could be.
 */
export function mayBeWritten(
  words: readonly Word[],
  { entrypoint, command, health }: NewWords,
  files: string,
  kept: readonly KeptPart[],
): boolean {
  const inPlace = new Set(words.flat());
  const made = [...(entrypoint ?? []), ...(command ?? []), ...(health ?? [])];
  // Compose splits a text after it has filled it in.
  const isMade = (text: string): boolean =>
    text.split(/[\s"'\\]+/).some((piece) => piece !== "" && made.some((word) => word.includes(piece)));
  return kept.every((part) =>
    inPlace.has(part) ? isQuotable(part) : isPublic(part.text, files) || !isMade(part.text),
  );
}
