import { resolve } from "node:path";
import { DEFAULT_SOURCES, SOURCES } from "../assembly/plug-ins.ts";
import { countGone, readBaseline } from "../core/baseline.ts";
import { markRegressed, withStates } from "../core/remember.ts";
import type { ScanReport } from "../core/scan.ts";
import { untrustedText, type Untrusted } from "../core/config/untrusted.ts";
import { UnsprawlError } from "../model/error.ts";
import { isAtLeast, type FailOn } from "../model/fail-on.ts";
import type { Confidence, Finding } from "../model/finding.ts";
import { onHosts, scanHere } from "../assembly/on-hosts.ts";
import { rulesMissing, sayUntrusted } from "./untrusted.ts";
import { listFlag, scriptHost, textFlag, type CommandContext, type ParsedFlags } from "./context.ts";
import { ANY_SUBJECT } from "../model/subject-ref.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** The sources whose scans can be interrupted and resumed. */
const RESUMABLE = SOURCES.filter(({ resumable }) => resumable === true).map(({ kind }) => kind);

export type CompletedScan = {
  readonly report: ScanReport;
  readonly hits: readonly ScanHit[];
  readonly failOn: FailOn;
};

/**
 * Scans as the flags and the configuration say; shared by scan, plan and migrate. A scan that `keeps` can be resumed;
 * findings from before the interruption are then in the report only, since a plan needs the values.
 */
export async function scanWith(
  context: CommandContext,
  sources: readonly string[],
  options: ParsedFlags,
  keeps = false,
): Promise<CompletedScan> {
  const { assembly } = context;
  const [verify, resume] = [options["verify"] === true, options["resume"] === true];
  if (verify && resume)
    throw new UnsprawlError(
      "usage",
      "--verify cannot be combined with --resume, which keeps no values",
      "use one of them",
    );
  if (resume && options["layers"] === true)
    throw new UnsprawlError("usage", "--resume cannot be combined with --layers", "use one of them");
  if (resume && !sources.some((one) => RESUMABLE.includes(one.slice(0, one.indexOf(":")))))
    throw new UnsprawlError("usage", "--resume is for scans of registries", "unsprawl scan registry:… --resume");
  const config = await assembly.config();
  sayUntrusted(context, config.untrusted);
  const minConfidence = (textFlag(options, "minConfidence") ?? config.minConfidence ?? "medium") as Confidence;
  const failOn = (textFlag(options, "failOn") ?? config.failOn ?? "medium") as FailOn;
  const baseline = textFlag(options, "baseline");
  const known = baseline === null ? null : readBaseline(resolve(assembly.cwd, baseline));
  const showIgnored = options["showIgnored"] === true;
  const layers = options["layers"] === true;
  const input = { sources: sources.length > 0 ? sources : DEFAULT_SOURCES, minConfidence, showIgnored, layers };
  const host = scriptHost(context, false);
  const remember = options["remember"] === true;
  const { report, hits } =
    options["hosts"] !== undefined
      ? { report: await onHosts(assembly, listFlag(options, "hosts"), { ...input, verify, remember }, host), hits: [] }
      : await scanHere(
          assembly,
          input,
          remember,
          await assembly.scanTools(verify, keeps && !verify ? { resume } : undefined),
          host,
        );
  const counted = withUntrusted(report, config.untrusted, context.json);
  const marked = markRegressed({ report: counted, hits }, assembly.installation());
  if (known === null) return { ...marked, failOn };
  const { report: told, hits: own } = withStates(marked, ({ id, state }) =>
    state === "new" && known.has(id) ? "known" : state,
  );
  const gone = countGone(known, report.findings);
  const left = `${gone} of the baseline ${baseline} ${gone === 1 ? "is" : "are"} no longer there: write it again`;
  return { report: gone === 0 ? told : { ...told, notes: [...told.notes, left] }, hits: own, failOn };
}

/**
 * Adds what does not count in the project's file: a note unless stderr already has it, and an error if rules are
 * missing, which may have found more.
 */
function withUntrusted(report: ScanReport, untrusted: Untrusted | null, json: boolean): ScanReport {
  if (untrusted === null) return report;
  const notes = json ? [`${untrustedText(untrusted)}; next: ${untrusted.hint}`, ...report.notes] : report.notes;
  const missing = rulesMissing(untrusted);
  if (missing === null) return { ...report, notes };
  const { message, hint } = missing;
  const errors = [{ subject: untrusted.file, about: ANY_SUBJECT, message, hint: hint ?? "unsprawl trust" }];
  return { ...report, notes, sources: [...report.sources, { source: "unsprawl.yaml", subjects: 0, errors }] };
}

/** True if a finding must make the process exit 3. */
export function isFailing(finding: Finding, failOn: FailOn): boolean {
  return finding.state !== "known" && finding.state !== "ignored" && isAtLeast(finding, failOn);
}

/** True if a subject could not be read: then the result is incomplete, and the exit code shows it. */
export function isIncomplete(report: ScanReport): boolean {
  return report.sources.some((source) => source.errors.length > 0);
}
