import { readdirSync, type Dirent } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { readChecked } from "../../../src/kit/io/read.ts";
import { realOrSame } from "../../../src/kit/io/real.ts";
import type { ComposeProject } from "./project.ts";

/*
 * Compose files of other projects around an env file: many people keep one for all projects of a machine, in the folder
 * above them, and name it by `env_file`, by a link called `.env`, or by `--env-file`.
 */

/** The Compose file of another folder whose services read this env file; null if none is found. */
export function readAround(project: ComposeProject, file: string): string | null {
  const own = realOrSame(file);
  const found = around(project, own).find(({ file: other, words }) => {
    const paths = words.filter((word) => basename(word) === basename(file)).slice(0, MOST_PATHS);
    return paths.some((path) => realOrSame(resolve(dirname(other), path)) === own);
  });
  return found?.file ?? null;
}

/**
 * The Compose file of another folder that this variable of an env file is filled into; null if none is found. `isGiven`:
 * by `--env-file`, which whoever named it for this project may name for the others too.
 */
export function filledAround(
  project: ComposeProject,
  file: string,
  variable: string,
): { readonly by: string; readonly isGiven: boolean } | null {
  // Others are never filled in.
  if (!/^\w{1,256}$/.test(variable)) return null;
  const own = realOrSame(file);
  const use = new RegExp(`\\$(?:\\{${variable}[}:?+-]|${variable}(?!\\w))`);
  const isGiven = project.givenEnv.some((one) => realOrSame(one) === own);
  const found = around(project, own).find(({ file: other, text }) => {
    if (!use.test(text.replaceAll("$$", ""))) return false;
    const dotenv = join(dirname(other), ".env");
    // A line of the other project's own counts before it.
    return (
      realOrSame(dotenv) === own || (isGiven && !new RegExp(`^(?:export )?${variable}=`, "m").test(textOf(dotenv)))
    );
  });
  return found === undefined ? null : { by: found.file, isGiven };
}

/** `words` are those of a text that names env files; none of any other. */
type Other = { readonly file: string; readonly text: string; readonly words: readonly string[] };

const MOST_FOLDERS = 300;
const MOST_FILES = 600;
/** What people write is smaller by far: who owns a folder nearby may not make this take long. */
const LARGEST = 256 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_PATHS = 100;
const DEEPEST = 2;

const known = new WeakMap<ComposeProject, Map<string, readonly Other[]>>();

/** Those below the env file's folder and beside the project's, if it is not in the project's. */
function around(project: ComposeProject, file: string): readonly Other[] {
  const own = realOrSame(project.dir);
  const top = dirname(file);
  const tops = new Set(file.startsWith(own + sep) ? [top] : [top, dirname(own)]);
  return [...tops].flatMap((folder) => below(project, folder, own));
}

function below(project: ComposeProject, top: string, own: string): readonly Other[] {
  const before = known.get(project) ?? new Map<string, readonly Other[]>();
  known.set(project, before);
  const found = before.get(top) ?? readBelow(project, top, own);
  before.set(top, found);
  return found;
}

function readBelow({ yaml }: ComposeProject, top: string, own: string): readonly Other[] {
  const isOwn = new Set([...yaml.keys()].map(realOrSame));
  const found: Other[] = [];
  const folders = top === sep ? [] : [{ folder: top, depth: 0 }];
  let [files, bytes] = [0, 0];
  // What is added on the way is visited too.
  for (const { folder, depth } of folders) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < DEEPEST && folders.length < MOST_FOLDERS && !/^(?:\.|node_modules$)/.test(entry.name))
          folders.push({ folder: path, depth: depth + 1 });
      } else if (
        entry.isFile() &&
        folder !== own &&
        /\.ya?ml$/.test(entry.name) &&
        files < MOST_FILES &&
        bytes < MOST_BYTES
      ) {
        files++;
        const text = isOwn.has(path) ? "" : textOf(path);
        bytes += text.length;
        if (/^services:/m.test(text)) found.push({ file: path, text, words: wordsOf(text) });
      }
    }
  }
  return found;
}

const wordsOf = (text: string): readonly string[] =>
  text.includes("env_file") ? [...new Set(text.split(/[\s"'=,[\]{}]+/))] : [];

// A folder or a file that cannot be read is no help.
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readChecked(file, { limit: LARGEST }).toString("utf8");
  } catch {
    return "";
  }
}
