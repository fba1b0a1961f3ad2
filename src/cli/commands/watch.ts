import type { Assembly } from "../../assembly/index.ts";
import { DEFAULT_SOURCES } from "../../assembly/plug-ins.ts";
import type { ChannelDelivery } from "../../contract/channel.ts";
import { chooseHosts, hostEnv } from "../../core/config/hosts.ts";
import { lockWatch } from "../../core/journal/lock.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { EXIT, isReplaced, UnsprawlError } from "../../model/error.ts";
import type { FailOn } from "../../model/fail-on.ts";
import type { Confidence, Finding } from "../../model/finding.ts";
import { VERSION } from "../../model/version.ts";
import type { WatchConfig } from "../../core/config/watch.ts";
import type { Metrics } from "../../watch/metrics.ts";
import { cronSchedule, everySchedule, waitUntil, type Schedule } from "../../watch/schedule.ts";
import { watch, withEvents, type WatchScan, type WatchInput, type WatchTools } from "../../watch/loop.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { mustBeEngineSources } from "../../assembly/on-hosts.ts";
import { rulesMissing, sayUntrusted } from "../untrusted.ts";
import { Outages, timeText } from "../outages.ts";
import { findingsExit, printError, say, writeResult } from "../output.ts";
import { dailyReminder } from "../remind.ts";
import { isFailing, isIncomplete } from "../scan-options.ts";
import { changeLine, changesJson, failingLine, roundLines } from "../views/watch-text.ts";

/** How many hosts are scanned at once. */
const AT_ONCE = 8;
/** A host whose engine cannot even be opened is retried after this. */
const AGAIN_MS = 60_000;

/** `unsprawl watch [SOURCE…] (--every TIME | --cron "…" | --once) [--events]`: reports only changes. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly, signal } = context;
  if (sources[0] === "install") return (await import("./watch-install.ts")).install(context, sources.slice(1), options);
  const { config, input, failOn, hosts } = await wanted(context, sources, options);
  const { schedule } = input;
  const lock = lockWatch(assembly.state());
  const remind = dailyReminder(context);
  const reading = new HostsRead();
  let metrics: Metrics | null = null;
  let exit: number = EXIT.ok;
  const failing: Finding[] = [];
  let unread = false;
  let delivery: ChannelDelivery | null = null;
  const round = async (one: WatchScan): Promise<void> => {
    if (schedule === null) failing.push(...one.report.findings.filter((finding) => isFailing(finding, failOn)));
    unread ||= isIncomplete(one.report) || rulesMissing((await assembly.config()).untrusted) !== null;
    const lines = context.json ? changesJson(one) : one.changes.map((change) => changeLine(change, process.stdout));
    if (lines.length > 0) await writeResult(lines.join("\n"), null, context);
    const at = one.host === null ? "" : `${one.host}: `;
    for (const line of roundLines(one)) say(context, `${at}${line}`);
    outages.worked(one);
    delivery?.wake();
    if (metrics !== null) count(metrics, one);
    if (one.why === "schedule") await remind();
    // The values that are being read on another host just now must stay known.
    if (reading.now === 0) assembly.redactor.forget();
  };
  const outages = new Outages(
    (text) => say(context, text),
    (error) => printError(error, context),
  );
  const failed = (error: unknown, host: string | null): void => {
    unread = true;
    metrics?.failed();
    outages.failed(host, error);
  };
  // Its events have broken off: the next scan may still find it there.
  const lost = (error: unknown, host: string | null): void => outages.failed(host, error);
  try {
    metrics = await metricsOf(context, hosts);
    if (config.notify.size > 0) delivery = await assembly.startDelivery((told) => context.progress.line(told));
    assembly.redactor.settle();
    await watchAll(context, input, hosts, { round, failed, lost, event: () => metrics?.event(), turn: reading.turn });
    if (schedule === null) exit = signal.aborted ? EXIT.interrupted : findingsExit(failing.length > 0, unread);
    if (exit === EXIT.findings) say(context, failingLine(failing, failOn));
  } catch (error) {
    metrics?.failed();
    throw error;
  } finally {
    await delivery?.stop(schedule === null && !signal.aborted ? ONCE_MS : STOP_MS);
    await metrics?.close();
    lock.release();
  }
  return exit;
}

/** How many hosts are being read just now. */
class HostsRead {
  now = 0;

  readonly turn = async <T>(act: () => Promise<T>): Promise<T> => {
    this.now++;
    try {
      return await act();
    } finally {
      this.now--;
    }
  };
}

type WantedWatch = {
  readonly config: Awaited<ReturnType<Assembly["config"]>>;
  readonly input: WatchInput;
  readonly failOn: FailOn;
  /** Null for this machine. */
  readonly hosts: readonly string[] | null;
};

