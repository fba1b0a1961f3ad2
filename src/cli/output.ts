import { resolve } from "node:path";
import { causeOf, EXIT, unexpectedError, UnsprawlError } from "../model/error.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { jsonText, printable } from "../kit/text/escape.ts";
import type { Redactor } from "../kit/text/redact.ts";
import { hanging, lineWidth } from "../kit/text/wrap.ts";
import type { CliContext, CommandContext } from "./context.ts";
import { withConfig } from "./run-commands.ts";
import { paint } from "../kit/paint.ts";

/** `out` takes results instead of stdout. */
type ResultContext = CliContext & Pick<CommandContext, "out">;

/** A result: to stdout, or to `-o FILE` (0600, atomic). Known values are redacted at this sink. */
export async function writeResult(text: string, file: string | null, context: ResultContext): Promise<void> {
  const { redactor } = context.assembly;
  await writeRedacted(context.json ? redactedJson(text, redactor) : redactor.guard(text), file, context);
}

/** JSON, or a document a line, redacted as data: in the text a value could take the quotes with it. */
function redactedJson(text: string, redactor: Redactor): string {
  if (redactor.guard(text) === text) return text;
  const lines = isJson(text) ? [text] : text.split("\n");
  return lines
    .map((line) => (isJson(line) ? jsonText(redactor.data(JSON.parse(line) as unknown)) : redactor.guard(line)))
    .join("\n");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The same for a text whose data was redacted before it was laid out. */
export async function writeRedacted(text: string, file: string | null, context: ResultContext): Promise<void> {
  const safe = text.endsWith("\n") ? text : `${text}\n`;
  context.progress.stop();
  if (file !== null) {
    await atomicWrite(resolve(context.assembly.cwd, file), Buffer.from(safe), { mode: 0o600 });
    return;
  }
  if (context.out !== undefined) return context.out(safe);
  await new Promise<void>((done, fail) => {
    process.stdout.write(safe, (error) => {
      if (error && !readerGone(error)) fail(cannotWrite(error));
      else done();
    });
  });
}

/** True if the reader has gone (`| head`), which is no failure, and for all later output. */
function readerGone(error: Error): boolean {
  const { code } = error as { code?: string };
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}

function cannotWrite(error: Error): UnsprawlError {
  return new UnsprawlError(
    "failed",
    `cannot write the result (${causeOf(error)})`,
    "check where stdout goes: `df` shows a full disk",
  );
}

/** What a command would do to a run with --dry-run. */
export async function writeIntent(run: string, lines: readonly string[], context: ResultContext): Promise<void> {
  const document = { version: 1, run, dryRun: true, would: lines };
  await writeResult(context.json ? jsonText(document) : lines.join("\n"), null, context);
}

/** A line for people, on stderr. */
export function say(context: CliContext, text: string): void {
  if (!context.quiet) context.progress.line(text);
}

/** What to type next, on stderr. */
export function sayNext(context: CliContext, command: string): void {
  if (!context.quiet) context.progress.next(command);
}

/** Reports an error: what failed, where, what to type next. Returns the exit code. Never a stack trace. */
export function printError(error: unknown, context: CliContext): number {
  const known = known_(error);
  const { redactor } = context.assembly;
  context.progress.stop();
  const { message, hint } = errorDocument(known, context);
  if (context.json) {
    process.stderr.write(`${jsonText({ version: 1, error: errorDocument(known, context) })}\n`);
  } else {
    const head = `${paint("red", "error:", process.stderr)} `;
    process.stderr.write(`${hanging(head, printable(message), 7, lineWidth(process.stderr)).join("\n")}\n`);
    if (context.verbose)
      process.stderr.write(
        `  ${known.code}, exit ${known.exit}${typeof known.cause === "string" ? `: ${printable(redactor.foreign(known.cause))}` : ""}\n`,
      );
    if (hint !== null) process.stderr.write(`  ${paint("bold", "next:", process.stderr)} ${printable(hint)}\n`);
  }
  return known.exit;
}

/** An error as JSON has it: what failed, and what to type next. */
export function errorDocument(
  { code, message, hint, exit }: UnsprawlError,
  context: CliContext,
): { readonly code: string; readonly message: string; readonly hint: string | null; readonly exit: number } {
  const { redactor } = context.assembly;
  const next = hint === null ? null : redactor.foreign(withConfig(hint, context));
  return { code, message: redactor.foreign(message), hint: next, exit };
}

function known_(error: unknown): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  if (error instanceof Error && error.name === "AbortError") return new UnsprawlError("interrupted", "cancelled");
  return unexpectedError(error);
}

/** The exit code for what a scan or plan leaves. */
export function findingsExit(worst: boolean, errors: boolean): number {
  return errors ? EXIT.failed : worst ? EXIT.findings : EXIT.ok;
}
