import { readChecked } from "../../kit/io/read.ts";
import { contentDigest } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import { withFileLock } from "../../kit/io/lock.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { SopsDocument } from "./document.ts";
import { readDocument } from "./formats.ts";
import { mustLead } from "./ground.ts";
import type { DataKeys } from "./keys.ts";
import { openDocument, type OpenLeaf } from "./mac.ts";

/** Files above this are not read: no list of secrets is that long. */
export const MAX_FILE = 64 * 1024 * 1024;

export type OpenedSops = {
  readonly document: SopsDocument;
  readonly dataKey: Buffer;
  readonly leaves: readonly OpenLeaf[];
};

/** A file with its data key and values; null when it is absent. Throws `denied` when `keys` cannot open it. */
export async function openFile(file: string, keys: DataKeys): Promise<OpenedSops | null> {
  const text = await readWhole(file);
  if (text === null) return null;
  return openText(text, file, (document) => keys.unwrap(document));
}

export async function openText(text: string, file: string, unwrap: DataKeys["unwrap"]): Promise<OpenedSops> {
  const document = await readDocument(text, file);
  const dataKey = await unwrap(document);
  return { document, dataKey, leaves: openDocument(document, dataKey) };
}

/** The file as it was read, for the last look before it is replaced. */
export function expectedDigest(opened: OpenedSops | null): string | null {
  return opened === null ? null : contentDigest(opened.document.text);
}

/** How often a file is read again that somebody else, who has locks elsewhere, writes at the same time. */
const TRIES = 5;

/** Runs under the lock of a file; once more if another user's run has written the file meanwhile. */
export function underLock<Result>(file: string, act: () => Promise<Result>): Promise<Result> {
  return withFileLock(file, async () => {
    for (let left = TRIES - 1; ; left--) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof UnsprawlError) || error.code !== "changed" || left === 0) throw error;
      }
    }
  });
}

/** Null when it is not there. Throws `unreachable` when nothing can be: see `mustLead`. */
export async function readWhole(file: string): Promise<string | null> {
  try {
    const bytes = readChecked(file, { limit: MAX_FILE });
    const text = bytes.toString("utf8");
    // What is not text would come out changed when the file is written again.
    if (!Buffer.from(text, "utf8").equals(bytes))
      throw new UnsprawlError("malformed", `${file} is not UTF-8 text`, "restore the file from a backup");
    return text;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") {
      await mustLead(file);
      return null;
    }
    if (code === "EISDIR" || code === "refused")
      throw new UnsprawlError(
        "refused",
        `${file} is not a plain file, or is too large`,
        "name another file in the store's configuration",
      );
    throw fileError(error, file);
  }
}
