import { join, posix } from "node:path";
import { CONSUMER_FOLDERS } from "../model/consumer.ts";
import {
  noFit,
  type Delivery,
  type DeliveryFile,
  type DeliveryFit,
  type DeliverySubject,
  type RunChange,
  type RunMount,
} from "../contract/delivery.ts";
import { setNames } from "../kit/odd-names.ts";
import { isShellName } from "../kit/shell-names.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Move } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";
import { NAMES_END, START_SCRIPT } from "../model/start-script.ts";
import { mayUseVariables } from "./check.ts";
import { consumerWith, suppliedBy } from "./extend.ts";
import { ownerOf } from "./owner.ts";
import { nameSetter, shellFault, shellFor } from "./shell.ts";
import { discardUnit, memoryRoot, namesFault, unitFolder, valueFiles, writeFiles } from "./tmpfs.ts";

const TARGET = posix.dirname(START_SCRIPT);
const SHELL = "/bin/sh";
/** The name of the script; the value files beside it are named after the variables. */
const ENTRYPOINT = posix.basename(START_SCRIPT);

/**
 * `shim`: a POSIX sh entrypoint, mounted read-only from tmpfs with the values, exports them and execs the original
 * entrypoint. Needs a shell in the image. A health check that may use a value is wrapped too; `docker exec` does not see the
 * values.
 */
export function shimDelivery(env: NodeJS.ProcessEnv): Delivery {
  const folder = (id: string): string => join(unitFolder(env, id), CONSUMER_FOLDERS.shim);
  return {
    name: "shim",
    async fits(subject, moves): Promise<DeliveryFit> {
      const own = suppliedBy(subject, "shim")?.target;
      const fault = subject.unreachableHost?.why ?? (await scriptFault(subject, moves, own));
      if (fault !== null) return noFit(fault);
      memoryRoot(env);
      return scriptFits(subject, moves);
    },
    change: (subject, moves) =>
      scriptChange(subject, moves, { source: folder(subject.id) }, suppliedBy(subject, "shim") !== null),
    consumer: (subject, owner, moves, store) =>
      consumerWith(subject, "shim", { folder: folder(subject.id), owner, moves, store }),
    owner: ownerOf,
    files,
    async allow() {
      // Access is limited by the mount: only the container has the files.
    },
    async prepare(id, owner, moves, values) {
      writeFiles(folder(id), owner, files(moves, values));
    },
    async discard(id) {
      discardUnit(env, id);
      return null;
    },
    environment: "whole",
    received: async (app, sought) => ((await app.becameEntrypoint(sought)) ? "entrypoint" : null),
  };
}

/**
 * Why the start script cannot start this subject with these values; null if it can. `own` is where an earlier migration has
 * mounted the same for it; absent for nowhere.
 */
export async function scriptFault(
  subject: DeliverySubject,
  moves: readonly Move[],
  own: string | undefined,
): Promise<string | null> {
  const fault = (await shellFault(subject, moves)) ?? namesFault(moves, true);
  if (fault !== null) return fault;
  const ours = moves.find(({ name }) => name === ENTRYPOINT || name.startsWith("unsprawl_"));
  if (ours) return `the start script itself uses the name ${ours.name}`;
  if (own !== undefined && subject.entrypoint[0] !== shellFor(subject, moves) && shellFor(subject, moves) !== SHELL)
    return `the start script of an earlier migration runs in ${SHELL}, which would drop a variable`;
  if (subject.mountTargets.some((at) => at !== own && (at === TARGET || at.startsWith(`${TARGET}/`))))
    return `something is already mounted at ${TARGET}`;
  return subject.entrypoint.length + subject.cmd.length === 0
    ? "the container has neither an entrypoint nor a command"
    : null;
}

