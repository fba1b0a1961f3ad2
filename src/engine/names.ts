import { distinctName, isOwnName } from "../kit/io/name.ts";
import type { ContainerDoc } from "./types.ts";

/** The name under which an engine knows our OCI runtime. */
export const RUNTIME_NAME = "unsprawl";

/** The names in a swap: of the container, of the new one until it takes over, and of the old one afterwards. */
export type SwapNames = { readonly final: string; readonly temporary: string; readonly kept: string };

export function swapNames(name: string, runId: string): SwapNames {
  return { final: name, temporary: `${name}-unsprawl-${runId}`, kept: `${name}-before-${runId}` };
}

/** The part of a swap that records that somebody removed the old container, so that none is kept. */
export const OLD_GONE = "gone";

/** The run that keeps the container of this name; null for any other name. */
export function keptByRun(name: string): string | null {
  return /-before-(\d{8}-\d{6}-[0-9a-f]{4})$/.exec(name)?.[1] ?? null;
}

/** The run whose new container has this name until it takes over; null for any other name. */
export function runCreating(name: string): string | null {
  return /-unsprawl-(\d{8}-\d{6}-[0-9a-f]{4})$/.exec(name)?.[1] ?? null;
}

/**
 * The folder name of a container's files in one run, the same before and after the container is renamed for keeping.
 * Unique among containers and other migrations' subjects.
 */
export function containerUnit(name: string, runId: string): string {
  const own = keptByRun(name) === runId ? name.slice(0, -`-before-${runId}`.length) : name;
  return `${isOwnName(own, LONGEST) ? own : distinctName(own, ["container", own], LONGEST)}-${runId}`;
}

const LONGEST = 160;

export function nameOf(doc: ContainerDoc): string {
  return doc.Name.replace(/^\//, "");
}
