import type { YAMLMap } from "yaml";
import { UnsprawlError } from "../model/error.ts";
import type { Draft } from "./draft.ts";
import { scalar } from "../text/yaml-edit.ts";
import { home, type Project, type Service } from "./project.ts";
import type { Wish } from "./rewrite.ts";
import { entriesOf, entry, isAlias, isMap, isSeq, type Entry, type YamlFile } from "../text/yaml-nodes.ts";

type Home = { readonly file: YamlFile; readonly map: YAMLMap };
type Variable = { readonly name: string; readonly value: string };

/** What a service needs beside its variables: a mount, a runtime, a command behind a prefix. */
export function serviceKeys(draft: Draft, project: Project, wish: Wish): void {
  const { mounts, runtime, entrypointPrefix, healthcheckPrefix } = wish.change;
  if (mounts.length === 0 && runtime === null && entrypointPrefix === null && healthcheckPrefix === null) return;
  const at = homeOf(project, wish.service);
  for (const { source, target } of mounts) mount(draft, at, wish.service, source, target);
  if (runtime !== null) setKey(draft, at, "runtime", scalar(runtime, null));
  if (entrypointPrefix !== null) {
    setKey(draft, at, "entrypoint", words([...entrypointPrefix, ...wish.entrypoint]));
    // Compose drops the image's command when the entrypoint is set.
    if (!inProject(project, wish.service, "command") && wish.cmd.length > 0)
      setKey(draft, at, "command", words(wish.cmd));
  }
  if (healthcheckPrefix !== null && wish.health !== null)
    health(draft, at, wish.service, prefixed(wish.health, healthcheckPrefix));
}

/** Gives a service variables of its own. */
export function setVariables(draft: Draft, project: Project, service: string, wanted: readonly Variable[]): void {
  const at = homeOf(project, service);
  const found = entry(at.map, "environment", at.file);
  const pair = ({ name, value }: Variable): string => `${name}: ${scalar(value, null)}`;
  if (found === null) {
    // One that an earlier file or a base has is merged with it by Compose.
    const flow = at.map.flow === true;
    draft.add(
      at.file,
      at.map,
      flow
        ? `environment: {${wanted.map(pair).join(", ")}}`
        : `environment:\n${wanted.map((one) => `  ${pair(one)}`).join("\n")}`,
    );
    return;
  }
  const list = found.value;
  if (!found.shared && !isAlias(found.pair.value)) {
    if (isSeq(list)) for (const { name, value } of wanted) draft.add(at.file, list, scalar(`${name}=${value}`, null));
    else if (isMap(list)) for (const one of wanted) draft.add(at.file, list, pair(one));
    else
      draft.put(
        at.file,
        at.map,
        found.pair,
        nested("environment", wanted.map(pair), columnOfPair(at, found)),
        "environment:",
      );
    return;
  }
  const anchor = isMap(list) ? (list as YAMLMap & { readonly anchor?: string }).anchor : undefined;
  if (anchor === undefined || at.map.flow === true)
    throw new UnsprawlError(
      "refused",
      `${service} shares its whole environment with others, and each would need another`,
      "--deliver runtime gives all of them the same; or give it an environment of its own",
    );
  const lines = [`<<: *${anchor}`, ...wanted.map(pair)];
  if (found.shared) draft.add(at.file, at.map, nested("environment", lines, 0));
  else draft.put(at.file, at.map, found.pair, nested("environment", lines, columnOfPair(at, found)), "environment:");
}

/** A key with members below it. What is added gets its place's indentation; what is put has to bring it along. */
function nested(key: string, lines: readonly string[], column: number): string {
  return `${key}:\n${lines.map((line) => `${" ".repeat(column + 2)}${line}`).join("\n")}`;
}

function columnOfPair({ file }: Home, { pair }: Entry): number {
  const start = pair.key.range?.[0] ?? 0;
  return start - (file.text.lastIndexOf("\n", start - 1) + 1);
}

function homeOf(project: Project, name: string): Home {
  const service = project.services.get(name);
  const found = service ? home(service) : null;
  if (found) return found;
  throw new UnsprawlError(
    "refused",
    `${name} has no map of its own in the Compose file, so nothing can be added to it`,
    "write the service out, then plan again",
  );
}

function mount(draft: Draft, at: Home, service: string, source: string, target: string): void {
  const found = entry(at.map, "volumes", at.file);
  if (found?.shared || isAlias(found?.pair.value))
    throw new UnsprawlError(
      "refused",
      `${service} shares its volumes with others, so none can be added to it alone`,
      "--deliver runtime needs none; or give it volumes of its own",
    );
  // Missing at start it must be an error, not an empty folder.
  const lines = [
    "type: bind",
    `source: ${scalar(source, null)}`,
    `target: ${scalar(target, null)}`,
    "read_only: true",
    "bind:",
    "  create_host_path: false",
  ];
  const flow = `{ type: bind, source: ${scalar(source, null)}, target: ${scalar(target, null)}, read_only: true, bind: { create_host_path: false } }`;
  if (isSeq(found?.value) && found.value.items.length > 0)
    draft.add(at.file, found.value, found.value.flow === true ? flow : lines.join("\n"));
  else if (at.map.flow === true || found) setKey(draft, at, "volumes", `[${flow}]`);
  else draft.add(at.file, at.map, `volumes:\n  - ${lines.join("\n    ")}`);
}

function health(draft: Draft, at: Home, service: string, test: readonly string[]): void {
  const found = entry(at.map, "healthcheck", at.file);
  if (found?.shared || isAlias(found?.pair.value))
    throw new UnsprawlError(
      "refused",
      `${service} shares its health check with others, and it would need another`,
      "--deliver runtime needs none; or give it one of its own",
    );
  if (isMap(found?.value)) setKey(draft, { file: at.file, map: found.value }, "test", words(test));
  else if (at.map.flow === true) draft.add(at.file, at.map, `healthcheck: { test: ${words(test)} }`);
  else draft.add(at.file, at.map, `healthcheck:\n  test: ${words(test)}`);
}

/** `CMD-SHELL text` runs in the image's shell, so it becomes a CMD of that shell behind the prefix. */
function prefixed(test: readonly string[], prefix: readonly string[]): string[] {
  const [kind, ...own] = test;
  if (kind === "CMD-SHELL") return ["CMD", ...prefix, "/bin/sh", "-c", ...own];
  return kind === "CMD" ? ["CMD", ...prefix, ...own] : [...test];
}

function setKey(draft: Draft, { file, map }: Home, key: string, value: string): void {
  const own = entriesOf(map, file).find((one) => one.key === key && !one.shared);
  if (own) draft.put(file, map, own.pair, `${key}: ${value}`, `${key}:`);
  else draft.add(file, map, `${key}: ${value}`);
}

function inProject(project: Project, name: string, key: string): boolean {
  const layers = (project.services.get(name) as Service).layers;
  return layers.some(({ service, file }) => (entry(service, key, file)?.value ?? null) !== null);
}

function words(list: readonly string[]): string {
  return JSON.stringify(list.map((word) => word.replaceAll("$", "$$$$")));
}