/** What the command line and the configuration ask for. */
async function wanted(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<WantedWatch> {
  const foreign = INSTALL_FLAGS.find((flag) => options[flag] !== undefined);
  if (foreign !== undefined)
    throw new UnsprawlError("usage", `--${dashed(foreign)} is for watch install`, "unsprawl watch install systemd");
  const config = await context.assembly.config();
  mustBeTrusted(config.untrusted, "watch", "notify", ...(options["hosts"] === undefined ? [] : ["hosts"]));
  sayUntrusted(context, config.untrusted);
  const schedule = await scheduleOf(options, config.watch);
  const minConfidence = (textFlag(options, "minConfidence") ?? config.minConfidence ?? "medium") as Confidence;
  const failOn = (textFlag(options, "failOn") ?? config.failOn ?? "medium") as FailOn;
  // Settings of the configuration that repeat scans do not apply to a single scan.
  const events = options["events"] === true || (schedule !== null && config.watch?.events === true);
  const layers = options["layers"] === true;
  const input = { sources: sourcesOf(sources, config.watch), minConfidence, layers, schedule, events };
  const hosts = options["hosts"] === undefined ? null : listFlag(options, "hosts");
  return { config, input, failOn, hosts };
}

/** Only this machine if `wanted` is null; else hosts from the configuration side by side, where one may fail. */
async function watchAll(
  context: CommandContext,
  input: WatchInput,
  wanted: readonly string[] | null,
  given: Pick<WatchTools, "round" | "turn"> & WatchFaults & { readonly event: () => void },
): Promise<void> {
  const { assembly, signal } = context;
  const { round, failed, turn } = given;
  const host = { emit: () => undefined, ask: async () => false, signal };
  const common = { round, turn, waiting: (next: Date) => say(context, `next scan ${timeText(next)}`) };
  if (wanted === null) return watch(input, { ...common, ...toolsOf(context, assembly, null, given) }, host);
  mustBeEngineSources(input.sources);
  withEvents(input);
  const { default: pLimit } = await import("p-limit");
  const room = pLimit(AT_ONCE);
  const hosts = chooseHosts((await assembly.config()).hosts, wanted);
  const failures: unknown[] = [];
  const one = async (name: string, at: Assembly): Promise<void> => {
    const tools = { ...common, ...toolsOf(context, at, name, given), waiting: () => undefined };
    while (!signal.aborted) {
      try {
        return await watch(input, { ...tools, turn: (act) => room(() => turn(act)) }, host);
      } catch (error) {
        if (isReplaced(error)) throw error;
        failures.push(error);
        failed(error, name);
        if (input.schedule === null) return;
        // A context that does not exist yet, a certificate that is being replaced.
        await waitUntil(new Date(Date.now() + AGAIN_MS), signal).catch(() => undefined);
      }
    }
  };
  await Promise.all(hosts.map(async ([name, config]) => one(name, assembly.at(hostEnv(assembly.env, config)))));
  if (input.schedule === null && failures.length === hosts.length) throw failures[0];
}

type WatchFaults = {
  readonly failed: (error: unknown, host: string | null) => void;
  readonly lost: (error: unknown, host: string | null) => void;
};

function toolsOf(
  context: CommandContext,
  assembly: Assembly,
  host: string | null,
  faults: WatchFaults & { readonly event: () => void },
): Omit<WatchTools, "round" | "waiting" | "turn"> {
  const own = async <T extends { readonly host?: string }>(of: Promise<T>): Promise<T> =>
    host === null ? of : { ...(await of), host };
  return {
    host,
    scanTools: () => {
      context.assembly.configChanged();
      return own(assembly.scanTools(false));
    },
    memory: async () => own(context.assembly.memory()),
    engine: assembly.engine,
    failed: (error) => faults.failed(error, host),
    event: (event) => {
      if (event.kind === "started" || event.kind === "removed") faults.event();
      if (event.kind === "lost") faults.lost(event.error, host);
    },
  };
}

/** How long changes may still be sent when it ends; the next watch sends the rest. */
const STOP_MS = 5000;
const ONCE_MS = 30_000;

const INSTALL_FLAGS = ["yes", "output", "overwrite", "image", "secret", "socketGroup", "shareState", "fleet"];

const dashed = (flag: string): string => flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The sources on the command line, else in the configuration, else the engine's containers. */
export function sourcesOf(named: readonly string[], config: WatchConfig | null): readonly string[] {
  if (named.length > 0) return named;
  return config !== null && config.sources.length > 0 ? config.sources : DEFAULT_SOURCES;
}

/** Null if the configuration asks for none. */
async function metricsOf(context: CommandContext, wanted: readonly string[] | null): Promise<Metrics | null> {
  const { assembly } = context;
  const { watch: own, hosts } = await assembly.config();
  if (own === null || (own.metrics.listen === null && own.metrics.file === null)) return null;
  const { openMetrics } = await import("../../watch/metrics.ts");
  const { history, channels } = await assembly.memory();
  const names = wanted === null ? [] : chooseHosts(hosts, wanted).map(([name]) => name);
  const of = { version: VERSION, history, channels, hosts: names };
  return openMetrics(own.metrics, of, (said) => say(context, said));
}

function count(metrics: Metrics, { report, changes, host, why }: WatchScan): void {
  metrics.scanned({
    host,
    durationMs: report.durationMs,
    subjects: report.sources.reduce((sum, { subjects }) => sum + subjects, 0),
    errors: report.sources.reduce((sum, { errors }) => sum + errors.length, 0),
    partial: why === "events",
  });
  metrics.changed(changes);
}

/** Null for `--once`. Throws `usage` unless exactly one of the three is given, here or in the configuration. */
async function scheduleOf(options: ParsedFlags, config: WatchConfig | null): Promise<Schedule | null> {
  const once = options["once"] === true;
  const given = once || options["every"] !== undefined || options["cron"] !== undefined;
  const every = textFlag(options, "every") ?? (given ? null : (config?.every ?? null));
  const cron = textFlag(options, "cron") ?? (given ? null : (config?.cron ?? null));
  if ([every !== null, cron !== null, once].filter(Boolean).length !== 1)
    throw new UnsprawlError("usage", "watch needs one of --every, --cron and --once", "unsprawl watch --every 15m");
  if (once && options["events"] === true)
    throw new UnsprawlError("usage", "--events cannot be combined with --once", "use one of them");
  if (every !== null) return everySchedule(every);
  return cron === null ? null : cronSchedule(cron);
}
