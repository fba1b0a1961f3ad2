import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, fileError } from "./error.ts";
import { pathRefused, openEntry } from "./walk.ts";

/**
 * Creates a folder and its parents like `mkdir -p`, but not through another user's link into a folder that is not that
 * user's. Throws `denied`, `failed`, `refused`.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await make(path, mode);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function make(path: string, mode: number): Promise<void> {
  if (path === "/" || path === ".") return;
  const place = await openEntry(path).catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    await make(dirname(path), mode);
    return openEntry(path);
  });
  try {
    if (place.by !== null && place.folder.uid !== place.by)
      throw pathRefused(
        path,
        `is behind a link of user ${place.by}`,
        "name the folder by its real path (realpath shows it)",
      );
    mkdirSync(place.at(place.name), { mode });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    place.close();
  }
}
