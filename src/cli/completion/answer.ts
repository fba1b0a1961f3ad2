import type { Assembly } from "../../assembly/index.ts";
import { isPlainWord, listedNames, quickly } from "../../assembly/listed-names.ts";
import { SOURCES } from "../../assembly/plug-ins.ts";
import { runIds } from "../../core/journal/journal.ts";
import { keptByRun } from "../../engine/names.ts";
import { printable } from "../../kit/text/escape.ts";
import { commandFirst } from "../global-flags.ts";
import { TOPICS } from "../reference.ts";
import { COMMANDS } from "../specs/index.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "../specs/shared.ts";
import { nameOf, optionsOf, type CommandSpec, type OptionSpec } from "../specs/spec.ts";

/** A word that fits, and what it is. */
export type CompletionWord = readonly [word: string, text: string];

/** What fits: words of ours, or files or folders behind `prefix`, which the shell lists itself. */
export type CompletionAnswer = {
  readonly words: readonly CompletionWord[];
  readonly paths: "files" | "folders" | "none";
  readonly prefix: string;
};

/** The answer as the scripts read it: a word and its description a line, at last what else fits. */
export async function completionText(typed: readonly string[], assembly: Assembly): Promise<string> {
  const { words, paths, prefix } = await answerFor(typed.length > 0 ? typed : [""], assembly);
  const current = typed.at(-1) ?? "";
  const fitting = words.filter(([word]) => word.startsWith(current) && isPlainWord(word));
  const lines = fitting.map(([word, text]) => `${word}\t${printable(text.replace(/\s+/g, " "))}`);
  return [...lines, `:${paths} ${prefix}`].join("\n");
}

async function answerFor(all: readonly string[], assembly: Assembly): Promise<CompletionAnswer> {
  const typed = commandFirst(all);
  const current = typed.at(-1) ?? "";
  const spec = COMMANDS.find((one) => nameOf(one) === typed[0]);
  if (typed.length === 1 || spec === undefined) return first(current, assembly);
  const before = typed.slice(1, -1);
  if (before.includes("--")) return pathsOf("files");
  const flags = [...optionsOf(spec), ...COMMON_OPTIONS];
  const valued = flagNamed(flags, before.at(-1) ?? "");
  if (valued !== null && placeholder(valued) !== null && !isOptional(valued)) return valuesOf(valued, assembly);
  const inline = /^(--[\w-]+)=/.exec(current);
  const named = inline === null ? null : flagNamed(flags, inline[1] ?? "");
  if (named !== null) return prefixed(await valuesOf(named, assembly), `${inline?.[1] ?? ""}=`);
  if (current.startsWith("-")) return words(flagWords(flags));
  return argument(spec, positional(before, flags), current, assembly);
}

/** The first word: a command, a flag of the terminal UI, or a source for it. */
async function first(current: string, assembly: Assembly): Promise<CompletionAnswer> {
  if (current.includes(":")) return sourceOf(current, assembly);
  if (current.startsWith("-")) return words(flagWords(UI_OPTIONS));
  return words([...COMMANDS.map((spec) => [nameOf(spec), spec.summary] as const), ...(current === "" ? [] : KINDS)]);
}

const KINDS: readonly CompletionWord[] = SOURCES.map(({ kind, summary }) => [`${kind}:`, summary]);

const words = (all: readonly CompletionWord[]): CompletionAnswer => ({ words: all, paths: "none", prefix: "" });
const pathsOf = (paths: "files" | "folders", prefix = ""): CompletionAnswer => ({ words: [], paths, prefix });
const plainly = (all: readonly string[], text: string): CompletionWord[] => all.map((one) => [one, text]);

function prefixed({ words: all, paths, prefix }: CompletionAnswer, before: string): CompletionAnswer {
  return { words: all.map(([word, text]) => [before + word, text]), paths, prefix: before + prefix };
}

function flagWords(flags: readonly OptionSpec[]): CompletionWord[] {
  return flags.map(([given, text]) => [/--[\w-]+/.exec(given)?.[0] ?? given, text]);
}

function flagNamed(flags: readonly OptionSpec[], word: string): OptionSpec | null {
  return flags.find(([given]) => given.split(/[ ,]+/).includes(word)) ?? null;
}

/** The word that stands for a flag's value: `file` of `--config <file>`; null for a switch. */
const placeholder = ([flags]: OptionSpec): string | null => /[<[]([\w=-]+)…?[\]>]/.exec(flags)?.[1] ?? null;
const isOptional = ([flags]: OptionSpec): boolean => flags.includes("[");

async function valuesOf(option: OptionSpec, assembly: Assembly): Promise<CompletionAnswer> {
  const [flags, text, choices] = option;
  if (choices !== undefined) return words(plainly(choices, ""));
  const kind = placeholder(option) ?? "";
  if (kind === "file") return pathsOf("files");
  if (kind === "folder") return pathsOf("folders");
  if (kind === "store") return words(await storeWords(assembly));
  if (flags.startsWith("--on-change")) return words(plainly(["restart", "signal:", "none"], text));
  return words([]);
}

