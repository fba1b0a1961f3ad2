import { chooseHosts, hostEnv } from "../core/config/hosts.ts";
import { mustBeTrusted } from "../core/config/untrusted.ts";
import { jsonText } from "../kit/text/escape.ts";
import { countText } from "../kit/text/count.ts";
import { EXIT, UnsprawlError } from "../model/error.ts";
import { listFlag, type CommandContext, type CommandModule, type ParsedFlags } from "./context.ts";
import { errorDocument, printError, say, writeResult } from "./output.ts";

/** What a command came to on one host. */
type HostOutcome = { readonly host: string; readonly exit: number; readonly result: unknown; readonly error: unknown };

/**
 * Runs a command on each engine of the configuration's `hosts:` that was asked for, one after the other; one that fails or
 * cannot be reached holds nobody up. With --json one document has all results. Returns the exit code that all have, or
 * `partly` where they differ.
 */
export async function eachHost(
  command: CommandModule,
  context: CommandContext,
  args: readonly string[],
  options: ParsedFlags,
): Promise<number> {
  const { assembly } = context;
  if (options["output"] !== undefined)
    throw new UnsprawlError(
      "usage",
      "the plans of several hosts do not go into one file",
      "set DOCKER_HOST and give -o for each; or: unsprawl migrate --hosts",
    );
  const config = await assembly.config();
  mustBeTrusted(config.untrusted, "hosts");
  // Whichever flag asks for it: one document.
  const isJson = context.json || options["format"] === "json";
  const outcomes: HostOutcome[] = [];
  for (const [host, settings] of chooseHosts(config.hosts, listFlag(options, "hosts"))) {
    context.signal.throwIfAborted();
    if (!isJson) say(context, `${host}:`);
    const written: string[] = [];
    const there: CommandContext = {
      ...context,
      assembly: assembly.at(hostEnv(assembly.env, settings)),
      ...(isJson ? { json: true, out: (text: string): void => void written.push(text) } : {}),
    };
    // The command itself works on this one host.
    const own = { ...options, hosts: undefined, onHost: host };
    outcomes.push(await outcomeOf(command, there, args, own, host, written));
  }
  if (isJson) {
    await writeResult(jsonText({ version: 1, hosts: outcomes }), null, context);
    return exitOf(outcomes);
  }
  const failed = outcomes.filter(({ exit }) => exit !== EXIT.ok && exit !== EXIT.findings);
  const names = failed.length === 0 ? "" : `, ${failed.length} failed: ${failed.map(({ host }) => host).join(", ")}`;
  say(context, `${countText(outcomes.length, "host")}: ${outcomes.length - failed.length} done${names}`);
  return exitOf(outcomes);
}

async function outcomeOf(
  command: CommandModule,
  context: CommandContext,
  args: readonly string[],
  options: ParsedFlags,
  host: string,
  written: readonly string[],
): Promise<HostOutcome> {
  const result = (): unknown => (written.length === 0 ? null : (JSON.parse(written.join("")) as unknown));
  try {
    const exit = await command.run(context, args, options);
    return { host, exit, result: result(), error: null };
  } catch (error) {
    // What ends the whole, and what is no fault of a host, is not kept to it.
    if (!(error instanceof UnsprawlError) || error.code === "interrupted" || error.code === "usage") throw error;
    const exit = context.json ? error.exit : printError(error, context);
    return { host, exit, result: result(), error: errorDocument(error, context) };
  }
}

function exitOf(outcomes: readonly HostOutcome[]): number {
  const [first, ...others] = new Set(outcomes.map(({ exit }) => exit));
  return others.length === 0 ? (first ?? EXIT.ok) : EXIT.partly;
}
