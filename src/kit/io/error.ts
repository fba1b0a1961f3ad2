import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { cmd } from "../shell.ts";

/** Converts a file system error to what failed for which file, and what to do. */
export function fileError(error: unknown, path: string): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UnsprawlError(
      "failed",
      `no space left to write ${path}`,
      cmd`free some on the file system of ${dirname(path)}; nothing was changed`,
      code,
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new UnsprawlError("denied", `no permission for ${path}`, cmd`ls -ld ${dirname(path)} ${path}`, code);
  }
  if (code === "EBUSY")
    return new UnsprawlError(
      "refused",
      `${path} is a mount point, so it cannot be replaced`,
      "mount the folder that it is in instead of the file alone, or run unsprawl where the file comes from",
      code,
    );
  if (code === "ENOENT" && !existsSync(dirname(path)))
    return new UnsprawlError(
      "failed",
      `the folder of ${path} does not exist`,
      cmd`mkdir -p ${dirname(path)}, with the owner and the rights that it needs`,
      code,
    );
  return new UnsprawlError("failed", `cannot use the file ${path}`, null, code ?? "Error");
}

/** The system's error code, such as ENOENT; null for other errors. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}
