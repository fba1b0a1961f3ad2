import { realpathSync, statSync } from "node:fs";
import { UnsprawlError } from "../../model/error.ts";

/**
 * Throws `refused` for a pipe, a socket or a device: reading one could block forever or never end. Accepts descriptors
 * opened by the shell, and `/dev/null`. Throws the system's error if the file does not exist.
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

/** Descriptors that the shell opened for the command, as in `<(…)`. */
const OPENED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;
