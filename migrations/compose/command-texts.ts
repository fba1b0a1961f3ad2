import { commandWords } from "../../src/files/command-words.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import type { Location } from "../../src/model/location.ts";
import { projectTexts, type ProjectText } from "./syntax/environment.ts";
import type { ComposeProject } from "./syntax/project.ts";

/** A text that is classified, and for a service's command the words of its entrypoint (see `Candidate.lead`). */
export type WholeCommandText = ProjectText & { readonly lead: string };

/** Every text of a project's files, each command as one. */
export const allTexts = (project: ComposeProject): readonly WholeCommandText[] =>
  withWholeCommands(projectTexts(project, () => undefined));

/** The text of a project's files at a scanned place; of a list of words it is the whole list. */
export function textAt(location: Location, project: ComposeProject): WholeCommandText | null {
  return textAmong(location, allTexts(project));
}

export function textAmong<Text extends ProjectText>({ place }: Location, texts: readonly Text[]): Text | null {
  if (place?.kind !== "line") return null;
  const same = texts.find(
    ({ file, start, field, index }) =>
      file.file === place.file &&
      field === place.name &&
      index === place.index &&
      lineOf(file.text, start) === place.line,
  );
  return same ?? null;
}

/**
 * The texts with each command as one: what a flag takes stands in the next item of its list, and what a service's
 * arguments are depends on its entrypoint.
 */
export function withWholeCommands(texts: readonly ProjectText[]): WholeCommandText[] {
  const lists = Map.groupBy(texts.filter(isItem), placeOf);
  const whole = texts.flatMap((text): ProjectText[] => {
    if (!isItem(text)) return [text];
    const items = lists.get(placeOf(text)) ?? [];
    if (items[0] !== text) return [];
    const { index: _index, ...list } = text;
    const uses = items.flatMap((item) => item.uses);
    return [{ ...list, path: text.field, value: JSON.stringify(items.map(({ value }) => value)), uses }];
  });
  const entrypoints = new Map(whole.filter(isOf("entrypoint")).map((text) => [serviceOf(text), text.value]));
  const isCommand = isOf("command");
  return whole.map((text) => {
    const entrypoint = isCommand(text) ? entrypoints.get(serviceOf(text)) : undefined;
    if (entrypoint === undefined) return { ...text, lead: "" };
    return { ...text, value: commandWords(text.value) || text.value, lead: commandWords(entrypoint) };
  });
}

const COMMANDS = new Set<string | number | undefined>(["command", "entrypoint"]);

/** An item of a command's list; the words of a health check stand below `test`. */
function isItem({ keys, index }: ProjectText): boolean {
  if (index === undefined || keys.at(-1) !== index) return false;
  return COMMANDS.has(keys.at(-2)) || (keys.at(-2) === "test" && keys.at(-3) === "healthcheck");
}

function placeOf({ file, field }: ProjectText): string {
  return `${file.file}\n${field}`;
}

function isOf(member: string): (text: ProjectText) => boolean {
  return ({ keys }) => keys[0] === "services" && keys[2] === member;
}

function serviceOf({ file, keys }: ProjectText): string {
  return `${file.file}\n${keys[1] ?? ""}`;
}
