import { realpathSync } from "node:fs";

/** A path without links; as it is if there is nothing at it. */
export function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
