import { opendir, stat as statOf } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { SourceReading, Source } from "../contract/source.ts";
import { UnsprawlError } from "../model/error.ts";
import { NO_FACTS } from "../model/location.ts";

/** Git's objects are compressed, and tracked files are in the work tree; its `config` may hold a token. */
const SKIPPED = new Set(["objects", "lfs", "logs", "index"]);

/**
 * `dir:PATH`: every regular file below a folder, or one file. Symbolic links below it are not followed. Files are read
 * as a stream by the threads that classify them; binary files are skipped.
 */
export function dirSource(cwd: string): Source {
  return {
    kind: "dir",
    async *read(what, signal) {
      if (what === "") throw new UnsprawlError("usage", "dir: needs a folder", "unsprawl scan dir:.");
      const root = resolve(cwd, what);
      const stat = await statOf(root).catch(() => null);
      if (stat === null)
        throw new UnsprawlError("absent", `no folder ${what}`, "name a folder or a file that is there");
      const source = `dir:${what}`;
      if (!stat.isDirectory()) {
        yield reading(source, basename(root), root);
        return;
      }
      for await (const found of filesBelow(root, root, signal))
        yield "error" in found ? found.error : reading(source, relative(root, found.file), found.file);
    },
  };
}

/** Every regular file below a folder, and what could not be read; paths in errors are relative to `root`. */
export async function* filesBelow(
  root: string,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly file: string } | { readonly error: SourceReading }> {
  signal.throwIfAborted();
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      const path = join(folder, entry.name);
      if (entry.isFile()) yield { file: path };
      else if (entry.isDirectory() && !(basename(folder) === ".git" && SKIPPED.has(entry.name))) folders.push(path);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const code = (error as { code?: string }).code;
    if (code === undefined) throw error;
    const subject = relative(root, folder) || ".";
    const about = { kind: "file", path: folder } as const;
    yield { error: { kind: "error", subject, about, message: `cannot be read: ${code}`, hint: "check its rights" } };
  }
  for (const one of folders.sort()) yield* filesBelow(root, one, signal);
}

function reading(source: string, name: string, file: string): SourceReading {
  return { kind: "file", source, subject: { kind: "file", name, id: file }, facts: NO_FACTS, file, exposure: [] };
}
