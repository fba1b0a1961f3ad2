import type { DeliverySubject } from "../contract/delivery.ts";
import { isFileNameWithDots } from "../kit/io/name.ts";
import { NAME_SETTERS, OBEYED_BY_PERL } from "../kit/odd-names.ts";
import { droppedByShell, isShellName } from "../kit/shell-names.ts";
import type { Move } from "../model/plan.ts";

const SH = "/bin/sh";
/** Exports variables that it cannot hold itself, such as Elasticsearch's `discovery.type`; dash and ash drop them. */
const BASH = "/bin/bash";

/** The shell that passes on the variables that stay. */
export function shellFor({ env }: Pick<DeliverySubject, "env">, moves: readonly Pick<Move, "name">[]): string {
  return staying(env, moves).every(isShellName) ? SH : BASH;
}

/** Why the image's shell, with perl or Python where a value needs it, would not pass on all variables; null if it does. */
export async function shellFault(
  subject: DeliverySubject,
  moves: readonly Pick<Move, "name">[],
): Promise<string | null> {
  if (!(await subject.hasFile(SH))) return "the image has no shell";
  const unset = await setterFault(subject, moves);
  if (unset !== null) return unset;
  const odd = staying(subject.env, moves).filter((name) => !isShellName(name));
  const stays = odd.filter((name) => !PASSED_ON.test(name));
  const dropped = droppedByShell([...stays, ...odd]);
  if (dropped === null || stays.length > 0) return dropped;
  if (!(await isBash(subject))) return `${dropped}; bash would keep it, but the image has no ${BASH}`;
  const changed = subject.env.find((name) => CHANGED_BY_BASH.test(name));
  return changed === undefined ? null : `${dropped}; bash would keep it, but not ${changed}`;
}

/** The program that sets the variables of these names which no shell can; null if there are none, or none is there. */
export async function nameSetter(
  subject: Pick<DeliverySubject, "hasFile">,
  moves: readonly Pick<Move, "name">[],
): Promise<keyof typeof NAME_SETTERS | null> {
  if (moves.every(({ name }) => isShellName(name))) return null;
  for (const program of ["perl", "Python"] as const)
    for (const path of NAME_SETTERS[program]) if (await subject.hasFile(path)) return program;
  return null;
}

async function setterFault(subject: DeliverySubject, moves: readonly Pick<Move, "name">[]): Promise<string | null> {
  const dropped = droppedByShell(moves.map(({ name }) => name));
  if (dropped === null || moves.some(({ name }) => !isFileNameWithDots(name))) return dropped;
  const program = await nameSetter(subject, moves);
  if (program === null) return `${dropped}; perl or Python would set it, but the image has neither`;
  const isObeyed = program === "perl" && subject.env.includes(OBEYED_BY_PERL);
  return isObeyed ? `${dropped}; perl would set it, but also obey ${OBEYED_BY_PERL}` : null;
}

/** The names of the variables that are the container's own after the migration. */
function staying(env: readonly string[], moves: readonly Pick<Move, "name">[]): readonly string[] {
  return env.filter((name) => !moves.some((move) => move.name === name));
}

/** Without `%`, which ends the names of exported functions: bash would run them. */
const PASSED_ON = /^[A-Za-z_][\w.-]{0,79}$/;

/**
 * Variables that bash sets, unsets or obeys at its start, measured with bash 5.2; `SHELLOPTS=xtrace` would print the
 * values.
 */
const CHANGED_BY_BASH =
  /^(?:BASH\w*|SHELLOPTS|COMP_WORDBREAKS|EPOCH\w+|HISTCMD|LINENO|OLDPWD|OPT(?:ERR|IND)|PPID|PS[124]|S?RANDOM|SECONDS|UID|EUID)$/;

/** A small program of that name may be BusyBox; a real one that is larger than `readFile` reads is taken at its name. */
async function isBash(subject: DeliverySubject): Promise<boolean> {
  if (!(await subject.hasFile(BASH))) return false;
  return (await subject.readFile(BASH))?.includes("BASH_VERSION") ?? true;
}
