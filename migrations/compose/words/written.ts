import type { Node } from "yaml";
import { escapeDollar, interpolate, type Use } from "../../../src/files/interpolate.ts";
import { follow, isScalar, isSeq, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { earlierPrefix } from "../delivery/change.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { filledText } from "../syntax/fill.ts";
import { home } from "../syntax/home.ts";
import type { ComposeProject, ComposeService, ServiceLayer } from "../syntax/project.ts";
import { wordDefinitions, type WordPlace } from "./defined.ts";
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
    const texts = wordTexts(found, place);
    const made = texts === null || !isCopied[place] ? null : asInFile(project, found, texts, its);
    if (made !== null) return made;
    if (texts !== null && isCopied[place]) mustBePublic(project, service, place, texts);
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
  const texts = found === undefined ? null : wordTexts(found, place);
  return found !== undefined && texts !== null && asInFile(project, found, texts, its) !== null;
}

/** By variable: the texts through which it is filled into a service's words, such as `${LEVEL:-info}`. */
export function expressionsOf(service: ComposeService): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const place of ["entrypoint", "command", "health"] as const) {
    const { texts = [], layer } = wordTexts(service, place) ?? {};
    for (const text of texts)
      for (const { name, start, end } of layer === undefined ? [] : usesIn(text, layer))
        found.set(name, (found.get(name) ?? new Set()).add(text.slice(start, end)));
  }
  return found;
}

const usesIn = (text: string, { lookup, file }: ServiceLayer): readonly Use[] =>
  filledText(text, lookup, file, 0, () => undefined).uses;

type WordTexts = { readonly layer: ServiceLayer; readonly node: Node; readonly texts: readonly string[] };

/** The words in the file that sets them last; a text that Compose splits is one of them. */
function wordTexts(service: ComposeService, place: WordPlace): WordTexts | null {
  const found = wordDefinitions(service).findLast((one) => one.place === place);
  if (found === undefined) return null;
  const { layer, node, file } = found;
  if (isScalar(node)) return { layer, node, texts: [scalarText(node) ?? ""] };
  if (!isSeq(node)) return null;
  return { layer, node, texts: (node.items as Node[]).map((item) => scalarText(follow(item, file)) ?? "") };
}

/** The file's words where they are filled to those that the container runs; null if they are not. */
function asInFile(
  project: ComposeProject,
  service: ComposeService,
  { node, texts, layer }: WordTexts,
  its: readonly string[],
): readonly string[] | null {
  const at = home(service);
  const lookup = at === null ? layer.lookup : (project.lookups.get(at.file.file) ?? project.lookup);
  const fill = (text: string): string => filledText(text, lookup, layer.file, 0, () => undefined).value;
  const isText = isScalar(node);
  const kind = its[0] === "CMD-SHELL" ? [its[0]] : [];
  const words = !isText ? texts : kind.length > 0 ? [...kind, ...texts] : splitText(texts[0] ?? "");
  if (words === null) return null;
  const filled = words.map(fill);
  const isCheck = filled[0] === "CMD";
  const ours = earlierPrefix(isCheck ? filled.slice(1) : filled).length;
  const own = (list: readonly string[]): readonly string[] =>
    isCheck ? [...list.slice(0, 1), ...list.slice(1 + ours)] : list.slice(ours);
  return JSON.stringify(own(filled)) === JSON.stringify(its) ? own(words) : null;
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
  service: string,
  place: keyof CopiedWords,
  { texts, layer }: WordTexts,
): void {
  const files = [...project.yaml.values()].map(({ text }) => text).join("\n");
  const uses = texts.flatMap((text) => usesIn(text, layer));
  const found = uses.find(({ name }) => !isPublic(layer.lookup(name) ?? "", files));
  if (found === undefined) return;
  const key = place === "health" ? "healthcheck.test" : place;
  throw new Blocked(
    `\${${found.name}} of ${key} would be written in plain text into the Compose file, which has to repeat those words`,
    `write ${key} as a list, docker compose up -d, then plan again; --deliver runtime repeats nothing`,
    (one) => one === service,
  );
}
