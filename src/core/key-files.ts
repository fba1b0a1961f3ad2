import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../contract/host.ts";
import type { Provider } from "../contract/provider.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { cmd } from "../kit/shell.ts";
import { jsonText } from "../kit/text/escape.ts";
import { UnsprawlError } from "../model/error.ts";
import type { KeyFile, Step } from "../model/plan.ts";
import { makeFolders } from "../kit/io/folders.ts";

/** A key file of a store, and whether somebody has confirmed that there is a backup of it. */
export type HeldKey = KeyFile & { readonly backedUp: boolean };

/** The word of `--accept` that confirms it. */
export const KEY_BACKUP = "key-backup";

/** The keys that alone open what these steps put into the store; none if it has no such keys. */
export async function heldKeys(
  steps: readonly Step[],
  { provider, state }: { readonly provider: Pick<Provider, "keyFiles">; readonly state: string },
): Promise<readonly HeldKey[]> {
  const found = await keyFilesOf(steps, provider);
  return found.map((one) => ({ ...one, backedUp: one.id !== null && isBackedUp(state, one.id) }));
}

/** Whether somebody has confirmed a backup of the key of this id. */
export function isBackedUp(state: string, id: string): boolean {
  return existsSync(recordFile(state, id));
}

/** The same at the end of a run; nothing if the store cannot be asked any more: `doctor` asks again. */
export async function keysAfter(
  steps: readonly Step[],
  tools: Parameters<typeof heldKeys>[1],
): Promise<{ readonly keyFiles?: readonly HeldKey[] }> {
  try {
    const keyFiles = await heldKeys(steps, tools);
    return keyFiles.length > 0 ? { keyFiles } : {};
  } catch (error) {
    if (error instanceof UnsprawlError) return {};
    throw error;
  }
}

/** The keys without what this installation remembers of backups. */
export async function keyFilesOf(
  steps: readonly Step[],
  provider: Pick<Provider, "keyFiles">,
): Promise<readonly KeyFile[]> {
  const places = steps.flatMap((step) => (step.kind === "put" ? [step.move.key] : []));
  return places.length === 0 ? [] : ((await provider.keyFiles?.(places)) ?? []);
}

/**
 * Asks for the backup of each key that alone opens what these steps stored, and remembers the answer per key. Throws
 * `refused` for a key without one, and for a key that is gone: what the run kept is the only copy then.
 */
export async function mustBeBackedUp(
  run: string,
  steps: readonly Step[],
  tools: Parameters<typeof heldKeys>[1],
  host: Pick<Host, "ask">,
): Promise<void> {
  for (const { file, id, isThere, backedUp } of await heldKeys(steps, tools)) {
    // The files that it would open are gone too: another check reports that.
    if (id === null) continue;
    // A backup that was confirmed once is proven only when the key has been restored from it.
    if (!isThere)
      throw new UnsprawlError(
        "refused",
        `run ${run} is not scrubbed: ${missingKeyText({ file, id })}, and what the run kept is the only other copy`,
        cmd`restore ${file} from its backup; or unsprawl rollback ${run}`,
      );
    if (backedUp) continue;
    const text = `Is there a backup of ${file}? Only the key in it opens the stored values.`;
    if (!(await host.ask({ flag: `--accept ${KEY_BACKUP}`, text })))
      throw new UnsprawlError(
        "refused",
        `run ${run} is not scrubbed: only the key in ${file} opens the stored values, and no backup of it is confirmed`,
        cmd`copy ${file} to a safe place; then unsprawl scrub ${run} --accept key-backup`,
      );
    await recordBackup(tools.state, id, file);
  }
}

/** Why values cannot be read: the key is missing. */
function missingKeyText({ file, id }: Pick<KeyFile, "file" | "id">): string {
  return `the key ${id ?? ""} is not in ${file}, and nothing else opens the stored values`;
}

/** What a plan says of its keys, before anything is written. */
export function keyFileText({ file, id }: KeyFile): string {
  return id === null
    ? `${file} is created with a new key, and nothing else opens the stored values: back it up`
    : `only the key in ${file} opens the stored values: keep a backup of it`;
}

/** What is left to do about the keys of a finished run, a sentence each. */
export function backupTexts(keys: readonly HeldKey[]): string[] {
  return keys
    .filter(({ backedUp }) => !backedUp)
    .map(({ file }) => `Back up ${file}: nothing else opens the stored values. scrub asks whether you have.`);
}

async function recordBackup(state: string, id: string, file: string): Promise<void> {
  makeFolders(join(state, FOLDER), 0o700);
  await atomicWrite(recordFile(state, id), jsonText({ version: 1, id, file, at: new Date().toISOString() }));
}

const FOLDER = "key-backups";

/** A file per key, so that runs that end at once do not write the same one. */
function recordFile(state: string, id: string): string {
  return join(state, FOLDER, `${createHash("sha256").update(id).digest("hex").slice(0, 32)}.json`);
}
