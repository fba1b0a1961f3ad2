import { distinctName, isOwnName } from "../kit/io/name.ts";
import type { ContainerDoc } from "./types.ts";

/** The names of a swap: the container's own, the new one's until it takes over, the old one's from then on. */
export type SwapNames = { readonly final: string; readonly temporary: string; readonly kept: string };

export function swapNames(name: string, runId: string): SwapNames {
  return { final: name, temporary: `${name}-unsprawl-${runId}`, kept: `${name}-before-${runId}` };
}

/** The run whose kept container this is; null for any other name. */
export function keptByRun(name: string): string | null {
  return /-before-(\d{8}-\d{6}-[0-9a-f]{4})$/.exec(name)?.[1] ?? null;
}

/**
 * What the files of a container are called by in one run, while it runs as before and once it is kept: a folder's name.
 * Never that of another container, or of what another migration moves.
 */
export function containerUnit(name: string, runId: string): string {
  const own = keptByRun(name) === runId ? name.slice(0, -`-before-${runId}`.length) : name;
  return `${isOwnName(own, LONGEST) ? own : distinctName(own, ["container", own], LONGEST)}-${runId}`;
}

const LONGEST = 160;

export function nameOf(doc: ContainerDoc): string {
  return doc.Name.replace(/^\//, "");
}
