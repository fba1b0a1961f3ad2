import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Assembly } from "../assembly/index.ts";
import { isPlainWord, listedNames, quickly } from "../assembly/listed-names.ts";
import { SOURCES } from "../assembly/plug-ins.ts";
import { characters, inserted, type Typed } from "./line-edit.ts";

/** The line after a completion, and the words that still fit if there are several. */
export type Completion = Typed & { readonly offers: readonly string[] };

/** Completes the word before the cursor as far as all words agree; a space follows the only one. */
export function completed(typed: Typed, words: readonly string[]): Completion {
  const word = wordBefore(typed);
  const fitting = [...new Set(words)].filter((one) => one.startsWith(word) && isPlainWord(one)).sort();
  const common = fitting.reduce((begin, one) => sharedStart(begin, one), fitting[0] ?? word);
  const end = fitting.length === 1 && !/[:/]$/.test(common) ? " " : "";
  return { ...inserted(typed, common.slice(word.length) + end), offers: fitting.length > 1 ? fitting : [] };
}

/** The words that may stand where the cursor is, in a line that names what to scan. */
export async function targetNames(typed: Typed, assembly: Assembly): Promise<readonly string[]> {
  const word = wordBefore(typed);
  const about = SOURCES.find(({ kind }) => word.startsWith(`${kind}:`));
  if (about !== undefined) {
    const begin = `${about.kind}:`;
    const names =
      about.lists !== undefined
        ? await listedNames(about.lists, assembly)
        : about.reads === "files"
          ? await filesAt(word.slice(begin.length), assembly.cwd)
          : [];
    return names.map((name) => begin + name);
  }
  const kinds = [...SOURCES.map(({ kind }) => `${kind}:`), "--hosts"];
  const isHost = before(typed).split(/\s+/).slice(0, -1).includes("--hosts");
  return isHost ? [...(await quickly(async () => [...(await assembly.config()).hosts.keys()])), ...kinds] : kinds;
}

/** The files and folders that begin as this path does. */
async function filesAt(path: string, cwd: string): Promise<readonly string[]> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return quickly(async () => {
    const found = await readdir(isAbsolute(folder) ? folder : join(cwd, folder), { withFileTypes: true });
    const isHidden = path.slice(folder.length).startsWith(".");
    return found
      .filter(({ name }) => isHidden || !name.startsWith("."))
      .map((one) => `${folder}${one.name}${one.isDirectory() ? "/" : ""}`);
  });
}

const before = ({ text, at }: Typed): string => characters(text).slice(0, at).join("");
const wordBefore = (typed: Typed): string => before(typed).split(/\s+/).at(-1) ?? "";

function sharedStart(a: string, b: string): string {
  let end = 0;
  while (end < a.length && a[end] === b[end]) end++;
  return a.slice(0, end);
}
