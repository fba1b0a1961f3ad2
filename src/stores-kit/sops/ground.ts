import { access, constants, lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";

/** The nearest folder at or above this one that exists. */
export async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    if (at === dirname(at) || (await stat(at).catch(() => null)) !== null) return at;
  }
}

/**
 * Throws `unreachable` if the way to a file that is not there ends at a link to nothing or at another file: a disk that is
 * not mounted is no empty store. A folder that was never made is.
 */
export async function mustLead(file: string): Promise<void> {
  for (let at = file; ; at = dirname(at)) {
    const found = await lstat(at).catch(() => null);
    if (found === null && at !== dirname(at)) continue;
    const behind = await stat(at).catch(() => null);
    if (behind !== null && (behind.isDirectory() || at === file)) return;
    const what = found?.isSymbolicLink() === true ? "leads to something that is not there" : "is not a folder";
    throw new UnsprawlError("unreachable", `${at} ${what}`, cmd`mount its disk, or see ls -ld ${at}`);
  }
}

/**
 * Whether values can be kept in a folder, of which `standing` is there. Throws `unreachable`, `config`, and `denied` when
 * it cannot be used.
 */
export async function usableFolder(folder: string, standing: string, readOnly: boolean): Promise<void> {
  await mustLead(folder);
  if (!(await stat(standing)).isDirectory())
    throw new UnsprawlError("config", `${standing} is not a folder`, "name another file in the store's configuration");
  await access(standing, readOnly ? constants.R_OK : constants.W_OK | constants.X_OK).catch(() => {
    throw new UnsprawlError("denied", `no permission to write in ${standing}`, cmd`ls -ld ${standing}`);
  });
}
