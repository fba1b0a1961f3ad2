import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Owner } from "../../../contract/delivery.ts";
import { HOME } from "./home.ts";

/** The file that installing writes on an engine with userns-remap: the first ids of its map, UID.GID. */
export const ID_BASE = "id-base";

/** What the engine adds to a container's ids on its host; null for nothing. */
export function idBase(): Owner | null {
  try {
    const [uid, gid] = readFileSync(join(HOME, ID_BASE), "utf8").trim().split(".").map(Number);
    return uid === undefined || gid === undefined ? null : { uid, gid };
  } catch {
    return null;
  }
}
