import { basename } from "node:path";
import type { Assembly } from "./types.ts";

/** How long the engine may take: a person waits. */
const WAIT_MS = 1500;
/** What no shell reads as anything but a part of a word. A name with another character is not offered. */
const PLAIN = /^[\w@%+,./:*=-]+$/;

/** Whether a name can be offered as it is: names are written by others. */
export const isPlainWord = (word: string): boolean => PLAIN.test(word);

/** The containers or image tags of the engine; none if it does not answer soon. `isHere`: only one on a socket here is asked. */
export function listedNames(
  what: "containers" | "images",
  { engine }: Pick<Assembly, "engine">,
  { isHere = false } = {},
): Promise<string[]> {
  return quickly(async () => {
    const opened = await engine();
    if (isHere && opened.connection.via !== "unix") return [];
    if (what === "images") return (await opened.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
    return (await opened.containers()).flatMap(({ Names }) => Names.map((name) => basename(name)));
  });
}

/** Nothing at all if it fails or takes too long. */
export async function quickly<T>(list: () => Promise<readonly T[]>): Promise<T[]> {
  const late = new Promise<readonly T[]>((done) => setTimeout(() => done([]), WAIT_MS).unref());
  return [...(await Promise.race([list().catch(() => []), late]))];
}
