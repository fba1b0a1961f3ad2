import { createHash } from "node:crypto";
import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Stored } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { makeFolder } from "../../kit/io/folder.ts";
import { atomicRemove, atomicWrite, hasTemps, sweepTemps } from "../../kit/io/atomic.ts";
import { isEmpty, isOurs } from "./create.ts";
import { writtenAt } from "../written.ts";
import { deleteValue, setValue } from "./edit.ts";
import { readDocument } from "./formats.ts";
import { mustLead } from "./ground.ts";
import { recipientsOf, type DataKeys } from "./keys.ts";
import { expectedDigest, MAX_FILE, openFile, openText, readWhole, underLock, type OpenedSops } from "./open.ts";
import { mustBeOurs } from "./own-file.ts";
import { isEncrypted, mustEncrypt } from "./rules.ts";
import { mustBePlanned, putPreview, putTerms, type PreviewedFile } from "./terms.ts";

export type SopsValue = Stored;

/**
 * A value by its file and path of keys; null when the file or the value is absent. `version` is a digest of the ciphertext. Throws
 * `refused` for one in plain text but with `plainToo`: it is not known to be a secret, and where the MAC leaves it out anyone may
 * have written it.
 */
export async function getValue(
  file: string,
  path: readonly string[],
  keys: DataKeys,
  plainToo = false,
): Promise<SopsValue | null> {
  const opened = await openFile(file, keys);
  const found = opened === null ? null : valueAt(opened, path);
  if (opened !== null && found !== null && !plainToo) mustEncrypt(file, path, opened.document, "is");
  return found;
}

/**
 * Writes one value under the file's lock. `replace` is the version to replace, or null to create only; the file and
 * its folder (0600, 0700) are made when missing. Throws `conflict`, `locked`, and `refused`: also for a file or folder that
 * somebody else can write to. `planned`: see `mustBePlanned`.
 */
export async function putValue(
  file: string,
  path: readonly string[],
  value: Secret,
  replace: string | null,
  keys: DataKeys,
  planned?: readonly string[],
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
    const { document, dataKey, recipients } = await putTerms(file, opened, keys);
    mustBePlanned(file, planned, recipients);
    const text = await setValue(document, path, bytes, dataKey);
    if (text.length > MAX_FILE)
      throw new UnsprawlError(
        "refused",
        `${file} would become too large`,
        "keep the value where it is, or use another file",
      );
    await atomicWrite(file, text, { expect: expectedDigest(opened) });
    const after = await openText(text, file, async () => dataKey);
    const written = valueAt(after, path);
    if (written === null) throw new UnsprawlError("failed", `${file} does not hold what was written`, null);
    if (dataKey !== opened?.dataKey) await keys.made.add(after.document);
    return written.version;
  });
}

/**
 * What to know before a value is put into a file. Throws as `putValue` for a file that none may be put into, and for a name whose
 * value it would keep in plain text.
 */
export async function mayPut(file: string, keys: DataKeys): Promise<PreviewedFile> {
  const opened = await openFile(file, keys);
  await mustBeOurs(file, opened?.document.text ?? null);
  return putPreview(file, opened, keys);
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
    if (ours && isEmpty(await readDocument(text, file))) {
      // First: a record that is missing costs another data key, and one of a file that is gone would stay.
      await keys.made.drop(file);
      await atomicRemove(file, { expect });
    } else await atomicWrite(file, text, { expect });
    return true;
  });
}

/** The path of keys of every encrypted value that has a name, in the file's order; none if the file is absent. */
export async function listValues(
  file: string,
  keys: DataKeys,
  omits: () => void,
): Promise<readonly (readonly string[])[]> {
  const opened = await openFile(file, keys);
  if (opened === null) return [];
  const { rules } = opened.document;
  const encrypted = opened.leaves.filter((leaf) => isEncrypted(leaf.path, rules));
  for (const { named } of encrypted) if (!named) omits();
  return encrypted.filter(({ named }) => named).map((leaf) => leaf.path);
}

/** Whom a file is encrypted for, as `recipientsOf`; null when it is absent. Needs no key. */
export async function holdersOf(file: string): Promise<readonly string[] | null> {
  const text = await readWhole(file);
  return text === null ? null : recipientsOf(await readDocument(text, file));
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

function valueAt({ document, leaves }: OpenedSops, path: readonly string[]): SopsValue | null {
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
