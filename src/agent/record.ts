import { readFileSync } from "node:fs";
import { join } from "node:path";
import { atomicWrite, sweepTemps } from "../kit/io/atomic.ts";
import { mustBeKnownForm } from "../kit/io/form.ts";
import { jsonText } from "../kit/text/escape.ts";
import { UnsprawlError } from "../model/error.ts";

/** Keyed digests of values, by their names. */
export type ValueDigests = { readonly [name: string]: string };

/** A new value that a container did not survive: no other container gets it until this one is well, or it changes again. */
export type StoppedRoll = { readonly digest: string; readonly container: string };

type AgentState = {
  applied: { [key: string]: ValueDigests };
  stopped: { [reference: string]: StoppedRoll };
  gone: { [folder: string]: number };
};

/** What the agent remembers across its own end: `agent.json` in the state folder, 0600, without values. */
export type AgentRecord = {
  /** What the running processes of a consumer have; null where that is not known. */
  applied(key: string): ValueDigests | null;
  setApplied(key: string, digests: ValueDigests): Promise<void>;
  stopped(reference: string): StoppedRoll | null;
  setStopped(reference: string, stopped: StoppedRoll | null): Promise<void>;
  /** Since when no container mounts a folder, in milliseconds; null where one does. */
  gone(folder: string): number | null;
  setGone(folder: string, since: number | null): Promise<void>;
  forget(key: string): Promise<void>;
};

/**
 * A file that is missing or cannot be read counts as empty: it is learned again from folders and stores. Call it only
 * as the one agent of the host: what a killed one left beside the file goes.
 */
export function openRecord(stateFolder: string | null): AgentRecord {
  const file = stateFolder === null ? null : join(stateFolder, "agent.json");
  const state: AgentState = file === null ? { applied: {}, stopped: {}, gone: {} } : read(file);
  let writing: Promise<void> = file === null ? Promise.resolve() : sweepTemps(file).catch(() => undefined);
  const save = (): Promise<void> => {
    if (file === null) return writing;
    const write = (): Promise<void> => atomicWrite(file, jsonText({ version: 1, ...state }), { mode: 0o600 });
    return (writing = writing.then(write, write));
  };
  const set = async <T>(map: { [key: string]: T }, key: string, value: T | null): Promise<void> => {
    if (JSON.stringify(map[key] ?? null) === JSON.stringify(value)) return;
    if (value === null) delete map[key];
    else map[key] = value;
    await save();
  };
  return {
    applied: (key) => state.applied[key] ?? null,
    setApplied: (key, digests) => set(state.applied, key, digests),
    stopped: (reference) => state.stopped[reference] ?? null,
    setStopped: (reference, stopped) => set(state.stopped, reference, stopped),
    gone: (folder) => state.gone[folder] ?? null,
    setGone: (folder, since) => set(state.gone, folder, since),
    async forget(key) {
      await set(state.applied, key, null);
      await set(state.gone, key, null);
    },
  };
}

function read(file: string): AgentState {
  const empty = { applied: {}, stopped: {}, gone: {} };
  try {
    const { version, applied, stopped, gone } = JSON.parse(readFileSync(file, "utf8")) as AgentState & {
      version?: unknown;
    };
    const maps = [applied, stopped, gone].every((map) => typeof map === "object" && map !== null);
    mustBeKnownForm(version, 1, file);
    return version === 1 && maps ? { applied, stopped, gone } : empty;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    return empty;
  }
}
