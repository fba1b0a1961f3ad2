import { shellCommands, type ShellWord } from "../kit/text/shell-words.ts";

/** Builtins and programs that do nothing with variables of other names than their own. */
const BLIND_PROGRAMS: ReadonlySet<string> = new Set(
  `: [ [[ test true false echo printf read cd pwd exit return shift set unset export local readonly declare typeset wait
  sleep break continue mkdir rmdir rm cp mv ln ls touch chmod chown cat head tail grep egrep fgrep sed tr cut sort uniq wc tee
  date id whoami hostname uname dirname basename readlink realpath which command type hash seq clear tput umask kill ulimit
  function in select`.split(/\s+/),
);

/** Of docker and podman: those that start nothing with the environment of the client. */
const BLIND_VERBS =
  /^(?:run|create|rm|stop|start|restart|kill|ps|inspect|pull|push|tag|images|image|container|network|volume|logs|wait|exec|port|cp|info|version|rmi|update|rename|attach|top|stats)$/;

/** Besides these, programs that services of units call before and after their own. */
const OF_SERVICES = new Set("nc ncat ping systemctl loginctl systemd-notify chgrp install sync mountpoint".split(" "));

/** Words that may stand before a program of a script. */
const KEYWORD = /^(?:if|then|elif|else|while|until|do|!|\{|time|exec)$/;
const CLOSES = /^(?:fi|done|esac|\})$/;

/**
 * Whether a command of a service looks at no variable but those that it names: programs of this list alone, or a shell's text of
 * them. Not for `podman exec -e NAME` and the like: look for the name first.
 */
export function isBlind(words: readonly ShellWord[]): boolean {
  const [program, ...rest] = words;
  if (program === undefined) return true;
  const called = program.text.slice(program.text.lastIndexOf("/") + 1);
  if (program.expands) return false;
  // It runs what follows.
  if (called === "command") return isBlind(rest.filter(({ text }) => !/^-[pvV]$/.test(text)));
  if (rest.some(({ text }) => SEES_ALL.test(text))) return false;
  if (called === "set" && rest.length === 0) return false;
  if (LISTS.test(called) && rest.every(({ text }) => text.startsWith("-"))) return false;
  if (called === "systemctl" && rest.some(({ text }) => text === "import-environment")) return false;
  if (/^n(?:c|cat)$/.test(called) && rest.some(({ text }) => RUNS.test(text))) return false;
  if (/^(?:ba|da|k|z|a)?sh$/.test(called)) return isBlindText(rest);
  if (/^(?:docker|podman)$/.test(called)) return isBlindClient(rest);
  return BLIND_PROGRAMS.has(called) || OF_SERVICES.has(called);
}

/** All variables, whatever they are called: where the kernel shows them, and those whose name begins so. */
const SEES_ALL = /\/environ\b|\$\{!/;
/** Without a name these print all. */
const LISTS = /^(?:export|declare|typeset|readonly|local)$/;
/** Of netcat: runs a program. */
const RUNS = /^-[a-z]*[ec]|^--(?:sh-|lua-)?exec/;

function isBlindClient(rest: readonly ShellWord[]): boolean {
  const at = rest.findIndex(({ text }) => !text.startsWith("-"));
  // `--root DIR`: what looks like a verb may be the value of a flag.
  if (rest.slice(0, at).some(({ text }) => !text.includes("="))) return false;
  const verb = rest[at]?.text ?? "";
  return BLIND_VERBS.test(verb) && !rest.some(({ text }) => /^--env|^-[a-z]*e/.test(text));
}

/** `sh -c TEXT` and nothing else. */
function isBlindText(rest: readonly ShellWord[]): boolean {
  const [flag, text, ...more] = rest;
  if (flag === undefined || text === undefined || more.length > 0 || !/^-[eux]*c$/.test(flag.text)) return false;
  // What is in backquotes is not read, and bodies may hold commands.
  if (text.text.includes("`") || text.text.includes("<<")) return false;
  const open: number[] = [];
  const commands = shellCommands(text.text, [], open);
  if (open.length > 0) return false;
  return commands.every((words) => {
    if (/^(?:for|case|select)$/.test(words[0]?.text ?? "")) return true;
    const at = words.findIndex((word) => !KEYWORD.test(word.text) && !CLOSES.test(word.text));
    return at < 0 || isBlind(words.slice(at));
  });
}
