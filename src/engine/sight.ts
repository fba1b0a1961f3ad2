import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SoughtValue } from "../contract/delivery.ts";
import { START_SCRIPT } from "../model/start-script.ts";
import type { EngineFileTraces } from "./plugin/questions.ts";
import { unreachableHost } from "./facts.ts";
import type { Engine } from "./engine.ts";
import { pluginAsker, type AskPlugin } from "./plugin/ask.ts";
import { readPluginNote } from "./plugin/key.ts";
import { valueDigest, type PluginKey } from "./plugin/seal.ts";
import { processFile, programsOf, runsScript, treeHasVariable, type IsValue, type RunningPrograms } from "./process.ts";
import { findAllInContainer } from "./traces.ts";

/** Who looks at the processes of an engine's host, and at the engine's files: this process, or the engine's volume plugin. */
export interface Sight {
  /** Whether a process or one of its descendants has the value in a variable. */
  holds(pid: number, sought: SoughtValue): Promise<boolean>;
  /** As `programsOf`; `start` are the words that start the container. */
  programs(pid: number, sought: SoughtValue, start: readonly string[]): Promise<RunningPrograms>;
  /** Whether the start script has handed the value over, and become the entrypoint. */
  started(pid: number, sought: SoughtValue): Promise<boolean>;
  /** Where the engine's files of a container show the values; null if there are none that can be read. */
  traces(id: string, sought: readonly SoughtValue[]): Promise<readonly EngineFileTraces[] | null>;
}

/** Who looks at an engine's host from here. */
export type FindSight = (engine: Engine) => Promise<Sight>;

/** The sight of a process on the engine's host. `dockerRoot`: the engine's folder. */
export function localSight(dockerRoot: string): Sight {
  return {
    holds: async (pid, { name, value }) => treeHasVariable(pid, name, is(value)),
    programs: async (pid, { name, value }, start) => programsOf(pid, name, is(value), start),
    started: async (pid, { name, value }) => becameEntrypoint(pid, name, is(value)),
    traces: async (id, sought) => engineFileTraces(dockerRoot, id, sought),
  };
}

const is =
  (value: SoughtValue["value"]): IsValue =>
  (found) =>
    found.equals(value);

/** The sight of the volume plugin, which gets digests and references, never a value. */
export function pluginSight(ask: AskPlugin, key: PluginKey): Sight {
  const of = ({ name, value }: SoughtValue): { name: string; digest: string } => ({
    name,
    digest: valueDigest(value, key),
  });
  return {
    holds: async (pid, sought) => (await ask("holds", { pid, of: of(sought) })).holds,
    async programs(pid, sought, start) {
      const { programs, inScript } = await ask("programs", { pid, of: of(sought), start });
      return { programs: new Map(programs), inScript };
    },
    started: async (pid, sought) => (await ask("started", { pid, of: of(sought) })).started,
    traces: async (id, sought) =>
      (await ask("traces", { id, values: sought.map(({ name, reference }) => ({ name, reference })) })).traces,
  };
}

/** Nobody can look: nothing is seen, and so nothing is taken for proven. */
const BLIND: Sight = {
  holds: async () => false,
  programs: async () => ({ programs: new Map(), inScript: false }),
  started: async () => false,
  traces: async () => null,
};

/** Who looks at this engine's host: this process where it can, otherwise the volume plugin that it gave to the engine. */
export async function sightOf(engine: Engine, state: string): Promise<Sight> {
  const info = await engine.info();
  if (unreachableHost(engine, info) === null) return localSight(info.DockerRootDir);
  const note = readPluginNote(state, info.ID);
  return note === null ? BLIND : pluginSight(pluginAsker(engine, note.key), note.key);
}

/**
 * Whether the start script, which ends unless it could export all its values, was given this one and has become the
 * entrypoint. That one may unset the variable before it becomes the program, as MongoDB's does.
 */
export async function becameEntrypoint(pid: number, name: string, isValue: IsValue): Promise<boolean> {
  if (runsScript(pid, START_SCRIPT)) return false;
  for (const folder of ["/run/unsprawl", "/run/unsprawl/secrets", "/run/secrets"]) {
    const file = await processFile(pid, `${folder}/${name}`);
    if (file !== null && isValue(file)) return true;
  }
  return false;
}

/** Docker's files of a container, and Podman's. */
const FILES = [
  [`containers/{id}/config.v2.json`, `containers/{id}/hostconfig.json`],
  [`overlay-containers/{id}/userdata/config.json`],
];

/** Where the engine's own files of a container show the values, by the names that inspect has; null without these files. */
export function engineFileTraces(
  dockerRoot: string,
  id: string,
  sought: readonly Pick<SoughtValue, "name" | "value">[],
): readonly EngineFileTraces[] | null {
  const own = FILES.map((names) => names.map((name) => name.replace("{id}", id)));
  const files = own.find(([first = ""]) => existsSync(join(dockerRoot, first))) ?? [];
  if (files.length === 0) return null;
  try {
    return files.map((file) => {
      const text = readFileSync(join(dockerRoot, file), "utf8");
      const { State: _state, NetworkSettings: _network, ...rest } = JSON.parse(text) as { [key: string]: unknown };
      const shown = file.endsWith("hostconfig.json") ? { HostConfig: rest } : rest;
      const names = sought.map(({ name }) => name);
      const values = sought.map(({ value }) => value);
      return { file, places: findAllInContainer(shown, values, names).map((places) => [...places]) };
    });
  } catch {
    return null;
  }
}
