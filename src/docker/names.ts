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

export function nameOf(doc: ContainerDoc): string {
  return doc.Name.replace(/^\//, "");
}
