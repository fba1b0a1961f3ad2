import { cmd } from "../../../src/kit/shell.ts";
import type { ComposeEnvFile } from "../syntax/env-file.ts";
import { Blocked } from "./blocked.ts";

/** Throws `Blocked` for an env file whose bytes would not survive being written again. */
export function mayWrite({ file, isLossy }: ComposeEnvFile, blocks: Blocked["blocks"]): void {
  if (isLossy !== true) return;
  throw new Blocked(
    `${file} is not valid UTF-8, so it cannot be rewritten`,
    cmd`iconv -f latin1 -t utf8 ${file} > ${`${file}.utf8`} converts it; replace the file with that, then plan again`,
    blocks,
  );
}
