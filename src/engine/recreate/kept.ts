import type { Engine } from "../engine.ts";
import { keptByRun } from "../names.ts";
import type { ContainerDoc } from "../types.ts";

/**
 * Of the containers that runs keep of this one, the one that was created last; null when none does. What counts is the
 * engine's time of creation: the names of two runs of one second differ by chance alone.
 */
export async function newestKept(engine: Engine, name: string): Promise<ContainerDoc | null> {
  const names = (await engine.containers()).flatMap(({ Names }) => Names.map((one) => one.slice(1)));
  const kept = names.filter((one) => keptByRun(one) !== null && one.startsWith(`${name}-before-`));
  const docs = (await Promise.all(kept.map((one) => engine.container(one)))).filter((one) => one !== null);
  return docs.toSorted((a, b) => (isNewer(b, a) ? -1 : 1)).at(-1) ?? null;
}

/** Whether the engine created a container after another. */
export function isNewer(one: ContainerDoc, other: ContainerDoc): boolean {
  return createdAt(one) > createdAt(other);
}

/** To the nanosecond, comparable as text: the engine leaves out the zeros at the end of a fraction. */
function createdAt({ Created = "" }: ContainerDoc): string {
  const [seconds = "", fraction = ""] = Created.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}
