import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, fileError } from "../../kit/io/error.ts";
import { foreignHand, foreignOwner, type ForeignHand } from "../../kit/io/foreign.ts";
import { isShared } from "../../kit/io/owner.ts";
import { changedMeanwhile, openEntry, type FolderEntry } from "../../kit/io/walk.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";

/**
 * Throws `refused` unless only this user, root or who called sudo can have written the file and its folder: a data key
 * that somebody else knows opens every value that is added. `text` is what was read of the file, null when it is absent;
 * `changed` when it is not what lies there. A folder that is not there yet is nobody's. `refusal` begins the message.
 */
export async function mustBeOurs(
  file: string,
  text: string | null,
  refusal = `no secret can be added to ${file}`,
): Promise<void> {
  const place = await openEntry(file).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw fileError(error, file);
  });
  if (place === null) return;
  try {
    const hand = handIn(file, place, text);
    if (hand !== null) throw new UnsprawlError("refused", `${refusal}: ${hand.why}`, hand.hint);
  } catch (error) {
    throw fileError(error, file);
  } finally {
    place.close();
  }
}

/** All of it is looked at in the one folder that is held open. */
function handIn(file: string, place: FolderEntry, text: string | null): ForeignHand | null {
  const hint = (path: string): string =>
    cmd`chown -R "$(id -u)" ${path}, if you know who can open it; else name a file of your own: stores: … file: in unsprawl.yaml`;
  if (place.by !== null)
    return { why: `user ${place.by} placed a symbolic link in its path`, hint: cmd`ls -l ${file}` };
  const [folder, above] = [statSync(place.at(".")), dirname(file)];
  const owner = foreignOwner(above, folder, process.env);
  if (owner !== null) return { why: owner.why, hint: hint(above) };
  // In a folder like /tmp nobody replaces what is ours.
  const writers = isShared(folder) ? null : foreignHand(above, folder, process.env);
  if (writers !== null || text === null) return writers;
  const fd = openSync(place.at(place.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (foreignOwner(file, stat, process.env) !== null)
      return { why: `it belongs to user ${stat.uid}, not to you`, hint: hint(file) };
    if (!stat.isFile() || readFileSync(fd, "utf8") !== text) throw changedMeanwhile(file);
    return foreignHand(file, stat, process.env);
  } finally {
    closeSync(fd);
  }
}
