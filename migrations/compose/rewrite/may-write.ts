import { join } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import type { ComposeEnvFile } from "../syntax/scope.ts";
import { foreignlyNamed } from "../../../src/files/writers.ts";
import type { ComposeProject } from "../syntax/project.ts";
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

/** Throws `Blocked` for a file that is to be rewritten because a stranger's Compose file names it. */
export function mustBeOurs(files: readonly string[], { yaml, services, dir, givenEnv }: ComposeProject): void {
  // Those that Compose reads whatever the files say.
  const ofProject = [...givenEnv, join(dir, ".env")];
  const own = files.filter((file) => !ofProject.includes(file));
  const found = foreignlyNamed(own, [...new Set([...yaml.values()].map(({ file }) => file))], process.env);
  if (found === null) return;
  throw new Blocked(found.reason, found.hint, (service) =>
    (services.get(service)?.layers ?? []).some(({ file, envFiles }) =>
      [file, ...envFiles].some((one) => one.file === found.file),
    ),
  );
}
