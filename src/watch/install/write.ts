import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { makeFolder } from "../../kit/io/folder.ts";
import { atomicWrite, contentDigest } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import type { InstallFile } from "./model.ts";

/** Where each file goes: its usual place, or into `folder`. */
export function placedFiles(files: readonly InstallFile[], folder: string | null, cwd: string): readonly InstallFile[] {
  return files.map(({ path, text }) => ({
    path: folder === null ? resolve(cwd, path) : join(resolve(cwd, folder), basename(path)),
    text,
  }));
}

/**
 * Writes files that do not exist yet (0644: they contain no secret). All files are checked before one is written:
 * throws `conflict` for one that differs, unless it may be overwritten. Returns the files written; the others had this
 * content already.
 */
export async function writeFiles(files: readonly InstallFile[], overwrite: boolean): Promise<readonly string[]> {
  const todo = files.flatMap(({ path, text }): Todo[] => {
    const there = contentOf(path);
    if (there === null) return [{ path, text, expect: null }];
    if (there.equals(Buffer.from(text))) return [];
    if (overwrite) return [{ path, text, expect: contentDigest(there) }];
    throw new UnsprawlError(
      "conflict",
      `${path} exists and differs; nothing was written`,
      "add --overwrite, or -o DIR",
    );
  });
  for (const { path, text, expect } of todo) {
    await makeFolder(dirname(path), 0o755);
    await atomicWrite(path, text, { mode: 0o644, expect });
  }
  return todo.map(({ path }) => path);
}

type Todo = InstallFile & { readonly expect: string | null };

function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw fileError(error, path);
  }
}
