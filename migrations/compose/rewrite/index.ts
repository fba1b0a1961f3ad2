import type { YAMLMap } from "yaml";
import { TopLevel } from "../syntax/top-level.ts";
import { bare, cmd, shellLine } from "../../../src/kit/shell.ts";
import { scalar } from "../../../src/kit/text/yaml-edit.ts";
import { dropReplaced, mustBeGone } from "../words/dropped.ts";
import { relabel } from "../labels/index.ts";
import { Blocked } from "./blocked.ts";
import { namesOf, type ServiceChange } from "./change.ts";
import { ProjectDraft, type NewFile } from "./draft.ts";
import { besideNotes } from "../syntax/beside.ts";
import { homeNotes } from "../syntax/home.ts";
import { keptNotes } from "../syntax/kept-lines.ts";
import { mountReaders } from "../syntax/mounted.ts";
import { envFiles, variables, type VariablePlace, type Variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { mayTake, mayWrite, mustBeOurs } from "./may-write.ts";
import { overriddenNotes, wantedPlaces, type PlaceChanges, type VariableChange } from "./wanted.ts";
import { renderComment } from "./render-comment.ts";
import { raiseVersions } from "./stack-version.ts";
import { newScripts } from "./scripts.ts";
import { settableNotes } from "../syntax/settable.ts";
import { serviceKeys, setVariables } from "../syntax/service.ts";
import { dropLines } from "./drop-lines.ts";
import {
  entry,
  follow,
  isMap,
  isOrMerges,
  isScalar,
  isSeq,
  parseYaml,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";

export type { ServiceChange } from "./change.ts";

export type Rewritten = { readonly files: readonly NewFile[]; readonly notes: readonly string[] };

/**
 * The new files of a project: removes or replaces only what held a secret, and adds only what the delivery needs.
 * Throws `refused` if another service would lose a value, or if a value is interpolated elsewhere and `elsewhere` is
 * not accepted.
 */
export async function rewriteProject(
  project: ComposeProject,
  wishes: readonly ServiceChange[],
  accept: ReadonlySet<string>,
  stays: (service: string, name: string) => boolean = () => false,
  isStack = false,
): Promise<Rewritten> {
  const draft = new ProjectDraft(project);
  const all = new Map([...project.services.values()].map((service) => [service.name, variables(service)]));
  const { wanted, apart, kept, overridden } = wantedPlaces(project, wishes, all);
  const moved = (service: string): readonly string[] =>
    wishes.flatMap((wish) => (wish.service === service ? namesOf(wish) : []));
  for (const { place, by } of wanted.values()) {
    onlyThese(place, by, all, stays);
    if (place.kind === "line") mayChangeLine(project, place, by, all);
    for (const [service, action] of changePlace(draft, project, place, by, all))
      apart.set(service, [...(apart.get(service) ?? []), action]);
  }
  for (const wish of wishes) relabel(draft, wish);
  dropReplaced(draft, project, wishes);
  const taken = [...wanted.values()].flatMap(({ place, by }) => [...by.keys()].map((service) => ({ service, place })));
  const notes = [
    ...homeNotes(project, taken, moved),
    ...settableNotes(project, taken),
    ...dropLines(
      { draft, project, all, wishes, edited: [...wanted.values()], kept: [...kept.values()] },
      wishes.flatMap(({ moves }) => moves),
      accept,
    ),
    ...keptNotes([...kept.values()]),
    ...overriddenNotes([...overridden.values()]),
    ...besideNotes(
      project,
      [...wanted.values()].flatMap(({ place }) => (place.kind === "line" ? [place] : [])),
    ),
  ];
  for (const [service, actions] of apart) setVariables(draft, project, service, actions, moved(service));
  const top = new TopLevel(project);
  for (const wish of wishes) serviceKeys(draft, project, wish, top);
  mustBeGone(draft, project, wishes);
  top.write(draft, await renderComment(project, isStack));
  removeEmpty(draft, project);
  if (isStack && wishes.length > 0) notes.push(...raiseVersions(draft, project));
  const files = draft.files().filter(({ file, text }) => text !== textsOf(project).get(file));
  mustBeOurs(
    files.map(({ file }) => file),
    project,
  );
  for (const { file, text } of files) if (project.yaml.has(file)) await parseYaml(file, text);
  return { files: [...newScripts(project, top.scripts()), ...files], notes };
}

function mayChangeLine(
  project: ComposeProject,
  place: VariablePlace & { readonly kind: "line" },
  by: PlaceChanges["by"],
  all: ReadonlyMap<string, Variables>,
): void {
  const its = (service: string, name: string): boolean => by.has(service) && name === place.name;
  const readers = mountReaders(project, place.file.file, (service) => all.get(service)?.has(place.name) === true);
  mayTake(place, readers, its);
  mayWrite(place.file, its);
}

/** Changes a place; the services that shared it but need different changes each get their own line. */
function changePlace(
  draft: ProjectDraft,
  project: ComposeProject,
  place: VariablePlace,
  by: PlaceChanges["by"],
  all: ReadonlyMap<string, Variables>,
): (readonly [service: string, action: NonNullable<VariableChange>])[] {
  const [first] = by.values();
  const actions = [...by.values()].map(({ action }) => JSON.stringify(action));
  // Under another name, it would appear in services that now override it with their own value.
  const alike = new Set(actions).size === 1 && !hiddenFrom(project, place, by, all);
  change(draft, place, alike && first ? first.action : null, first?.masked ?? "");
  if (alike) return [];
  return [...by].flatMap(([service, { action }]) => (action === null ? [] : [[service, action] as const]));
}

/** Throws `Blocked` if another service also gets this variable from here. `stays`: what was found to stay before. */
function onlyThese(
  place: VariablePlace,
  by: PlaceChanges["by"],
  all: ReadonlyMap<string, Variables>,
  stays: (service: string, name: string) => boolean,
): void {
  const others = [...all].filter(([name, own]) => !by.has(name) && own.get(place.name)?.at(-1)?.id === place.id);
  if (others.length === 0) return;
  const names = others.map(([name]) => name);
  const blocked = names.filter((name) => stays(name, place.name));
  throw new Blocked(
    `${place.name} at ${place.at} is also read by ${names.join(", ")}, which would lose it`,
    blocked.length > 0
      ? `${blocked.join(", ")} keeps it for the reason given beside its name; once that is fixed, all move`
      : cmd`docker compose create ${bare(shellLine(names))}, so that it moves too; then plan again without --only`,
    (one, its) => by.has(one) && its === place.name,
  );
}

/** Whether a service outside `by` reads the file or merges the map that contains this place, and overrides it. */
function hiddenFrom(
  { services }: ComposeProject,
  place: VariablePlace,
  by: PlaceChanges["by"],
  all: ReadonlyMap<string, Variables>,
): boolean {
  if (place.kind === "line")
    return [...all].some(([name, own]) => !by.has(name) && own.get(place.name)?.some(({ id }) => id === place.id));
  if (place.kind !== "pair") return false;
  return [...services.values()].some(
    ({ name, layers }) =>
      !by.has(name) &&
      layers.some(
        ({ service, file }) =>
          file === place.file && isOrMerges(entry(service, "environment", file)?.value, place.owner, file),
      ),
  );
}

function change(draft: ProjectDraft, place: VariablePlace, action: VariableChange, masked: string): void {
  const was = place.value === null ? place.name : `${place.name}=${masked}`;
  if (place.kind === "line") draft.line(place.file, place.member, action, was);
  else if (action === null) draft.drop(place.file, place.owner, place.member, was);
  else if (place.kind === "item") {
    draft.put(place.file, place.owner, place.member, scalar(`${action.name}=${action.value}`, place.member), was);
  } else {
    const text = `${scalar(action.name, place.member.key)}: ${scalar(action.value, place.member.value)}`;
    draft.put(place.file, place.owner, place.member, text, was);
  }
}

/** Removes an `environment:` without variables; a map that others merge stays as an empty one. */
function removeEmpty(draft: ProjectDraft, { yaml }: ComposeProject): void {
  for (const file of yaml.values()) {
    const walk = (node: unknown): void => {
      if (!isMap(node)) return;
      for (const pair of node.items) {
        const { key, value } = pair as { key: unknown; value: unknown };
        walk(value);
        if (!isCollection(value)) continue;
        const list = value as Parameters<ProjectDraft["left"]>[0] & { readonly anchor?: string };
        // `!override` and an anchor have a meaning even without members.
        const marks = `${list.anchor ? `&${list.anchor} ` : ""}${list.tag?.startsWith("!") ? `${list.tag} ` : ""}`;
        if (list.items.length === 0 || draft.left(list) > 0) continue;
        const name = isScalar(key) ? (key.value ?? "") : "";
        const goes = name === "environment" && marks === "" && !isMergedToo(node, name, file);
        if (goes && list.flow !== true && node.flow !== true) draft.dropKey(file, node, pair, `${name}:`);
        else {
          draft.forget(list);
          const empty = `${marks}${isMap(list) ? "{}" : "[]"}`;
          if (goes) draft.drop(file, node, pair, `${name}:`);
          else draft.put(file, node, pair, `${name}: ${empty}`, `${name}:`);
        }
      }
    };
    walk(file.root);
  }
}

/** Whether a map would get this key from what it merges (`<<`) if it had none itself. */
function isMergedToo(map: YAMLMap, name: string, file: YamlFile): boolean {
  const merged = (map.items as { readonly key: unknown; readonly value: unknown }[]).filter(
    ({ key }) => isScalar(key) && key.value === "<<",
  );
  return merged.some(({ value }) => {
    const base = follow(value, file);
    const maps = isSeq(base) ? base.items.map((one) => follow(one, file)) : [base];
    return maps.some((one) => entry(one, name, file) !== null);
  });
}

const isCollection = (node: unknown): boolean => typeof node === "object" && node !== null && "items" in node;

/** All files of a project with their texts, by absolute name. */
export function textsOf(project: ComposeProject): Map<string, string> {
  return new Map([...project.yaml.values(), ...envFiles(project)].map(({ file, text }) => [file, text]));
}
