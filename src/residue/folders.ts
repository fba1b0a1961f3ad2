import { opendir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { UnreadablePlace } from "../contract/look.ts";
import { readPlace } from "./read-place.ts";

const DEEPEST = 2;
const MOST_FILES = 2000;
/** Written by others, or kept by Git. */
const SKIPPED = new Set(["node_modules", ".git"]);

/** Env files, Compose and other YAML, shell, configuration. */
const SETTINGS =
  /^(\.?env(rc|ironment)?|\.env[.-].*|Dockerfile.*|Containerfile.*|Makefile|[Jj]ustfile|Procfile)$|\.(env|envrc|ya?ml|json|toml|ini|cfg|conf|cnf|properties|sh|bash|zsh|fish|profile|service|container|tf|tfvars|hcl)$/;
/** Copies that editors, patch and people leave beside a file that they change. */
const COPIES =
  /(?:~|\.(?:bak|orig|old|save|backup|copy|rej|tmp|patch|diff|sw[a-p]|un~)(?:\.?\d{1,6})?)$|[.-](?:bak|old)[.-]|^#.*#$/;

/** The files in these folders, and up to two levels below, that are likely to be settings or copies of them. */
export async function* likelyFiles(
  folders: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly file: string } | UnreadablePlace> {
  const told = new Set<string>();
  let count = 0;
  const waiting = [...new Set(folders)].map((folder) => ({ folder, depth: 0 }));
  for (const { folder, depth } of waiting) {
    signal.throwIfAborted();
    if (told.has(folder)) continue;
    told.add(folder);
    const read = await readPlace(folder, async () => list(folder));
    if (!("got" in read)) {
      if (!read.absent) yield read.unread;
      continue;
    }
    for (const name of read.got.files) {
      if (++count > MOST_FILES) {
        yield { place: folder, why: `more than ${MOST_FILES} files: the rest of them was not read` };
        return;
      }
      yield { file: join(folder, name) };
    }
    if (depth < DEEPEST)
      waiting.push(...read.got.folders.map((name) => ({ folder: join(folder, name), depth: depth + 1 })));
  }
}

async function list(folder: string): Promise<{ readonly files: string[]; readonly folders: string[] }> {
  const [files, folders]: [string[], string[]] = [[], []];
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    if (entry.isFile() && isLikely(entry.name)) files.push(entry.name);
    else if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort() };
}

function isLikely(name: string): boolean {
  return SETTINGS.test(name) || COPIES.test(name);
}

/** Whether a file is a copy of another by its name. */
export function isCopy(file: string): boolean {
  return COPIES.test(basename(file));
}
