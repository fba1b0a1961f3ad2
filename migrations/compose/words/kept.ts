import type { ComposeProject } from "../syntax/project.ts";
import type { NewWords } from "./reword.ts";
import { isQuotable, type KeptPart, type Word } from "./shell-text.ts";
import { wordSources, type FilledSources } from "./uses.ts";

/**
 * The variables of `${…}` in the words of these services that no value of theirs fills, with what Compose fills in: they
 * stay `${…}`. What is written out in their place would be a copy of a line of `.env` in a file that people commit.
 */
export function keptSources(
  project: ComposeProject,
  filled: ReadonlyMap<string, FilledSources>,
): ReadonlyMap<string, string> {
  const used = wordSources(project);
  const found = [...filled].flatMap(([service, own]) =>
    own.size === 0
      ? []
      : [...(used.get(service) ?? [])].flatMap((source) => {
          const text = own.has(source) ? "" : (project.lookup(source) ?? "");
          return text === "" ? [] : [[source, text] as const];
        }),
  );
  return new Map(found);
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
  return kept.every((part) =>
    inPlace.has(part)
      ? isQuotable(part)
      : isAmount(part.text) || files.includes(part.text) || !made.some((text) => text.includes(part.text)),
  );
}

/**
 * Whether a text is one that Compose takes as a number, a switch or an amount. A variable of a port cannot stay: Compose
 * resolves no project with a mark in its place.
 */
function isAmount(text: string): boolean {
  return /^(?:\d[\d.:/-]{0,20}(?:[kmg]?b?|ms|s|m|h)|true|false|yes|no|on|off)$/i.test(text);
}
