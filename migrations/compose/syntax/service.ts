import type { Node, YAMLMap } from "yaml";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { ProjectDraft } from "../rewrite/draft.ts";
import { scalar } from "../../../src/kit/text/yaml-edit.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { asMember, membersOf } from "./shared.ts";
import { home, type ServiceHome } from "./home.ts";
import type { ComposeProject } from "./project.ts";
import type { VolumeEntry } from "../delivery/change.ts";
import { driverVolumeKey, flowKey, flowMap, type TopLevel } from "./top-level.ts";
import type { ProjectText } from "./environment.ts";
import { serviceOfWords } from "../words/uses.ts";
import { inShell, writtenWords } from "./copied-words.ts";
import { START_SCRIPT } from "../../../src/model/start-script.ts";
import type { ServiceChange } from "../rewrite/change.ts";
import { namesOf } from "../rewrite/change.ts";
import {
  entriesOf,
  entry,
  isAlias,
  isMap,
  isSeq,
  scalarText,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";

type Variable = { readonly name: string; readonly value: string };

/** Writes a service's changes besides its variables: grants of files, the runtime, a command with a prefix. */
export function serviceKeys(draft: ProjectDraft, project: ComposeProject, wish: ServiceChange, top: TopLevel): void {
  const { mounts, runtime, entrypointPrefix, healthcheckPrefix, secrets = [], script = false, volume } = wish.change;
  const changed = [runtime, entrypointPrefix, healthcheckPrefix, wish.words].some((one) => one !== null);
  if (mounts.length === 0 && !changed) return;
  const at = homeOf(project, wish.service, namesOf(wish));
  const given = secrets.map((one) => ({ source: top.secret(at, wish.service, one), target: one.target }));
  grant(draft, at, "secrets", given);
  if (script) grant(draft, at, "configs", [{ source: top.script(at), target: START_SCRIPT }]);
  if (volume !== undefined) mountVolume(draft, project, at, volume, top);
  if (runtime !== null) setKey(draft, at, "runtime", scalar(runtime, null));
  setWords(draft, at, wish, writtenWords(project, wish));
}

function setWords(
  draft: ProjectDraft,
  at: ServiceHome,
  { service, change: { entrypointPrefix, healthcheckPrefix }, words }: ServiceChange,
  copied: ReturnType<typeof writtenWords>,
): void {
  if (entrypointPrefix !== null || (words?.entrypoint ?? null) !== null)
    setKey(draft, at, "entrypoint", ...listForms(entrypointPrefix ?? [], copied.Entrypoint, words?.shown.entrypoint));
  if (copied.Cmd.length > 0 || (words?.command ?? null) !== null)
    setKey(draft, at, "command", ...listForms([], copied.Cmd, words?.shown.command));
  const [kind, ...own] = copied.Healthcheck;
  if (kind === undefined) return;
  const prefix = kind === "CMD" ? [kind, ...(healthcheckPrefix ?? [])] : [kind];
  const shown = words?.shown.health ?? null;
  const check = shown === null ? null : (kind === "CMD" ? inShell(shown) : shown).slice(1);
  health(draft, at, service, ...listForms(prefix, own, check));
}

/** Whether a text of the project is one of the words that a service's new ones replace. */
export function replacedWords(
  project: ComposeProject,
  { service, words, moves }: ServiceChange,
): (text: ProjectText) => boolean {
  const at = words === null ? null : homeOf(project, service, namesOf({ moves }));
  const [from = 0, to = 0] = at?.map.range ?? [];
  const isMain = words !== null && (words.entrypoint !== null || words.command !== null);
  const keys = new Set([
    ...(isMain && words.command !== null ? ["command"] : []),
    ...(isMain && words.entrypoint !== null ? ["entrypoint"] : []),
    ...(words !== null && words.health !== null ? ["healthcheck"] : []),
  ]);
  return (text) =>
    text.file === at?.file &&
    text.start >= from &&
    text.start < to &&
    serviceOfWords(text.keys) === service &&
    keys.has(String(text.keys[2]));
}

/** Sets variables in a service's own `environment`. */
export function setVariables(
  draft: ProjectDraft,
  project: ComposeProject,
  service: string,
  wanted: readonly Variable[],
  moved: readonly string[],
): void {
  const at = homeOf(project, service, moved);
  const found = entry(at.map, "environment", at.file);
  const list = found?.value;
  const lines = wanted.map(({ name, value }) => asMember(name, value, isSeq(list)));
  const own = found !== null && !found.shared && !isAlias(found.pair.value);
  if (own && (isSeq(list) || isMap(list))) for (const line of lines) draft.add(at.file, list, line);
  // Compose merges the variables of an earlier file or a base, but not those of `<<`, which must be repeated.
  else if (isMap(list))
    members(draft, at, "environment", [`<<: *${anchorOf(draft, at.file, list, `${service}-environment`)}`, ...lines]);
  else if (isSeq(list)) members(draft, at, "environment", [...membersOf(draft, at.file, list), ...lines].map(asItem));
  else if (at.map.flow === true && found === null && flowKey(at.file, "x") === "x")
    draft.add(at.file, at.map, `environment: { ${lines.join(", ")} }`);
  else members(draft, at, "environment", lines);
}

/** The anchor of a map; creates one if needed. */
function anchorOf(draft: ProjectDraft, file: YamlFile, map: YAMLMap, wished: string): string {
  const known = (map as YAMLMap & { readonly anchor?: string }).anchor;
  return known ?? draft.anchor(file, map, wished.replace(/[^A-Za-z0-9]/g, "-"));
}

/** Sets a key of the service to these members, replacing an existing one. */
function members(
  draft: ProjectDraft,
  { file, map }: ServiceHome,
  key: string,
  lines: readonly string[],
  shown = lines,
): void {
  const found = entry(map, key, file);
  if (map.flow === true) throw onOneLine(key);
  if (found === null || found.shared) {
    draft.add(file, map, nested(key, lines, 0), nested(key, shown, 0));
    return;
  }
  // Added text is indented to its position; replacements must include the indentation.
  const start = found.pair.key.range?.[0] ?? 0;
  const column = start - (file.text.lastIndexOf("\n", start - 1) + 1);
  draft.put(file, map, found.pair, nested(key, lines, column), `${key}:`, nested(key, shown, column));
}

function nested(key: string, lines: readonly string[], column: number): string {
  const indent = " ".repeat(column + 2);
  return `${key}:\n${lines.map((line) => indent + line.replaceAll("\n", `\n${indent}`)).join("\n")}`;
}

const asItem = (text: string): string => `- ${text.replaceAll("\n", "\n  ")}`;

function onOneLine(key: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `a service that is written on one line, in braces, would need its own ${key}`,
    "write it over several lines, then plan again",
  );
}

