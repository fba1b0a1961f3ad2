import { realpathSync, statSync } from "node:fs";
import { UnsprawlError } from "../../model/error.ts";

/**
 * Throws `refused` for a pipe, a socket or a device: a pipe that nobody writes to is waited for without end, and a device may
 * have none. What the shell has opened is read, and `/dev/null` is an empty file. Throws the system's error for what is not
 * there.
 */
export function mustBeFile(file: string): void {
  const found = statSync(file);
  if (found.isFile() || found.isDirectory() || OPENED.test(file)) return;
  if (found.isCharacterDevice() && realpathSync(file) === "/dev/null") return;
  throw new UnsprawlError(
    "refused",
    `${file} is a pipe, a socket or a device, not a file`,
    "write what it gives into a file first, or hand it over as <(cat PIPE)",
  );
}

/** What the shell has opened for the command, as in `<(…)`. */
const OPENED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;
