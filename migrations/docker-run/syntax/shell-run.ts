import { basename } from "node:path";
import { unitCommands } from "../../../src/files/units/unit-words.ts";
import { shellCommands, type ShellWord, type TextRange } from "../../../src/kit/text/shell-words.ts";
import { makefileCommands } from "./makefile.ts";
import { powershellCommands } from "./powershell.ts";

/** Who reads the words of a file. */
export type ScriptKind = "shell" | "unit" | "make" | "powershell";

/** By the file's name; a shell for any other. */
export function scriptKind(file: string): ScriptKind {
  if (/\.(?:service|socket|mount|swap|conf)$/.test(file)) return "unit";
  if (/\.ps1$/i.test(file)) return "powershell";
  return /^(?:GNU)?[Mm]akefile(?:\.\w+)?$|\.mk$/.test(basename(file)) ? "make" : "shell";
}

/** A flag with a value in a command line, by the positions of its words in the command. */
export type WordFlag = {
  /** Its full name: `env` for `-e`. */
  readonly name: string;
  readonly value: string;
  /** The word with the flag, and the one with its value: often the same. */
  readonly flag: number;
  readonly holder: number;
  /** How many characters of that word come before the value. */
  readonly skip: number;
  /** Other short flags in the same word: `it` in `-ite NAME=value`. They must stay. */
  readonly others: string;
};

/** A variable that a command line gives to a container. */
export type EnvFlag = WordFlag & {
  readonly variable: string;
  /** Null for `-e NAME`, which is taken from the environment. If it `expands`, the unexpanded text. */
  readonly content: string | null;
  readonly expands: boolean;
  /** The first word before the image that the shell may expand to flags or to the image itself; null without one. */
  readonly behind: string | null;
};

/** `docker run` or `create`, or Podman's. */
export type RunCommand = {
  readonly program: "docker" | "podman";
  /** What stands in the place of its program, if that may be another one: `$DOCKER`, `nerdctl`. */
  readonly standsFor: string | null;
  readonly words: readonly ShellWord[];
  /** The position of its program among the words. */
  readonly begin: number;
  /** The flags before `run`, which may select the engine. */
  readonly global: readonly string[];
  readonly flags: readonly WordFlag[];
  readonly env: readonly EnvFlag[];
  /** The position of the image among the words, before the container's command; null for a command without an image. */
  readonly image: number | null;
  /** The values of `--name` and the image; null if absent, or if only the shell knows. */
  readonly said: { readonly name: string | null; readonly image: string | null };
};

/** Every command in a shell script, or in a systemd unit, that creates a container, with the variables that it sets. */
export function runCommands(text: string, kind: ScriptKind): RunCommand[] {
  return commandsOf(text, kind)
    .flatMap((words) => runCommand(words) ?? [])
    .sort((a, b) => programStart(a) - programStart(b));
}

/** The commands of a script as words; bodies of here-documents, and what never ends, are added where a shell reads it. */
export function commandsOf(
  text: string,
  kind: ScriptKind,
  bodies: TextRange[] = [],
  open: number[] = [],
): ShellWord[][] {
  if (kind === "unit") return unitCommands(text);
  if (kind === "powershell") return powershellCommands(text);
  return kind === "make" ? makefileCommands(text, bodies, open) : shellCommands(text, bodies, open);
}

/** Where its program is in the text. */
export const programStart = ({ words, begin }: RunCommand): number => words[begin]?.start ?? 0;

/** The last value of a flag, by its full name or one of its letters; null if it is absent. */
export function flagOf({ flags }: RunCommand, ...names: readonly string[]): WordFlag | null {
  return flags.findLast(({ name }) => names.includes(name)) ?? null;
}

