import { createHash } from "node:crypto";
import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Stored } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { makeFolder } from "../../kit/io/folder.ts";
import { readChecked } from "../../kit/io/read.ts";
import { atomicRemove, atomicWrite, contentDigest, hasTemps, sweepTemps } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import { withFileLock } from "../../kit/io/lock.ts";
import { createDocument, isEmpty, isOurs } from "./create.ts";
import { writtenAt } from "../written.ts";
import type { SopsDocument } from "./document.ts";
import { deleteValue, replaceKeys, setValue } from "./edit.ts";
import { readDocument } from "./formats.ts";
import { mustLead } from "./ground.ts";
import { recipientsOf, type DataKeys } from "./keys.ts";
import { openDocument, type OpenLeaf } from "./mac.ts";
import { mustBeOurs } from "./own-file.ts";
import { isEncrypted } from "./rules.ts";

export type SopsValue = Stored;

/** Files above this are not read: no list of secrets is that long. */
const MAX_FILE = 64 * 1024 * 1024;

/** A value by its file and path of keys; null when the file or the value is absent. `version` is a digest of the ciphertext. */
export async function getValue(file: string, path: readonly string[], keys: DataKeys): Promise<SopsValue | null> {
  const opened = await openFile(file, keys);
  return opened === null ? null : valueAt(opened, path);
}

/**
 * Writes one value under the file's lock. `replace` is the version to replace, or null to create only; the file and
 * its folder (0600, 0700) are made when missing. Throws `conflict`, `locked`, and `refused`: also for a file or folder that
 * somebody else can write to.
 */
export async function putValue(
  file: string,
  path: readonly string[],
  value: Secret,
  replace: string | null,
  keys: DataKeys,
): Promise<string> {
  const bytes = textBytes(value);
  await mustLead(file);
  await makeFolder(dirname(file), 0o700);
  return underLock(file, async () => {
    await sweepTemps(file);
    const opened = await openFile(file, keys);
    await mustBeOurs(file, opened?.document.text ?? null);
    const there = opened === null ? null : valueAt(opened, path);
    if (there !== null && replace === null)
      throw new UnsprawlError(
        "conflict",
        `${file} already has a value at ${path.join("/")}`,
        "unsprawl plan shows it; --overwrite replaces it",
      );
    if ((there?.version ?? null) !== replace)
      throw new UnsprawlError(
        "conflict",
        `the value at ${path.join("/")} in ${file} has changed meanwhile`,
        "unsprawl plan again",
      );
    const { document, dataKey } = opened ?? (await createDocument(file, (key) => keys.wrap(key, file)));
    const text = await setValue(document, path, bytes, dataKey);
    if (text.length > MAX_FILE)
      throw new UnsprawlError(
        "refused",
        `${file} would become too large`,
        "keep the value where it is, or use another file",
      );
    await atomicWrite(file, text, { expect: expectedDigest(opened) });
    const written = valueAt(await openText(text, file, async () => dataKey), path);
    if (written === null) throw new UnsprawlError("failed", `${file} does not hold what was written`, null);
    return written.version;
  });
}

/**
 * What to know before a value is put into a file: whom it is encrypted for that the store's settings do not name. Throws
 * as `putValue` for a file that none may be put into.
 */
export async function mayPut(file: string, keys: DataKeys): Promise<readonly string[]> {
  const opened = await openFile(file, keys);
  await mustBeOurs(file, opened?.document.text ?? null);
  if (opened === null) return [];
  const own = new Set(await keys.names());
  return recipientsOf(opened.document)
    .filter((name) => !own.has(name))
    .map(
      (name) =>
        `${file} is encrypted for ${name} too, which the store's settings do not name: it can decrypt what is added`,
    );
}

/**
 * Removes one value if `matches` is true for it; the file is deleted with its last value if unsprawl made it. False if
 * absent. Throws `conflict`.
 */
export async function removeValue(
  file: string,
  path: readonly string[],
  matches: (value: Secret) => boolean,
  keys: DataKeys,
): Promise<boolean> {
  // A killed writer's temporary file goes too.
  if ((await openFile(file, keys)) === null && !(await hasTemps(file))) return false;
  return underLock(file, async () => {
    await sweepTemps(file);
    const opened = await openFile(file, keys);
    const there = opened === null ? null : valueAt(opened, path);
    if (opened === null || there === null) return false;
    if (!matches(there.value))
      throw new UnsprawlError(
        "conflict",
        `${file} holds another value at ${path.join("/")}`,
        "someone else changed it; it is kept",
      );
    const ours = isOurs(opened.document, opened.dataKey);
    const text = await deleteValue(opened.document, path, opened.dataKey, ours);
    if (text === null) return false;
    const expect = expectedDigest(opened);
    if (ours && isEmpty(await readDocument(text, file))) await atomicRemove(file, { expect });
    else await atomicWrite(file, text, { expect });
    return true;
  });
}

