import { basename } from "node:path";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { realOrSame } from "../../kit/io/real.ts";

/** Throws `refused` for a program below a folder that a unit with `PrivateTmp=yes` has another, empty one of. */
export function mustBeSeen(program: readonly string[]): void {
  const hidden = program.find((file) => [file, realOrSame(file)].some((path) => /^(?:\/var)?\/tmp\//.test(path)));
  if (hidden === undefined) return;
  const name = basename(hidden);
  throw new UnsprawlError(
    "refused",
    `${hidden} is below a folder that systemd hides from the unit (PrivateTmp=yes), so it would not start`,
    program.length > 1
      ? "put unsprawl into a folder such as /opt/unsprawl, and run the command from there"
      : cmd`install -m 755 ${hidden} /usr/local/bin/${name}, then run the command with /usr/local/bin/${name}`,
  );
}
