import { hostname, userInfo } from "node:os";
import { DEFAULT_SOURCES } from "../assembly/plug-ins.ts";
import { withFindings, type ScanReport } from "../core/report.ts";
import { runIds } from "../core/journal/journal.ts";
import { movedAges, type MovedAge } from "../core/moved.ts";
import type { Memory } from "../core/remember.ts";
import { findConnection, historyHostName, type EngineConnection } from "../engine/connection.ts";
import { shellLine } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Finding } from "../model/finding.ts";
import { VERSION } from "../model/version.ts";
import { COMMON_OPTIONS } from "./specs/shared.ts";
import { listFlag, type CommandContext, type ParsedFlags } from "./context.ts";
import type { PageFacts, ReportOrigin } from "./views/html/facts.ts";

/** How many earlier scans the trend has at most. */
const SCANS = 1000;

/** What the page of `scan --format html` shows: the report, by what earlier scans saw, and where it comes from. */
export type ReportPage = { readonly report: ScanReport; readonly facts: PageFacts };

/**
 * A report for its page. A history that exists is read, without `--remember` too: what it has is known. The scan's exit
 * code does not depend on that.
 */
export async function pageOf(
  context: CommandContext,
  report: ScanReport,
  sources: readonly string[],
  options: ParsedFlags,
): Promise<ReportPage> {
  const moved = movedOf(context, sources);
  const [origin, past] = await Promise.all([
    originOf(context, report, sources, options),
    pastOf(context, report, options).catch((error: unknown) => {
      if (!(error instanceof UnsprawlError)) throw error;
      return { report: { ...report, notes: [...report.notes, `earlier scans: ${error.message}`] }, facts: {} };
    }),
  ]);
  return { report: past.report, facts: { ...past.facts, moved, origin: context.assembly.redactor.data(origin) } };
}

/** What runs of this installation moved from these sources; nothing where there is no run, and no key is made for that. */
function movedOf({ assembly }: CommandContext, sources: readonly string[]): readonly MovedAge[] {
  if (runIds(assembly.state()).length === 0) return [];
  const of = sources.length > 0 ? sources : DEFAULT_SOURCES;
  const kindOf = (source: string): string => source.slice(0, source.indexOf(":") + 1);
  const isOf = ({ source, subject }: MovedAge): boolean =>
    [source, kindOf(source), `${kindOf(source)}${subject}`].some((one) => of.includes(one));
  return assembly.redactor.data(movedAges(assembly.installation()).filter(isOf));
}

async function pastOf({ assembly }: CommandContext, report: ScanReport, options: ParsedFlags): Promise<ReportPage> {
  const memory = await assembly.remembered();
  if (memory === null) return { report, facts: {} };
  const trend = await memory.history.trend(options["hosts"] === undefined ? memory.host : null, SCANS);
  const [since, present] = await seenBefore(memory, report.findings);
  const known = (finding: Finding): Finding =>
    finding.state === "new" && present.has(finding.id) ? { ...finding, state: "known" } : finding;
  const told = options["remember"] === true ? report : withFindings(report, report.findings.map(known));
  return { report: told, facts: { trend, since } };
}

/** When each finding was first seen, and those that the last saved scan had too. */
async function seenBefore(
  { history, host: here }: Memory,
  findings: readonly Finding[],
): Promise<readonly [since: ReadonlyMap<string, string>, present: ReadonlySet<string>]> {
  const since = new Map<string, string>();
  const present = new Set<string>();
  for (const [host, own] of Map.groupBy(findings, ({ location }) => location.host ?? here)) {
    const ids = own.map(({ id }) => id);
    const past = await history.past(host, { present: false, findings: ids, names: [], subjects: [] });
    for (const [id, { firstSeen, goneAt }] of past.findings) {
      since.set(id, firstSeen);
      if (goneAt === null) present.add(id);
    }
  }
  return [since, present];
}

async function originOf(
  { assembly }: CommandContext,
  { sources: read }: ScanReport,
  sources: readonly string[],
  options: ParsedFlags,
): Promise<ReportOrigin> {
  const hosts = [...new Set(read.flatMap(({ host }) => host ?? []))];
  const asked = hosts.length === 0 && read.some(({ source }) => /^(?:docker|image|swarm):/.test(source));
  return {
    host: hosts.length > 0 ? hosts.join(", ") : machineName(findConnection(assembly.env), assembly.env),
    engine: asked ? await engineText(assembly) : null,
    command: shellLine(["unsprawl", "scan", ...sources, ...flagsOf(options)]),
    user: userText(assembly.env),
    version: VERSION,
  };
}

/** The machine that the report is of; which of its engines, another line says. */
function machineName(connection: EngineConnection, env: NodeJS.ProcessEnv): string {
  return connection.via === "unix" ? env["UNSPRAWL_HOST"] || hostname() : historyHostName(connection, env);
}

/** Null if it does not answer, which is among the report's errors. */
async function engineText({ engine }: CommandContext["assembly"]): Promise<string | null> {
  try {
    const opened = await engine();
    const { ServerVersion: version = "of unknown version", OperatingSystem: system } = await opened.info();
    return `${version}${system === undefined ? "" : ` on ${system}`}, at ${opened.connection.address}`;
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    return null;
  }
}

function userText(env: NodeJS.ProcessEnv): string {
  const by = env["SUDO_USER"];
  try {
    const { username } = userInfo();
    return by === undefined || by === username ? username : `${username} (sudo by ${by})`;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}

/** Flags that only `--no-…` sets: without it they are true. */
const NEGATED = new Set(
  COMMON_OPTIONS.flatMap(([flag]) => (flag.startsWith("--no-") ? flag.slice("--no-".length) : [])),
);

/** The flags as they were typed, more or less: `--fail-on high --layers --no-input`. */
function flagsOf(options: ParsedFlags): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const word = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const flag = `--${word}`;
    if (value === undefined) return [];
    if (value === false) return [`--no-${word}`];
    // What only `--no-…` sets is true otherwise.
    if (value === true) return NEGATED.has(word) ? [] : [flag];
    return typeof value === "string" ? [flag, value] : [flag, ...listFlag(options, name)];
  });
}
