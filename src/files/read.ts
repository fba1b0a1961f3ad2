import { dirname } from "node:path";
import { cmd } from "../kit/shell.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { readChecked } from "../kit/io/read.ts";

/**
 * Reads a project's text file. Throws `absent`, `denied`, `refused` if it is not a file, or `malformed` if it is not
 * UTF-8: it could not be written back. UTF-16 without a byte order mark looks like UTF-8 with NULs, which no such file
 * has. `named`: a person has named this path, so a file that the shell has opened (`<(…)`) is read too. `lossy`: bytes that
 * are no UTF-8 become U+FFFD. `limit`: its size in bytes.
 */
export async function readText(
  file: string,
  {
    named = false,
    lossy = false,
    limit,
  }: { readonly named?: boolean; readonly lossy?: boolean; readonly limit?: number } = {},
): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = readChecked(file, { named, ...(limit !== undefined && { limit }) });
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    const { code } = error as { code?: string };
    if (code === "ENOENT")
      throw new UnsprawlError("absent", `there is no file ${file}`, cmd`ls -l ${dirname(file)}`, code);
    if (code === "EACCES" || code === "EPERM")
      throw new UnsprawlError("denied", `permission denied: ${file}`, cmd`ls -l ${file}`, code);
    throw new UnsprawlError("failed", `cannot read ${file}`, cmd`ls -l ${file}`, causeOf(error));
  }
  if (bytes.includes(0))
    throw new UnsprawlError(
      "malformed",
      `${file} holds NUL characters: it is UTF-16 or not text`,
      cmd`unsprawl scan dir:${file} reads UTF-16; or convert it (iconv), then try again`,
    );
  const text = bytes.toString("utf8");
  if (lossy || Buffer.from(text).equals(bytes)) return text;
  throw new UnsprawlError("malformed", `${file} is not UTF-8`, "convert it (iconv), then try again");
}