/** Words that may precede a command: assignments, shell words, and programs that run another. */
const BEFORE = /^(?:[A-Za-z_]\w*=.*|if|then|elif|else|while|until|do|!|\{|time|exec|command|eval)$/s;
const RUNS_ANOTHER = /^(?:.*\/)?(?:sudo|doas|env|nohup|nice|ionice|timeout|time|setsid|systemd-run|chronic|xargs)$/;

/**
 * Flags without a value; each other one takes the next word (docker/cli cli/command/container/opts.go, podman-run(1)).
 */
const BARE = new Set(
  `detach disable-content-trust env-host help http-proxy init interactive no-healthcheck no-hostname no-hosts
  oom-kill-disable passwd privileged publish-all quiet read-only read-only-tmpfs replace rm rmi sig-proxy tls-verify tty
  unsetenv-all use-api-socket`.split(/\s+/),
);
const GLOBAL_BARE = /^(?:-D|--debug|--tls|--tlsverify|--remote|-r)$/;

/** A word that is one variable and nothing else, such as `$OPTS` or `"${args[@]}"`. */
const VARIABLE = /^\$(?:\w+|[@*]|\{[^{}]*\})$/;

const CLIENT = /^(?:.*[\\/])?(?:docker|podman|nerdctl)(?:\.exe)?$/;
const SURE_CLIENT = /^(?:.*[\\/])?(?:docker|podman)(?:\.exe)?$/;
/** `$DOCKER`, `"${CONTAINER_ENGINE:-docker}"`, make's `$(PODMAN)`. */
const NAMED_CLIENT =
  /^\$[({]?(?!\w{0,80}COMPOSE)(?=\w{0,80}(?:DOCKER|PODMAN|NERDCTL|CONTAINER|ENGINE))\w{1,80}(?::?-[\w./ -]{0,80})?[)}]?$/i;

/** The run line of a command; `isFlags` knows variables that are nothing but flags. Null for any other command. */
export function runCommand(words: readonly ShellWord[], isFlags?: (word: ShellWord) => boolean): RunCommand | null {
  const started = clientIn(words);
  if (started === null) return null;
  const { program, begin } = started;
  let at = begin + 1;
  while (words[at]?.text.startsWith("-")) at += isWhole(words[at]?.text ?? "") ? 1 : 2;
  const global = words.slice(begin + 1, at).map(({ text }) => text);
  if (words[at]?.text === "container") at++;
  if (!/^(?:run|create)$/.test(words[at]?.text ?? "")) return null;
  const { flags, env, end } = allFlags(words, at + 1, isFlags);
  const called = flags.findLast(({ name }) => name === "name");
  const image = words[end];
  return {
    program: /podman(?:\.exe)?$/.test(program.text) ? "podman" : "docker",
    standsFor: SURE_CLIENT.test(program.text) ? null : program.text,
    words,
    begin,
    global,
    flags,
    env,
    image: image === undefined ? null : end,
    said: {
      name: called === undefined || words[called.holder]?.expands === true ? null : called.value,
      image: image?.expands === false ? image.text : null,
    },
  };
}

/** The client that a command starts, and its position; null if it starts none. */
function clientIn(words: readonly ShellWord[]): { readonly program: ShellWord; readonly begin: number } | null {
  const first = words.findIndex(({ text }) => !BEFORE.test(text));
  const isClient = (word: ShellWord): boolean =>
    CLIENT.test(word.text) || (word.expands && NAMED_CLIENT.test(word.text));
  const through = RUNS_ANOTHER.test(words[first]?.text ?? "");
  const begin = through ? words.findIndex(isClient) : first;
  const program = words[begin];
  return program === undefined || !isClient(program) ? null : { program, begin };
}

/** The flags from there to the image, with those behind words that may be flags, or the image. */
function allFlags(words: readonly ShellWord[], from: number, isFlags?: (word: ShellWord) => boolean): ReadFlags {
  const { flags, env, end } = readFlags(words, from);
  let [image, isSure] = [end, true];
  // `$OPTS` is taken for flags if variables follow it, and else for the image.
  for (let behind = words[image]; behind?.expands === true && VARIABLE.test(behind.text); behind = words[image]) {
    const more = readFlags(words, image + 1);
    const known = isFlags?.(behind) === true;
    if (more.env.length === 0 && !known) break;
    flags.push(...more.flags);
    isSure &&= known;
    const by = isSure ? null : behind.text;
    env.push(...more.env.map((one) => ({ ...one, behind: by })));
    image = more.end;
  }
  return { flags, env, end: image };
}

/** A flag before `run` that needs no further word. */
const isWhole = (flag: string): boolean => flag.includes("=") || GLOBAL_BARE.test(flag);

/** Whether these words are flags that each have their value, and none of those that decide about a delivery. */
export function areHarmlessFlags(texts: readonly string[]): boolean {
  const words = texts.map((text): ShellWord => ({ text, start: 0, end: 0, expands: false }));
  const { flags, end } = readFlags(words, 0);
  return (
    end === words.length && !words.some(({ text }) => text === "--") && !flags.some((one) => DECIDES.test(one.name))
  );
}

const DECIDES =
  /^(?:e|env|env-file|entrypoint|runtime|u|user|name|health-cmd|no-healthcheck|mount|volumes-from|cidfile)$/;

/** Flags, and the position of the first word behind them. */
type ReadFlags = { readonly flags: WordFlag[]; readonly env: EnvFlag[]; readonly end: number };

/** Parses flags up to the first word that is not a flag; returns its position, after a `--`. */
function readFlags(words: readonly ShellWord[], from: number): ReadFlags {
  const flags: WordFlag[] = [];
  const env: EnvFlag[] = [];
  let at = from;
  while (at < words.length) {
    const flag = at;
    const word = words[at] as ShellWord;
    const read = readFlag(word.text);
    if (read === null) break;
    const apart = read.takes && read.value === null;
    const holder = apart ? words[at + 1] : word;
    const value = apart ? holder?.text : read.value;
    at += apart ? 2 : 1;
    if (holder === undefined || value === undefined || value === null) continue;
    const skip = holder.text.length - value.length;
    const one = { name: read.name, value, flag, holder: at - 1, skip, others: read.others };
    flags.push(one);
    if (read.name === "env") env.push(envFlag(one, holder.expands));
  }
  if (words[at]?.text === "--") at++;
  return { flags, env, end: at };
}

type Flag = {
  readonly name: string;
  readonly takes: boolean;
  readonly value: string | null;
  readonly others: string;
};

/**
 * Null for a word that is not a flag: the image, or `--`. As in pflag, `-eX`, `-e=X` and `-itde X` are one word's
 * flags.
 */
function readFlag(word: string): Flag | null {
  if (!/^-[^-]|^--./.test(word)) return null;
  if (word.startsWith("--")) {
    const [, name = "", , value = null] = /^--([^=]*)(=([^]*))?$/.exec(word) ?? [];
    return { name, takes: !BARE.has(name), value, others: "" };
  }
  const [, others = "", short = "", value = ""] = /^-([ditPq]*)([^]?)([^]*)$/.exec(word) ?? [];
  if (short === "") return { name: "", takes: false, value: null, others: "" };
  return {
    name: short === "e" ? "env" : short,
    takes: true,
    value: value === "" ? null : value.replace(/^=/, ""),
    others,
  };
}

function envFlag(flag: WordFlag, expands: boolean): EnvFlag {
  const at = flag.value.indexOf("=");
  return {
    ...flag,
    variable: at < 0 ? flag.value : flag.value.slice(0, at),
    content: at < 0 ? null : flag.value.slice(at + 1),
    expands,
    behind: null,
  };
}
