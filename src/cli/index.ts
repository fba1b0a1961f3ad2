/*
 * The face of scripts: arguments in, text or JSON out, an exit code. commands.ts is the table that help, completion and
 * the manual are made from; each command is one file in commands/. No decision about a secret is made here: core does
 * that.
 */
import { Command, CommanderError, Option } from "commander";
import { EXIT, UnsprawlError } from "../model/error.ts";
import { VERSION } from "../model/version.ts";
import { Redactor } from "../kit/text/redact.ts";
import { COMMANDS, COMMON_OPTIONS, type CommandSpec } from "./commands.ts";
import { makeContext, type ParsedFlags } from "./context.ts";
import { printError } from "./output.ts";
import { knowArguments } from "./own-words.ts";

const TERMINAL = `
On a terminal, unsprawl without a command opens the terminal UI: unsprawl, or unsprawl [SOURCE…] [--hosts [name…]];
unsprawl --read-only opens it so that nothing can be changed.
`;

/** What the exit codes mean: the contract. */
export const EXITS = [
  [0, "fine"],
  [1, "failed"],
  [2, "usage or configuration"],
  [3, "findings at or above --fail-on"],
  [4, "authentication or permission"],
  [5, "partly done (says resume or rollback)"],
  [130, "interrupted"],
] as const;

const exits = EXITS.map(([code, meaning]) => `${code} ${meaning}`);
const AFTER = `
Without a command, on a terminal: the terminal UI; with --accessible line by line, for screen readers.

Exit codes: ${exits.slice(0, 4).join(" · ")}
            ${exits.slice(4).join(" · ")}`;

/** Runs one command line and returns the exit code. The only place that writes a usage error. */
export async function main(argv: readonly string[]): Promise<number> {
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
    process.stderr.write(redactor.foreign(told));
    const message = redactor.foreign(error.message.replace(/^error: /, ""));
    if (json) tellError(new UnsprawlError("usage", message, "unsprawl --help"), true);
    return EXIT.usage;
  }
}

type Runner = (spec: CommandSpec, args: readonly string[], options: ParsedFlags) => Promise<void>;

function build(run: Runner): Command {
  const program = new Command("unsprawl")
    .description(
      "Finds secrets in containers and moves each into a secret store: inspect shows nothing, the application still gets its value.",
    )
    .version(VERSION)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError("  next: unsprawl --help")
    .addHelpText("after", TERMINAL + AFTER);
  for (const spec of COMMANDS) addCommand(program, spec, run);
  return program;
}

function addCommand(program: Command, spec: CommandSpec, run: Runner): void {
  const command = program
    .command(spec.usage)
    .description(spec.summary)
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .showHelpAfterError(`  next: unsprawl ${spec.usage.split(" ")[0] ?? ""} --help`);
  if (spec.details) command.addHelpText("after", `\n${spec.details}`);
  for (const [flags, text, choices] of [...spec.options, ...COMMON_OPTIONS]) {
    const option = new Option(flags, text);
    if (choices) option.choices([...choices]);
    if (flags.includes("…"))
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((one): one is string => typeof one === "string");
    await run(spec, args, command.opts<ParsedFlags>());
  });
}

async function runCommand(
  spec: CommandSpec,
  args: readonly string[],
  options: ParsedFlags,
  argv: readonly string[],
): Promise<number> {
  const context = makeContext(options);
  const abort = new AbortController();
  const interrupt = (): void => {
    if (abort.signal.aborted) return;
    process.stderr.write(`\n${spec.stopping ?? "cancelled: putting back what was begun"}\n`);
    abort.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  try {
    const command = await spec.load();
    return await command.run({ ...context, signal: abort.signal }, args, options);
  } catch (error) {
    await knowArguments(argv, context.assembly.redactor);
    return printError(error, context);
  } finally {
    context.progress.stop();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
  }
}

/** Reports the error that ended another face: a line and what to type next, no stack trace. Returns the exit code. */
export function tellError(error: unknown, json = false): number {
  return printError(error, makeContext({ json }));
}
