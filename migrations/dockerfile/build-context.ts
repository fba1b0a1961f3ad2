import { opendir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseDockerignore, type DockerignoreMatcher } from "./syntax/dockerignore.ts";
import type { Instruction } from "../../src/images/dockerfile.ts";
import { readChecked } from "../../src/kit/io/read.ts";
import { secretFileKind } from "../../src/model/secret-file.ts";

/** A file that a build would copy into the image, and that is known to hold secrets. */
export type Copied = {
  readonly instruction: Instruction;
  /** Relative to the build context, with slashes. */
  readonly path: string;
  /** Absolute; null for one that the instruction names and that does not exist. */
  readonly file: string | null;
};

/** At most this many files and folders are looked at, so that a home folder given by mistake ends too. */
const MOST_ENTRIES = 200_000;
/** Written by others: examples in it are no secrets of this build. */
const SKIPPED = new Set(["node_modules", "objects"]);

/**
 * Every secret file that COPY and ADD copy into the image, by name or with its folder, unless the `.dockerignore`
 * excludes it. The build context is the Dockerfile's folder. `cut` is true if there were too many files.
 */
export async function copiedSecrets(
  dockerfile: string,
  instructions: readonly Instruction[],
): Promise<{ readonly copied: readonly Copied[]; readonly cut: boolean }> {
  const folder = dirname(dockerfile);
  const copies = instructions.flatMap((one) => sourcesOf(one).map((source) => ({ instruction: one, source })));
  if (copies.length === 0) return { copied: [], cut: false };
  const ignored = await ignoredBy(dockerfile);
  const { paths, cut } = await secretsBelow(folder);
  const copied: Copied[] = [];
  for (const path of paths.filter((one) => !ignored(one))) {
    const by = copies.find(({ source }) => takes(source, path));
    if (by) copied.push({ instruction: by.instruction, path, file: join(folder, path) });
  }
  for (const { instruction, source } of copies)
    if (secretFileKind(source) !== null && !/[*?[]/.test(source) && !ignored(source) && !paths.includes(source))
      copied.push({ instruction, path: source, file: null });
  return { copied, cut };
}

/** What an instruction copies from the build context. Source: docs.docker.com/reference/dockerfile, COPY and ADD. */
function sourcesOf({ name, value }: Instruction): readonly string[] {
  if (!["COPY", "ADD"].includes(name) || /(?:^|\s)--from=/.test(value) || value.includes("<<")) return [];
  const words = value.replace(/^(?:--\S+\s+)+/, "");
  const all = words.startsWith("[") ? listOf(words) : words.split(/\s+/);
  return all.slice(0, -1).flatMap((word) => (/^(?:https?|git|ssh):\/\/|^git@/.test(word) ? [] : [plain(word)]));
}

/** Relative to the build context; empty for all of it. */
const plain = (word: string): string =>
  word
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** The form of a JSON list; anything else is read as words, as the builder does. */
function listOf(text: string): readonly string[] {
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list)) return list.filter((word): word is string => typeof word === "string");
  } catch {
    // Read as words, then.
  }
  return text.split(/\s+/);
}

/**
 * A source copies the file that it matches, and everything in a folder that it matches: the same rule as in
 * `.dockerignore`.
 */
const takes = (source: string, path: string): boolean => source === "" || parseDockerignore(source)(path);

/** `NAME.dockerignore` beside the Dockerfile wins over the folder's. Source: docs.docker.com/build/concepts/context. */
async function ignoredBy(dockerfile: string): Promise<DockerignoreMatcher> {
  for (const file of [`${dockerfile}.dockerignore`, join(dirname(dockerfile), ".dockerignore")]) {
    try {
      return parseDockerignore(readChecked(file).toString("utf8"));
    } catch {
      continue; // as if there were none
    }
  }
  return () => false;
}

async function secretsBelow(folder: string): Promise<{ readonly paths: readonly string[]; readonly cut: boolean }> {
  const paths: string[] = [];
  const folders = [""];
  let seen = 0;
  for (let at = folders.shift(); at !== undefined; at = folders.shift()) {
    const entries = await opendir(join(folder, at)).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      if (++seen > MOST_ENTRIES) return { paths: paths.sort(), cut: true };
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(path);
      else if (entry.isFile() && secretFileKind(path) !== null) paths.push(path);
    }
  }
  return { paths: paths.sort(), cut: false };
}
