import { mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { atomicWrite, fileError } from "../../text/atomic-file.ts";
import type { InstallFile } from "./model.ts";

/** Where each file goes: where it belongs, or into `folder`. */
export function placesOf(files: readonly InstallFile[], folder: string | null, cwd: string): readonly InstallFile[] {
  return files.map(({ path, text }) => ({
    path: folder === null ? resolve(cwd, path) : join(resolve(cwd, folder), basename(path)),
    text,
  }));
}

/**
 * Writes what is not there yet (0644: there is no secret in it). All files are looked at before one is written: throws
 * `conflict` for one that differs, unless it may be overwritten. Says which were written; the others were so already.
 */
export async function writeFiles(files: readonly InstallFile[], overwrite: boolean): Promise<readonly string[]> {
  const todo = files.filter(({ path, text }) => {
    const there = contentOf(path);
    if (there === null) return true;
    if (there === text) return false;
    if (overwrite) return true;
    throw new UnsprawlError(
      "conflict",
      `${path} is there, and differs; nothing was written`,
      "add --overwrite, or -o DIR",
    );
  });
  for (const { path, text } of todo) {
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      throw fileError(error, dirname(path));
    }
    await atomicWrite(path, text, { mode: 0o644 });
  }
  return todo.map(({ path }) => path);
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw fileError(error, path);
  }
}