export async function scriptFits(subject: DeliverySubject, moves: readonly Move[]): Promise<DeliveryFit> {
  const setter = await nameSetter(subject, moves);
  return {
    fits: true,
    why: `the image has a shell${setter === null ? "" : `, and ${setter} sets the names that no shell can`}`,
    warnings: [
      "`docker exec` in this container will not see the values (the entrypoint does, and a health check that uses them)",
    ],
  };
}

/**
 * The values and the script come by a mount at the script's place. `isExtended`: the script of an earlier migration is
 * before the command already, and what is mounted now takes its place.
 */
export function scriptChange(
  subject: DeliverySubject,
  moves: readonly Move[],
  mounted: Omit<RunMount, "target">,
  isExtended: boolean,
): RunChange {
  const prefix = [shellFor(subject, moves), START_SCRIPT];
  return {
    unset: moves.map((move) => move.name),
    set: [],
    mounts: [{ ...mounted, target: TARGET }],
    ...(isExtended ? { unmount: [TARGET] } : {}),
    entrypointPrefix: isExtended ? null : prefix,
    healthcheckPrefix: needsPrefix(subject, moves) ? prefix : null,
    runtime: null,
  };
}

/** Whether the health check may use one of the values, and is not behind the script of an earlier migration. */
function needsPrefix({ health }: DeliverySubject, moves: readonly Move[]): boolean {
  if (health.length === 0 || health[2] === `${TARGET}/${ENTRYPOINT}`) return false;
  return mayUseVariables(
    health,
    moves.map(({ name }) => name),
  );
}

function files(moves: readonly Pick<Move, "name">[], values: ReadonlyMap<string, Secret>): DeliveryFile[] {
  return [shimFile(moves.map(({ name }) => name)), ...valueFiles(moves, values)];
}

/** The script that exports these values, from the folder that contains them. */
export function shimFile(names: readonly string[]): DeliveryFile {
  return { name: ENTRYPOINT, content: Secret.of(shimScript(names)), mode: 0o500, holdsValue: false };
}

/**
 * The entrypoint script. It uses only builtins, so a shell is all that the image needs; a name that no shell can set also
 * needs perl or Python. Throws `refused` for a name that would be more than one of its words.
 */
function shimScript(names: readonly string[]): string {
  const fault = namesFault(
    names.map((name) => ({ name })),
    true,
  );
  if (fault !== null) throw new UnsprawlError("refused", fault, "unsprawl plan again");
  const odd = names.find((name) => !isShellName(name));
  return `#!/bin/sh
# Exports the values that are mounted beside this file, then becomes the original entrypoint.
unsprawl_dir=${TARGET}
unsprawl_nl='
'
for unsprawl_name in ${names.join(" ")}; do
  [ -r "$unsprawl_dir/$unsprawl_name" ] || { echo "unsprawl: $unsprawl_dir/$unsprawl_name is missing: on the host, type: unsprawl render --all" >&2; exit 111; }
done
# What ends the words of this script, where it is called with an end.
[ "$1" != ${NAMES_END} ] || shift
${odd === undefined ? exportAll(names) : `unsprawl_odd=${odd}\nset -- ${names.join(" ")} -- "$@"\n${setNames([TARGET])}`}`;
}

/**
 * A `read` loop preserves trailing newlines of a value; `$(cat …)` would strip them. With another character set, bash's
 * `read` changes bytes that are not in it.
 */
function exportAll(names: readonly string[]): string {
  const each = names.map(
    (name) => `unsprawl_value=
while IFS= LC_ALL=C read -r unsprawl_line; do unsprawl_value=$unsprawl_value$unsprawl_line$unsprawl_nl; done <"$unsprawl_dir/${name}" || exit 111
# The loop above ends at a last line without a newline, with that line still in the variable.
unsprawl_value=$unsprawl_value$unsprawl_line
export ${name}="$unsprawl_value"`,
  );
  return `${each.join("\n")}
unset unsprawl_dir unsprawl_nl unsprawl_name unsprawl_line unsprawl_value
exec "$@"
`;
}
