import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { scan, type Hit, type ScanReport } from "../core/scan.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { atLeast, type Confidence, type Finding } from "../model/finding.ts";
import { scriptHost, text, type CommandContext, type Options } from "./context.ts";

export type Scanned = {
  readonly report: ScanReport;
  readonly hits: readonly Hit[];
  readonly failOn: Confidence | "never";
};

/**
 * Scans as the flags and the configuration say; shared by scan, plan and migrate. A scan that `keeps` can be gone on with;
 * what it had found before is in the report alone, since a plan needs the values.
 */
export async function scanWith(
  context: CommandContext,
  sources: readonly string[],
  options: Options,
  keeps = false,
): Promise<Scanned> {
  const { assembly } = context;
  const [verify, resume] = [options["verify"] === true, options["resume"] === true];
  if (verify && resume)
    throw new UnsprawlError("usage", "--verify needs the values, which --resume has not", "give one of them");
  if (resume && options["layers"] === true)
    throw new UnsprawlError("usage", "--resume goes on with scans without --layers", "give one of them");
  if (resume && !sources.some((one) => one.startsWith("registry:")))
    throw new UnsprawlError("usage", "--resume goes on with scans of registries", "unsprawl scan registry:… --resume");
  const config = await assembly.config();
  const minConfidence = (text(options, "minConfidence") ?? config.minConfidence ?? "medium") as Confidence;
  const failOn = (text(options, "failOn") ?? config.failOn ?? "medium") as Confidence | "never";
  const baseline = text(options, "baseline");
  const known = baseline === null ? null : readBaseline(resolve(assembly.cwd, baseline));
  const showIgnored = options["showIgnored"] === true;
  const layers = options["layers"] === true;
  const input = { sources: sources.length > 0 ? sources : ["docker:"], minConfidence, showIgnored, layers };
  const { report, hits } = await scan(
    input,
    await assembly.scanTools(verify, keeps && !verify ? { resume } : undefined),
    scriptHost(context, false),
  );
  if (known === null) return { report, hits, failOn };
  const mark = (finding: Finding): Finding =>
    finding.state === "new" && known.has(finding.id) ? { ...finding, state: "known" } : finding;
  return {
    report: { ...report, findings: report.findings.map(mark) },
    hits: hits.map((hit) => ({ ...hit, finding: mark(hit.finding) })),
    failOn,
  };
}

/** True when a finding must make the process exit 3. */
export function fails(finding: Finding, failOn: Confidence | "never"): boolean {
  return (
    failOn !== "never" &&
    finding.state !== "known" &&
    finding.state !== "ignored" &&
    atLeast(finding.confidence, failOn)
  );
}

/** True when a subject could not be read: then the result is not whole, and the exit code says so. */
export function incomplete(report: ScanReport): boolean {
  return report.sources.some((source) => source.errors.length > 0);
}

function readBaseline(file: string): Set<string> {
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as ScanReport;
    return new Set(report.findings.map((finding) => finding.id));
  } catch (error) {
    throw new UnsprawlError(
      "config",
      `${file} is not a baseline`,
      "unsprawl scan --json -o FILE writes one",
      causeOf(error),
    );
  }
}
