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

/** Throws `Blocked` for a line of an env file that these services may read through a mount. */
export function mayTake(
  { name, at }: { readonly name: string; readonly at: string },
  [reader]: readonly string[],
  blocks: Blocked["blocks"],
): void {
  if (reader === undefined) return;
  throw new Blocked(
    `${name} at ${at} may also be read by ${reader}, which mounts that file and would lose it`,
    `give ${reader} the same env_file, so that it has the variable; docker compose up -d, then plan again`,
    blocks,
  );
}
