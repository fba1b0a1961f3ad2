import { escapeDollar, interpolate } from "../../../src/files/interpolate.ts";
import { isScalar } from "../../../src/kit/text/yaml-nodes.ts";
import { earlierPrefix } from "../delivery/change.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { filledText } from "../syntax/fill.ts";
import { home } from "../syntax/home.ts";
import type { ComposeProject, ComposeService } from "../syntax/project.ts";
import { wordDefinitions, type WordDefinition, type WordPlace } from "./defined.ts";
import { isPublic } from "./public.ts";

/** Words that a delivery copies; those of the health check begin with its kind. */
type CopiedWords = { readonly entrypoint: readonly string[]; readonly health: readonly string[] | null };

/**
 * The words that a service runs, as a Compose file has them: with `$` escaped, and each `${…}` of its files. Throws
 * `Blocked` where a variable would be written out instead: a copy of a line of `.env` in a file that people commit.
 */
export function fileWords(
  project: ComposeProject,
  { service, entrypoint, health }: { readonly service: string } & CopiedWords,
  isCopied: { readonly [place in keyof CopiedWords]: boolean },
): CopiedWords {
  const found = project.services.get(service);
  if (found === undefined)
    return { entrypoint: entrypoint.map(escapeDollar), health: health?.map(escapeDollar) ?? null };
  const words = (place: keyof CopiedWords, its: readonly string[]): readonly string[] => {
    const own = isCopied[place] ? lastWords(found, place) : undefined;
    const made = own === undefined ? null : asInFile(project, found, own, its);
    if (made !== null) return made;
    if (own !== undefined) mustBePublic(project, place, own);
    return its.map(escapeDollar);
  };
  return { entrypoint: words("entrypoint", entrypoint), health: health === null ? null : words("health", health) };
}

/** Whether these words of a service are those of its file, filled in. */
export function isInFile(
  project: ComposeProject,
  service: string,
  place: keyof CopiedWords,
  its: readonly string[],
): boolean {
  const found = project.services.get(service);
  const own = found === undefined ? undefined : lastWords(found, place);
  return found !== undefined && own !== undefined && asInFile(project, found, own, its) !== null;
}

/** By variable: the texts through which it is filled into a service's words, such as `${LEVEL:-info}`. */
export function expressionsOf(service: ComposeService): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const place of ["entrypoint", "command", "health"] as const) {
    for (const { text, uses } of lastWords(service, place)?.texts ?? [])
      for (const { name, start, end } of uses)
        found.set(name, (found.get(name) ?? new Set()).add(text.slice(start, end)));
  }
  return found;
}

/** The words in the file that sets them last. */
const lastWords = (service: ComposeService, place: WordPlace): WordDefinition | undefined =>
  wordDefinitions(service).findLast((one) => one.place === place);

/** The file's words where they are filled to those that the container runs; null if they are not. */
function asInFile(
  project: ComposeProject,
  service: ComposeService,
  { node, layer, ...own }: WordDefinition,
  its: readonly string[],
): readonly string[] | null {
  const at = home(service);
  const lookup = at === null ? layer.lookup : (project.lookups.get(at.file.file) ?? project.lookup);
  const fill = (text: string): string => filledText(text, lookup, layer.file, 0, () => undefined).value;
  const texts = own.texts.map(({ text }) => text);
  const isText = isScalar(node);
  const kind = its[0] === "CMD-SHELL" ? [its[0]] : [];
  const words = !isText ? texts : kind.length > 0 ? [...kind, ...texts] : splitText(texts[0] ?? "");
  if (words === null) return null;
  const filled = words.map(fill);
  const isCheck = filled[0] === "CMD";
  const ours = earlierPrefix(isCheck ? filled.slice(1) : filled).length;
  const rest = (list: readonly string[]): readonly string[] =>
    isCheck ? [...list.slice(0, 1), ...list.slice(1 + ours)] : list.slice(ours);
  return JSON.stringify(rest(filled)) === JSON.stringify(its) ? rest(words) : null;
}

/** The words of a text without quotes, between which there are blanks only; null for others, which Compose alone splits. */
function splitText(text: string): readonly string[] | null {
  let plain = "";
  for (const { start, end } of interpolate(text, () => "x").uses)
    // Those in a default stand within the one that has it.
    if (start >= plain.length) plain += text.slice(plain.length, start) + "x".repeat(end - start);
  plain += text.slice(plain.length);
  if (/["'\\|&;<>()`\n]/.test(plain)) return null;
  return Array.from(plain.matchAll(/\S+/g), ({ index, 0: word }) => text.slice(index, index + word.length));
}

/** The container's words, which are not those of the file, may hold any value that the file's are filled from. */
function mustBePublic(
  project: ComposeProject,
  place: keyof CopiedWords,
  { service, texts, layer }: WordDefinition,
): void {
  const files = [...project.yaml.values()].map(({ text }) => text).join("\n");
  const uses = texts.flatMap((text) => text.uses);
  const found = uses.find(({ name }) => !isPublic(layer.lookup(name) ?? "", files));
  if (found === undefined) return;
  const key = place === "health" ? "healthcheck.test" : place;
  throw new Blocked(
    `\${${found.name}} of ${key} would be written in plain text into the Compose file, which has to repeat those words`,
    `write ${key} as a list, docker compose up -d, then plan again; --deliver runtime repeats nothing`,
    (one) => one === service,
  );
}
