import { posix } from "node:path";
import { shellCommands, type ShellWord } from "../kit/text/shell-words.ts";

/**
 * Whether a health check (`["CMD", …]`, `["CMD-SHELL", text]`) may use one of these variables: only a text that names none
 * of them, and runs nothing but programs that read none, is known not to. A script or a program of the application may.
 */
export function mayUseVariables([kind = "", ...words]: readonly string[], names: readonly string[]): boolean {
  const text = kind === "CMD-SHELL" ? words.join(" ") : words.length === 3 && isShellCall(words) ? words[2] : undefined;
  if (text === undefined) return mentions(words.join(" "), names) || mayRead(words[0] ?? "", names);
  // `${!NAME}` is another variable, /proc/self/environ is all of them, and backticks hide commands from what follows.
  if (mentions(text, names) || /\$\{!|environ|`/.test(text)) return true;
  const open: number[] = [];
  const commands = shellCommands(text, [], open);
  return open.length > 0 || commands.some((command) => commandMayRead(command, names));
}

const isShellCall = ([program = "", flag]: readonly string[]): boolean =>
  /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(program) && flag === "-c";

const mentions = (text: string, names: readonly string[]): boolean =>
  names.some((name) => new RegExp(`(?<!\\w)${name.replace(/\W/g, "\\$&")}(?!\\w)`).test(text));

function commandMayRead(command: readonly ShellWord[], names: readonly string[]): boolean {
  const at = command.findIndex(({ text }) => !KEYWORD.test(text) && !ASSIGNMENT.test(text));
  const program = command[at];
  return program !== undefined && ((program.expands && program.text !== "[") || mayRead(program.text, names));
}

const KEYWORD = /^(?:if|then|elif|else|fi|while|until|do|done|!|\{|\})$/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** Whether a program may read one of these variables by itself. */
function mayRead(program: string, names: readonly string[]): boolean {
  const reads = READS.get(posix.basename(program));
  return reads === undefined || (reads !== null && names.some((name) => reads.test(name)));
}

const PROXIES = /_proxy$|^(?:CURL|SSL|WGET)/i;

/** What programs of health checks read from the environment, as their manuals say; null for nothing that could be a secret. */
const READS: ReadonlyMap<string, RegExp | null> = new Map<string, RegExp | null>([
  ...["curl", "wget"].map((program) => [program, PROXIES] as const),
  ["pg_isready", /^PG/],
  ["redis-cli", /^REDISCLI_/],
  ["valkey-cli", /^(?:REDIS|VALKEY)CLI_/],
  ...["mysqladmin", "mariadb-admin"].map((program) => [program, /^(?:MYSQL_PWD|MYSQL_HOST|LIBMYSQL_)/] as const),
  ["mc", /^MC_/],
  ...[
    "[",
    "test",
    "true",
    "false",
    ":",
    "exit",
    "echo",
    "printf",
    "sleep",
    "kill",
    "cat",
    "head",
    "tail",
    "wc",
    "cut",
    "tr",
  ].map((program) => [program, null] as const),
  ...["grep", "egrep", "fgrep", "ls", "stat", "nc", "netcat", "ss", "netstat", "ps", "pgrep", "pidof"].map(
    (program) => [program, null] as const,
  ),
]);