/**
 * Wraps the data key of a file for other holders, as `sops updatekeys`: only those for whom `keys` wraps can open it;
 * no other byte changes. `keys` must be able to open the file now. False if there is no such file.
 */
export async function rewrapFile(file: string, keys: DataKeys): Promise<boolean> {
  if ((await openFile(file, keys)) === null) return false;
  return underLock(file, async () => {
    await sweepTemps(file);
    const opened = await openFile(file, keys);
    if (opened === null) return false;
    const text = await replaceKeys(opened.document, await keys.wrap(opened.dataKey, file), opened.dataKey);
    await atomicWrite(file, text, { expect: expectedDigest(opened) });
    return true;
  });
}

/** The path of keys of every encrypted value that has a name, in the file's order; none if the file is absent. */
export async function listValues(file: string, keys: DataKeys): Promise<readonly (readonly string[])[]> {
  const opened = await openFile(file, keys);
  if (opened === null) return [];
  const { rules } = opened.document;
  return opened.leaves.filter((leaf) => leaf.named && isEncrypted(leaf.path, rules)).map((leaf) => leaf.path);
}

/** Whom a file is encrypted for, as `recipientsOf`; null when it is absent. Needs no key. */
export async function holdersOf(file: string): Promise<readonly string[] | null> {
  const text = await readWhole(file);
  return text === null ? null : recipientsOf(await readDocument(text, file));
}

/** How often a file is read again that somebody else, who has locks elsewhere, writes at the same time. */
const TRIES = 5;

/** Runs under the lock of a file; once more if another user's run has written the file meanwhile. */
function underLock<Result>(file: string, act: () => Promise<Result>): Promise<Result> {
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

/** Removes folders that are empty, from `folder` upwards to but without `stop`. */
export async function removeEmptyFolders(folder: string, stop: string): Promise<void> {
  for (let at = folder; at.startsWith(stop) && at !== stop; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

type Opened = { readonly document: SopsDocument; readonly dataKey: Buffer; readonly leaves: readonly OpenLeaf[] };

/** A file with its data key and values; null when it is absent. Throws `denied` when `keys` cannot open it. */
export async function openFile(file: string, keys: DataKeys): Promise<Opened | null> {
  const text = await readWhole(file);
  if (text === null) return null;
  return openText(text, file, (document) => keys.unwrap(document));
}

async function openText(text: string, file: string, unwrap: DataKeys["unwrap"]): Promise<Opened> {
  const document = await readDocument(text, file);
  const dataKey = await unwrap(document);
  return { document, dataKey, leaves: openDocument(document, dataKey) };
}

/** The file as it was read, for the last look before it is replaced. */
export function expectedDigest(opened: Opened | null): string | null {
  return opened === null ? null : contentDigest(opened.document.text);
}

function valueAt({ document, leaves }: Opened, path: readonly string[]): SopsValue | null {
  const leaf = leaves.find(
    (one) => one.named && one.path.length === path.length && one.path.every((key, index) => key === path[index]),
  );
  if (leaf === undefined) return null;
  const raw = document.text.slice(leaf.start, leaf.end);
  const version = createHash("sha256")
    .update(JSON.stringify([path, raw]))
    .digest("hex")
    .slice(0, 32);
  // SOPS hashes "True", and hands out "true" (getsops/sops `ToBytes`, EmitPlainFile).
  const bytes = leaf.value.type === "bool" ? leaf.value.bytes.toString("utf8").toLowerCase() : leaf.value.bytes;
  return { value: Secret.of(bytes), version, ...writtenAt(document.metadata["lastmodified"], "writer") };
}

/** A value as text. Throws `refused` for bytes that YAML cannot hold as text. */
function textBytes(value: Secret): Buffer {
  const bytes = value.expose();
  if (bytes.includes(0))
    throw new UnsprawlError(
      "refused",
      "the value has a NUL byte, which a SOPS file cannot return",
      "keep it where it is, or store it encoded",
    );
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnsprawlError(
      "refused",
      "the value is not UTF-8 text, which a SOPS file cannot return",
      "keep it where it is, or store it encoded",
    );
  }
  return bytes;
}

/** Null when it is not there. Throws `unreachable` when nothing can be: see `mustLead`. */
async function readWhole(file: string): Promise<string | null> {
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
