import { assemble, type Assembly } from "../assembly/index.ts";
import type { Host } from "../contract/host.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { Progress } from "./progress.ts";

/** True where a person can answer: on a terminal, but not in CI, nor with --no-input, --json or --quiet. */
export function canAsk(context: Pick<CommandContext, "json" | "quiet">, options: ParsedFlags): boolean {
  const { stdin, stderr, env } = process;
  return stdin.isTTY && stderr.isTTY && !env["CI"] && options["input"] !== false && !context.json && !context.quiet;
}

/** Parsed flags: commander's camel-cased names. */
export type ParsedFlags = { readonly [flag: string]: string | boolean | readonly string[] | undefined };

/** What every command gets. */
export type CliContext = {
  readonly assembly: Assembly;
  readonly progress: Progress;
  /** JSON on stdout, and errors as JSON on stderr. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** Each step as it begins, and the cause of an error. */
  readonly verbose: boolean;
  /** The file that --config named, as it was typed. */
  readonly configFile: string | null;
};

export type CommandContext = CliContext & {
  readonly signal: AbortSignal;
  /** Takes results instead of stdout. */
  readonly out?: (text: string) => void;
};

export type CommandModule = {
  /** Returns the exit code; throws UnsprawlError. */
  run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number>;
};

export function makeContext(options: ParsedFlags): CliContext {
  const quiet = options["quiet"] === true;
  const json = options["json"] === true;
  const verbose = options["verbose"] === true;
  const configFile = textFlag(options, "config");
  const said = (text: string): void => {
    if (!quiet && !json) progress.line(text);
  };
  const browse = (url: string): void => {
    progress.line("the login waits for a browser on this machine, for 5 minutes: open this page");
    progress.next(url);
  };
  const shared = canAsk({ json, quiet }, options) ? { browse } : {};
  const assembly = assemble(process.env, process.cwd(), configFile, said, shared);
  const progress = new Progress(process.stderr, { quiet, verbose }, assembly.redactor);
  return { assembly, json, quiet, verbose, configFile, progress };
}

/** The face of scripts: progress on stderr, never a prompt. */
export function scriptHost(context: CommandContext, yes: boolean): Host {
  return {
    emit: (event) => context.progress.show(event),
    async ask(question) {
      if (yes) return true;
      throw new UnsprawlError("usage", `${question.text}: needs ${question.flag}`, cmd`add ${bare(question.flag)}`);
    },
    signal: context.signal,
  };
}

export function textFlag(options: ParsedFlags, name: string): string | null {
  const value = options[name];
  return typeof value === "string" ? value : null;
}

export function listFlag(options: ParsedFlags, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
}
