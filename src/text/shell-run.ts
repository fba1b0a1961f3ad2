import { shellCommands, type ShellWord } from "./shell-words.ts";
import { unitCommands } from "./unit-words.ts";

/** A variable that a command line gives to a container. */
export type EnvFlag = {
  /** Of all its words, in UTF-16 units: `-e NAME=value`, `--env=NAME=value`, with their quotes. */
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** Null for `-e NAME`, which is taken from the environment. Where it `expands`, what stands there. */
  readonly value: string | null;
  readonly quoting: ShellWord["quoting"];
  readonly expands: boolean;
  /** Other short flags in the same word: `it` of `-ite NAME=value`. They must stay. */
  readonly others: string;
};

/** `docker run` or `create`, or Podman's. */
export type RunCommand = {
  readonly program: "docker" | "podman";
  /** From its program to its last word. */
  readonly start: number;
  readonly end: number;
  /** The name that `--name` gives; null when there is none. */
  readonly name: string | null;
  readonly image: string | null;
  readonly env: readonly EnvFlag[];
};

/** Every command in a shell script, or in a systemd unit, that creates a container, with the variables that it sets. */
export function runCommands(text: string, kind: "shell" | "unit"): RunCommand[] {
  const commands = kind === "unit" ? unitCommands(text) : shellCommands(text);
  return commands.flatMap((words) => runCommand(words) ?? []).sort((a, b) => a.start - b.start);
}

/** Words before a command that leave it one: assignments, the shell's own, and programs that run another. */
const BEFORE = /^(?:[A-Za-z_]\w*=.*|if|then|elif|else|while|until|do|!|\{|time|exec|command|eval)$/s;
const RUNS_ANOTHER = /^(?:.*\/)?(?:sudo|doas|env|nohup|nice|ionice|timeout|time|setsid|systemd-run|chronic|xargs)$/;

/** Flags without a value; each other one takes the next word (docker/cli cli/command/container/opts.go, podman-run(1)). */
const BARE = new Set(
  `detach disable-content-trust env-host help http-proxy init interactive no-healthcheck no-hostname no-hosts
  oom-kill-disable passwd privileged publish-all quiet read-only read-only-tmpfs replace rm rmi sig-proxy tls-verify tty
  unsetenv-all use-api-socket`.split(/\s+/),
);
const GLOBAL_BARE = /^(?:-D|--debug|--tls|--tlsverify|--remote|-r)$/;

function runCommand(words: readonly ShellWord[]): RunCommand | null {
  const first = words.findIndex(({ text }) => !BEFORE.test(text));
  const isClient = ({ text }: ShellWord): boolean => /^(?:.*\/)?(?:docker|podman)$/.test(text);
  const through = RUNS_ANOTHER.test(words[first]?.text ?? "");
  const begin = through ? words.findIndex(isClient) : first;
  const program = words[begin];
  if (!program || !isClient(program)) return null;
  let at = begin + 1;
  while (words[at]?.text.startsWith("-")) at += isWhole(words[at]?.text ?? "") ? 1 : 2;
  if (words[at]?.text === "container") at++;
  if (!/^(?:run|create)$/.test(words[at]?.text ?? "")) return null;
  const env: EnvFlag[] = [];
  let name: string | null = null;
  for (at++; at < words.length;) {
    const word = words[at] as ShellWord;
    const read = readFlag(word.text);
    if (read === null) break;
    const apart = read.takes && read.value === null;
    const next = apart ? words[at + 1] : word;
    const value = apart ? next?.text : read.value;
    at += apart ? 2 : 1;
    if (next === undefined || value === undefined || value === null) continue;
    if (read.name === "name") name = value;
    if (read.name === "env") env.push(envFlag(word, next, value, read.others));
  }
  if (words[at]?.text === "--") at++;
  return {
    program: program.text.endsWith("podman") ? "podman" : "docker",
    start: program.start,
    end: words.at(-1)?.end ?? program.end,
    name,
    image: words[at]?.text ?? null,
    env,
  };
}

/** A flag before `run` that needs no further word. */
const isWhole = (flag: string): boolean => flag.includes("=") || GLOBAL_BARE.test(flag);

type Flag = {
  readonly name: string;
  readonly takes: boolean;
  readonly value: string | null;
  readonly others: string;
};

/** Null for what is no flag: the image, or `--`. As pflag reads them: `-eX`, `-e=X` and `-itde X` are one word's flags. */
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

function envFlag(flag: ShellWord, holder: ShellWord, text: string, others: string): EnvFlag {
  const at = text.indexOf("=");
  return {
    start: flag.start,
    end: holder.end,
    name: at < 0 ? text : text.slice(0, at),
    value: at < 0 ? null : text.slice(at + 1),
    quoting: holder.quoting,
    expands: holder.expands,
    others,
  };
}
