import type { DeliverySubject } from "../contract/delivery.ts";
import { droppedByShell } from "../kit/shell-names.ts";
import type { Move } from "../model/plan.ts";

const SH = "/bin/sh";
/** Exports variables that it cannot hold itself, such as Elasticsearch's `discovery.type`; dash and ash drop them. */
const BASH = "/bin/bash";

/** The shell that passes on variables of these names. */
export function shellFor(names: readonly string[]): string {
  return names.every(isShellName) ? SH : BASH;
}

/** Why no shell of the image would pass on all variables as they are; null if one does. */
export async function shellFault(
  subject: DeliverySubject,
  moves: readonly Pick<Move, "name">[],
): Promise<string | null> {
  if (!(await subject.hasFile(SH))) return "the image has no shell";
  const odd = subject.env.filter((name) => !isShellName(name));
  const stays = [
    ...moves.map(({ name }) => name).filter((name) => !isShellName(name)),
    ...odd.filter((name) => !PASSED_ON.test(name)),
  ];
  const dropped = droppedByShell([...stays, ...odd]);
  if (dropped === null || stays.length > 0) return dropped;
  if (!(await isBash(subject))) return `${dropped}; bash would keep it, but the image has no ${BASH}`;
  const changed = subject.env.find((name) => CHANGED_BY_BASH.test(name));
  return changed === undefined ? null : `${dropped}; bash would keep it, but not ${changed}`;
}

const isShellName = (name: string): boolean => droppedByShell([name]) === null;

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
