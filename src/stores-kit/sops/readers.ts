import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { atomicWrite, sweepTemps } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import { withFileLock } from "../../kit/io/lock.ts";
import { templateForms } from "../names.ts";
import { wrapForAge } from "./age.ts";
import { groupsOf, oneGroup } from "./groups.ts";
import { replaceKeys } from "./edit.ts";
import type { DataKeys } from "./keys.ts";
import { expectedDigest, openFile } from "./open.ts";
import { makeFolders } from "../../kit/io/folders.ts";

/** Who else reads the files of a template: an age recipient, whose identity the operator does not hold. */
type AgeReader = { readonly file: string; readonly recipient: string };

/** The recipients that `addReader` recorded in `list` for the files of this template. Throws `malformed`. */
export async function readersOf(list: string, template: string): Promise<readonly string[]> {
  // Recorded before the template had an optional part, a reader reads what that adds too.
  const forms = new Set([template, ...templateForms(template)]);
  return (await readList(list)).filter(({ file }) => forms.has(file)).map(({ recipient }) => recipient);
}

/** Records a recipient for the files of a template, so that those made from now on are encrypted for it too; idempotent. */
export async function addReader(list: string, template: string, recipient: string): Promise<void> {
  try {
    makeFolders(dirname(list), 0o700);
  } catch (error) {
    throw fileError(error, list);
  }
  await withFileLock(list, async () => {
    const before = await readList(list);
    if (before.some((one) => one.file === template && one.recipient === recipient)) return;
    const readers = [...before, { file: template, recipient }];
    await atomicWrite(list, `${JSON.stringify({ version: 1, readers }, null, 2)}\n`, { mode: 0o600 });
  });
}

/**
 * Encrypts a file's data key for one more age recipient; who could open the file still can. Throws `denied` when `keys`
 * cannot open it, `refused` for one of several key groups, of which one reader would open a share.
 */
export async function admitReader(file: string, recipient: string, keys: DataKeys): Promise<void> {
  await withFileLock(file, async () => {
    await sweepTemps(file);
    const opened = await openFile(file, keys);
    if (opened === null) return;
    const { document, dataKey } = opened;
    const [there = [], ...others] = groupsOf(document).groups;
    if (others.length > 0) throw splitError(file);
    if (there.some((one) => one.fields["recipient"] === recipient)) return;
    const added = await wrapForAge(dataKey, [recipient]);
    await atomicWrite(file, await replaceKeys(document, oneGroup([...there, ...added]), dataKey), {
      expect: expectedDigest(opened),
    });
  });
}

/** For a reader of a file whose key is split. */
export function splitError(file: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${file} splits its key over several groups, so that no reader can open it alone`,
    "put what a container needs into a file of one key group",
  );
}

async function readList(list: string): Promise<readonly AgeReader[]> {
  let text: string;
  try {
    text = await readFile(list, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw fileError(error, list);
  }
  try {
    const { version, readers } = JSON.parse(text) as { version?: unknown; readers?: unknown };
    mustBeKnownForm(version, 1, list);
    if (version === 1 && Array.isArray(readers) && readers.every(isReader)) return readers;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    // Reported below, without the text.
  }
  throw new UnsprawlError(
    "malformed",
    `${list} cannot be understood`,
    "unsprawl runtime install --to STORE, once it is removed",
  );
}

function isReader(from: unknown): from is AgeReader {
  const { file, recipient } = (from ?? {}) as { [key: string]: unknown };
  return typeof file === "string" && typeof recipient === "string" && /^age1[0-9a-z]+$/.test(recipient);
}
