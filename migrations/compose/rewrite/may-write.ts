import { cmd } from "../../../src/kit/shell.ts";
import type { ComposeEnvFile } from "../syntax/env-file.ts";
import { Blocked } from "./blocked.ts";

/** Throws `Blocked` for an env file whose bytes would not survive being written again. */
export function mayWrite({ file, isLossy }: ComposeEnvFile, blocks: Blocked["blocks"]): void {
  if (isLossy !== true) return;
  throw new Blocked(
    `${file} holds bytes that are no UTF-8, so it cannot be written again`,
    cmd`iconv -f latin1 -t utf8 ${file} > ${`${file}.utf8`} converts it; put that in its place, then plan again`,
    blocks,
  );
}
