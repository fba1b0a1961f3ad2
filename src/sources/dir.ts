import { existsSync } from "node:fs";
import { opendir, stat as statOf } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { DeclaredReader, DeclaredVariables } from "../contract/declared.ts";
import type { SourceReading, Source } from "../contract/source.ts";
import { candidateAt } from "../files/candidate.ts";
import { readChecked } from "../kit/io/read.ts";
import { errorReading } from "../engine/reading.ts";
import { UnsprawlError } from "../model/error.ts";
import { NO_FACTS, type Subject } from "../model/location.ts";

/** Git's objects are compressed, and tracked files are in the work tree; its `config` may hold a token. */
const SKIPPED = new Set(["objects", "lfs", "logs", "index"]);

/**
 * `dir:PATH`: every regular file below a folder, or one file. Symbolic links below it are not followed. Files are read
 * as a stream by the threads that classify them; binary files are skipped.
 */
export function dirSource(cwd: string, readers: readonly DeclaredReader[] = []): Source {
  const reading = async (source: string, name: string, file: string): Promise<readonly SourceReading[]> => {
    const subject: Subject = { kind: "file", name, id: file };
    const bare = { kind: "file", source, subject, facts: NO_FACTS, file, exposure: [] } as const;
    const declared = await declaredIn(file, readers);
    if (declared === null) return [bare];
    if ("fault" in declared) return [bare, errorReading(name, { kind: "file", path: file }, declared.fault)];
    const candidates = declared.variables.map(({ name, value, line, lastLine, of }) => ({
      candidate: candidateAt(source, subject, "file", name, value, { kind: "text", file: null, line, of }),
      lastLine,
    }));
    return [{ ...bare, declared: candidates, exposure: declared.exposure }];
  };
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
        yield* await reading(source, basename(root), root);
        return;
      }
      for await (const found of filesBelow(root, root, signal))
        if ("error" in found) yield found.error;
        else yield* await reading(source, relative(root, found.file), found.file);
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
      if (entry.name.includes(LOST) && !existsSync(path)) yield { error: unnamed(root, path) };
      else if (entry.isFile()) yield { file: path };
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

/** Stands in a name for bytes that are not UTF-8. */
const LOST = "\ufffd";

/** Such a file has no name here by which it could be opened. */
function unnamed(root: string, path: string): SourceReading {
  const about = { kind: "file", path } as const;
  return { kind: "error", subject: relative(root, path), about, message: "its name is not UTF-8", hint: "rename it" };
}

/** Larger files are made by programs: only their text is searched. */
const LARGEST = 256 * 1024;

async function declaredIn(
  file: string,
  readers: readonly DeclaredReader[],
): Promise<DeclaredVariables | { readonly fault: unknown } | null> {
  try {
    for (const reader of readers.filter((one) => one.mayDeclare(file))) {
      const bytes = bytesOf(file);
      const declared = bytes === null ? null : await reader.read(file, bytes);
      if (declared !== null) return declared;
    }
    return null;
  } catch (fault) {
    return { fault }; // its text is searched anyway
  }
}

/** Null for a file that cannot be read, which the reader of its text reports. */
function bytesOf(file: string): Uint8Array | null {
  try {
    return readChecked(file, { limit: LARGEST, link: false });
  } catch {
    return null;
  }
}
