/*
 * The face of scripts: arguments in, text or JSON out, an exit code. specs/ has the table that help, completion and
 * the manual are made from; each command is one file in commands/. No decision about a secret is made here: core does
 * that.
 */
import { Command, CommanderError, Option } from "commander";
import { cmd } from "../kit/shell.ts";
import { colour } from "../kit/paint.ts";
import { EXIT, UnsprawlError } from "../model/error.ts";
import { VERSION } from "../model/version.ts";
import { Redactor } from "../kit/text/redact.ts";
import { COMMANDS } from "./specs/index.ts";
import { commandFirst } from "./global-flags.ts";
import { makeContext, type ParsedFlags } from "./context.ts";
import { commandHelp, flagText, programHelp } from "./help.ts";
import { printError } from "./output.ts";
import { knowArguments } from "./own-words.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "./specs/shared.ts";
import { nameOf, optionsOf, type CommandSpec, type OptionSpec } from "./specs/spec.ts";

/** Runs one command line and returns the exit code. The only place that writes a usage error. */
export async function main(given: readonly string[]): Promise<number> {
  const argv = commandFirst(given);
  if (argv[0] === "__complete") {
    const { completionText } = await import("./completion/index.ts");
    process.stdout.write(`${await completionText(argv.slice(1), makeContext({}).assembly)}\n`);
    return EXIT.ok;
  }
  if (argv.length === 0) {
    build(async () => undefined).outputHelp({ error: true });
    return EXIT.usage;
  }
  let exit: number = EXIT.ok;
  const program = build(async (spec, args, options) => {
    exit = await runCommand(spec, args, options, argv);
  });
  // A script that asked for JSON gets its usage errors as JSON too.
  const json = argv.slice(0, argv.indexOf("--") < 0 ? argv.length : argv.indexOf("--")).includes("--json");
  let told = "";
  for (const one of [program, ...program.commands])
    one.configureOutput({ writeErr: (text) => void (told += json ? "" : text) });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    const redactor = new Redactor();
    await knowArguments(argv, redactor);
    process.stderr.write(redactor.foreign(withContainer(told, error, argv)));
    const message = redactor.foreign(error.message.replace(/^error: /, ""));
    if (json) tellError(new UnsprawlError("usage", message, "unsprawl --help"), true);
    return EXIT.usage;
  }
}

/** A word that is no command may be a container's name. */
function withContainer(told: string, { code }: CommanderError, [word = ""]: readonly string[]): string {
  if (code !== "commander.unknownCommand" || told.includes("Did you mean")) return told;
  return told.replace(
    "next: unsprawl --help",
    () => cmd`next: for a container: unsprawl scan docker:${word}; unsprawl --help`,
  );
}

type Runner = (spec: CommandSpec, args: readonly string[], options: ParsedFlags) => Promise<void>;

function build(run: Runner): Command {
  const program = new Command("unsprawl")
    .version(VERSION)
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ formatHelp: () => programHelp(process.stdout) })
    .showSuggestionAfterError()
    .showHelpAfterError("  next: unsprawl --help");
  for (const option of UI_OPTIONS) program.addOption(optionOf(option));
  for (const spec of COMMANDS) addCommand(program, spec, run);
  return program;
}

function addCommand(program: Command, spec: CommandSpec, run: Runner): void {
  const command = program
    .command(spec.usage)
    .exitOverride()
    .configureHelp({ formatHelp: () => commandHelp(spec, process.stdout) })
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .showHelpAfterError(`  next: unsprawl ${nameOf(spec)} --help`);
  for (const option of [...optionsOf(spec), ...COMMON_OPTIONS]) command.addOption(optionOf(option));
  command.action(async (...given: unknown[]) => {
    const forUi = Object.keys(program.opts())[0];
    if (forUi !== undefined) program.error(`error: ${dashed(forUi)} is for the terminal UI, not for ${nameOf(spec)}`);
    const args = given
      .slice(0, -2)
      .flat()
      .filter((one): one is string => typeof one === "string");
    await run(spec, args, command.opts<ParsedFlags>());
  });
}

function optionOf([flags, text, choices]: OptionSpec): Option {
  const isList = flags.includes("…");
  const option = new Option(flagText(flags), text);
  if (choices) option.choices([...choices]);
  if (isList) {
    const { parseArg } = option;
    option.argParser((value: string, before: string[] | undefined) => {
      parseArg?.(value, undefined as never);
      return [...(before ?? []), value];
    });
  }
  return option;
}

const dashed = (flag: string): string => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

async function runCommand(
  spec: CommandSpec,
  args: readonly string[],
  options: ParsedFlags,
  argv: readonly string[],
): Promise<number> {
  colour(options["color"] !== false);
  const context = makeContext(options);
  const abort = new AbortController();
  const interrupt = (): void => {
    if (abort.signal.aborted) return;
    process.stderr.write(
      `\n${spec.stopping ?? (spec.reads === true ? "cancelled" : "cancelled: whatever was begun is put back")}\n`,
    );
    abort.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  try {
    const command = await spec.load();
    const here = { ...context, signal: abort.signal };
    const isEach = spec.eachHost === true && options["hosts"] !== undefined;
    const work = isEach
      ? (await import("./each-host.ts")).eachHost(command, here, args, options)
      : command.run(here, args, options);
    return await (spec.reads === true ? Promise.race([work, givenUp(abort.signal)]) : work);
  } catch (error) {
    await knowArguments(argv, context.assembly.redactor);
    return printError(error, context);
  } finally {
    context.progress.stop();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
  }
}

/** How long what only reads has to end by itself once it is cancelled. */
const LET_GO_MS = 1500;

function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    const late = (): void => fail(new UnsprawlError("interrupted", "cancelled"));
    signal.addEventListener("abort", () => void setTimeout(late, LET_GO_MS), { once: true });
  });
}

/** Reports the error that ended another face: a line and what to type next, no stack trace. Returns the exit code. */
export function tellError(error: unknown, json = false): number {
  return printError(error, makeContext({ json }));
}