function homeOf(project: ComposeProject, name: string, moved: readonly string[]): ServiceHome {
  const service = project.services.get(name);
  const found = service ? home(service, moved) : null;
  if (found) return found;
  throw new Blocked(
    `${name} has no separate block in the Compose file, so nothing can be added to it`,
    "write the service out, then plan again",
    (service) => service === name,
  );
}

/** Adds members to a list of the service, which keeps those that it has. */
function grant(
  draft: ProjectDraft,
  at: ServiceHome,
  key: "secrets" | "configs",
  all: readonly { readonly source: string; readonly target: string }[],
): void {
  if (all.length > 0)
    addItems(
      draft,
      at,
      key,
      all.map((one) => flowMap(at.file, one)),
    );
}

/** Mounts a volume of our driver in the place of the one that an earlier run gave the service. */
function mountVolume(
  draft: ProjectDraft,
  project: ComposeProject,
  at: ServiceHome,
  volume: VolumeEntry,
  top: TopLevel,
): void {
  const list = entry(at.map, "volumes", at.file)?.value;
  const mount = `${volume.key}:${volume.target}:ro,nocopy`;
  // Between brackets the comma would end it.
  const text = isSeq(list) && list.flow !== true ? mount : JSON.stringify(mount);
  const earlier = isSeq(list)
    ? list.items.find((one) => driverVolumeKey(project, scalarText(one as Node) ?? "", volume.target) !== null)
    : undefined;
  const key = earlier === undefined ? null : driverVolumeKey(project, scalarText(earlier as Node) ?? "", volume.target);
  top.volume(draft, at, volume, key);
  if (earlier !== undefined && isSeq(list)) draft.put(at.file, list, earlier, text, scalarText(earlier as Node) ?? "");
  else addItems(draft, at, "volumes", [text]);
}

/** Adds items to a list of the service. */
function addItems(draft: ProjectDraft, at: ServiceHome, key: string, items: readonly string[]): void {
  const found = entry(at.map, key, at.file);
  const list = found?.value;
  const own = found !== null && !found.shared && !isAlias(found.pair.value);
  if (own && isSeq(list) && list.items.length > 0) for (const item of items) draft.add(at.file, list, item);
  else if ((at.map.flow === true && (found === null || own)) || (found === null && isShort(items)))
    setKey(draft, at, key, `[${items.join(", ")}]`);
  // `<<` and aliases do not extend a list: the service gets its own list with everything it shared.
  else members(draft, at, key, [...(isSeq(list) ? membersOf(draft, at.file, list) : []), ...items].map(asItem));
}

/** Whether a list is read as well on one line. */
const isShort = (items: readonly string[]): boolean => items.length === 1 || items.join(", ").length <= 100;

function health(draft: ProjectDraft, at: ServiceHome, service: string, test: string, shown: string): void {
  const found = entry(at.map, "healthcheck", at.file);
  const [line, said] = [`test: ${test}`, `test: ${shown}`];
  const shared = found !== null && (found.shared || isAlias(found.pair.value));
  if (isMap(found?.value) && shared) {
    const merged = `<<: *${anchorOf(draft, at.file, found.value, `${service}-healthcheck`)}`;
    members(draft, at, "healthcheck", [merged, line], [merged, said]);
  } else if (isMap(found?.value)) setKey(draft, { ...at, map: found.value }, "test", test, shown);
  else if (at.map.flow === true) draft.add(at.file, at.map, `healthcheck: { ${line} }`, `healthcheck: { ${said} }`);
  else members(draft, at, "healthcheck", [line], [said]);
}

function setKey(draft: ProjectDraft, { file, map }: ServiceHome, key: string, value: string, shown = value): void {
  const own = entriesOf(map, file).find((one) => one.key === key && !one.shared);
  if (own) draft.put(file, map, own.pair, `${flowKey(file, key)}: ${value}`, `${key}:`, `${key}: ${shown}`);
  else draft.add(file, map, `${flowKey(file, key)}: ${value}`, `${key}: ${shown}`);
}

/** A list for the file, and its form in a plan, which hides the image's words: detection may not know their secrets. */
function listForms(
  prefix: readonly string[],
  own: readonly string[],
  shown: readonly string[] | null = null,
): readonly [string, string] {
  const written = (list: readonly string[]): string => `[${list.map((word) => JSON.stringify(word)).join(", ")}]`;
  if (own.length === 0) return [written(prefix), written(prefix)];
  const all = written([...prefix, ...own]);
  if (shown !== null) return [all, written([...prefix, ...shown])];
  const count = `${own.length} ${own.length === 1 ? "word" : "words"} of the container's own`;
  return [all, `[${[...prefix.map((word) => JSON.stringify(word)), `… ${count}`].join(", ")}]`];
}
