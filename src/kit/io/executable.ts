import { accessSync, constants, statSync } from "node:fs";

/** Whether this process may run the file; false for a folder, and for one that is not there. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