/** The words before that are neither flags nor their values. */
function positional(before: readonly string[], flags: readonly OptionSpec[]): readonly string[] {
  return before.filter((word, at) => {
    if (word.startsWith("-")) return false;
    const flag = flagNamed(flags, before[at - 1] ?? "");
    return flag === null || placeholder(flag) === null || isOptional(flag);
  });
}

/** What fits as the next argument of a command: by the word in its usage, then by its action. */
async function argument(
  spec: CommandSpec,
  given: readonly string[],
  current: string,
  assembly: Assembly,
): Promise<CompletionAnswer> {
  const [action] = given;
  const kinds = [...spec.usage.matchAll(/[[<]([\w-]+)(?:\.\.\.)?[\]>]/g)].map(([, kind]) => kind ?? "");
  const kind = kinds[Math.min(given.length, kinds.length - 1)] ?? "";
  const isRepeated = spec.usage.endsWith("...]") || spec.usage.endsWith("...>");
  if (given.length >= kinds.length && !isRepeated) return words([]);
  if (kind === "source") return sourceArgument(spec, given, current, assembly);
  if (kind === "run") return words(runWords(assembly));
  if (kind === "plan") return pathsOf("files");
  if (kind === "folder") return pathsOf("folders");
  if (kind === "command") return pathsOf("files");
  if (kind === "topic")
    return words([...plainly(TOPICS, "topic"), ...COMMANDS.map((one) => [nameOf(one), one.summary] as const)]);
  if (given.length === 0 && spec.actions !== undefined) return words(plainly(spec.actions, ""));
  if (nameOf(spec) === "render") {
    const sources = await sourceOf(current, assembly);
    return { ...sources, words: [...runWords(assembly), ...sources.words] };
  }
  return words(await wordsAfter(`${nameOf(spec)} ${action ?? ""}`, spec, assembly));
}

async function wordsAfter(words_: string, spec: CommandSpec, assembly: Assembly): Promise<readonly CompletionWord[]> {
  const after: { readonly [words: string]: () => Promise<readonly CompletionWord[]> } = {
    "stores check": () => storeWords(assembly),
    "stores rewrap": () => storeWords(assembly),
    "stores policy": async () => plainly(await listedNames("containers", assembly, HERE), "container"),
    "rules show": () => ruleWords(assembly),
  };
  return (await after[words_]?.()) ?? plainly(spec.forms ?? [], "");
}

async function sourceArgument(
  spec: CommandSpec,
  given: readonly string[],
  current: string,
  assembly: Assembly,
): Promise<CompletionAnswer> {
  const isInstall = spec.forms !== undefined && given[0] === "install";
  if (isInstall && given.length === 1) return words(plainly(spec.forms ?? [], ""));
  const sources = await sourceOf(current, assembly);
  const more = spec.forms !== undefined && given.length === 0 ? plainly(["install"], "install it as a service") : [];
  return { ...sources, words: [...more, ...sources.words] };
}

/** A source: its kind, then what the engine lists, or files. */
async function sourceOf(current: string, assembly: Assembly): Promise<CompletionAnswer> {
  const about = SOURCES.find(({ kind }) => current.startsWith(`${kind}:`));
  if (about === undefined) return words(KINDS);
  const begin = `${about.kind}:`;
  if (about.lists !== undefined)
    return words(
      (await listedNames(about.lists, assembly, HERE))
        // What a run keeps is no source that anyone types.
        .filter((name) => keptByRun(name) === null)
        .map((name) => [begin + name, about.lists ?? ""]),
    );
  return about.reads === "files" ? pathsOf("files", begin) : words([]);
}

/** A Tab logs in nowhere, and asks nobody on the network. */
const HERE = { isHere: true };

async function storeWords(assembly: Assembly): Promise<readonly CompletionWord[]> {
  return quickly(async () => {
    const configured = new Set(await assembly.storeNames());
    const known = await assembly.knownStores();
    return known.map((name) => [name, configured.has(name) ? "configured" : "by its environment variables"] as const);
  });
}

async function ruleWords(assembly: Assembly): Promise<readonly CompletionWord[]> {
  return quickly(async () => {
    const { rules } = await import("../../detect/index.ts");
    const own = (await assembly.ownRules())?.rules ?? [];
    return [...rules, ...own].map(({ id, description }) => [id, description] as const);
  });
}

function runWords(assembly: Assembly): readonly CompletionWord[] {
  const ids = runIds(assembly.state());
  return ids.length === 0 ? [] : [["last", "the newest run"], ...plainly(ids.toReversed(), "run")];
}
