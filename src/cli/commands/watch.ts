import type { Confidence } from "../../model/finding.ts";
import { lockWatch } from "../../core/lock.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { cronSchedule, everySchedule, type Schedule } from "../../watch/schedule.ts";
import { watch, type Round, type WatchTools } from "../../watch/loop.ts";
import { text, type CommandContext, type Options } from "../context.ts";
import { findingsExit, printError, say, writeResult } from "../output.ts";
import { fails, incomplete } from "../scan-options.ts";
import { changeLine, changesJson, roundText } from "../views/watch-text.ts";

/** `unsprawl watch [SOURCE…] (--every TIME | --cron "…" | --once) [--events]`: tells only what is new, back or gone. */
export async function run(context: CommandContext, sources: readonly string[], options: Options): Promise<number> {
  const { assembly, signal } = context;
  const schedule = await scheduleOf(options);
  const config = await assembly.config();
  const minConfidence = (text(options, "minConfidence") ?? config.minConfidence ?? "medium") as Confidence;
  const failOn = (text(options, "failOn") ?? config.failOn ?? "medium") as Confidence | "never";
  const events = options["events"] === true;
  const layers = options["layers"] === true;
  const input = { sources: sources.length > 0 ? sources : ["docker:"], minConfidence, layers, schedule, events };
  const lock = lockWatch(assembly.state());
  let exit: number = EXIT.ok;
  const round = async (one: Round): Promise<void> => {
    const failing = one.report.findings.some((finding) => fails(finding, failOn));
    exit = findingsExit(failing, incomplete(one.report));
    const lines = context.json ? changesJson(one) : one.changes.map((change) => changeLine(change, process.stdout));
    if (lines.length > 0) await writeResult(lines.join("\n"), null, context);
    say(context, roundText(one));
  };
  const tools: WatchTools = {
    scanTools: () => {
      assembly.configChanged();
      return assembly.scanTools(false);
    },
    memory: assembly.memory,
    engine: assembly.engine,
    round,
    failed: (error) => void printError(error, context),
    event: (event) => {
      if (event.kind === "lost") say(context, `${event.error.message}; ${event.error.hint ?? ""}`);
    },
    waiting: (next) => say(context, `next scan ${next.toISOString()}`),
  };
  const host = { emit: () => undefined, ask: async () => false, signal };
  try {
    await watch(input, tools, host);
  } finally {
    lock.release();
  }
  return schedule === null ? exit : EXIT.ok;
}

/** Null for `--once`. Throws `usage` when not exactly one of the three was given. */
async function scheduleOf(options: Options): Promise<Schedule | null> {
  const [every, cron, once] = [text(options, "every"), text(options, "cron"), options["once"] === true];
  if ([every !== null, cron !== null, once].filter(Boolean).length !== 1)
    throw new UnsprawlError("usage", "watch needs one of --every, --cron and --once", "unsprawl watch --every 15m");
  if (once && options["events"] === true)
    throw new UnsprawlError("usage", "--events goes on, --once does not", "give one of them");
  if (every !== null) return everySchedule(every);
  return cron === null ? null : cronSchedule(cron);
}
