import { UnsprawlError } from "../../model/error.ts";
import type { Finding } from "../../model/finding.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { DEFAULT_SOURCES, STORES } from "../../assembly/plug-ins.ts";
import { bare, cmd, shellLine } from "../../kit/shell.ts";
import { countText } from "../../kit/text/count.ts";
import type { ScanReport } from "../../core/scan.ts";
import { findingsExit, say, sayNext, writeRedacted } from "../output.ts";
import { isFailing, isIncomplete, scanWith } from "../scan-options.ts";

/** `unsprawl scan [SOURCE…]`. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const format = textFlag(options, "format");
  if (context.json && format !== null && format !== "json") {
    throw new UnsprawlError("usage", "--json cannot be combined with another --format", "use one of them");
  }
  const { report, failOn } = await scanWith(context, sources, options, true);
  const { render } = await import("../views/index.ts");
  const file = textFlag(options, "output");
  const failing = (finding: Finding): boolean => isFailing(finding, failOn);
  const page =
    format === "html"
      ? await (await import("../report-page.ts")).pageOf(context, report, sources, options)
      : { report, facts: {} };
  const safe = context.assembly.redactor.data(page.report);
  const shown = { terminal: file === null, cwd: context.assembly.cwd, fails: failing, facts: page.facts };
  await writeRedacted(await render(safe, context.json ? "json" : (format ?? "table"), shown), file, context);
  const isTable = !context.json && (format ?? "table") === "table";
  if (file !== null) say(context, cmd`wrote ${file} (${bare(countText(report.findings.length, "finding"))})`);
  else if (isTable && process.stdout.isTTY && report.findings.length > 0) await sayWayOn(context, report, sources);
  return findingsExit(report.findings.some(failing), isIncomplete(report));
}

/** The next command; or, where only containers have secrets and none can be moved from here, why, and what to do. */
async function sayWayOn(context: CommandContext, { findings }: ScanReport, sources: readonly string[]): Promise<void> {
  const isOfEngine = findings.every(({ location }) => ["container", "image"].includes(location.subject));
  const { movingFault } = await import("../moving-checks.ts");
  const fault = isOfEngine ? await movingFault(context.assembly) : null;
  if (fault === null) return sayNext(context, await planCommand(context, sources));
  say(context, `containers of this engine cannot be moved from here yet: ${fault.why}`);
  sayNext(context, fault.way);
}

/** What shows how the findings would move: into the configured store, else into the one that needs no server. */
async function planCommand({ assembly }: CommandContext, sources: readonly string[]): Promise<string> {
  const embedded = STORES.find(({ choice }) => choice?.preselected === "otherwise");
  const store = (await assembly.storeNames())[0] ?? embedded?.name ?? "STORE";
  return shellLine(["unsprawl", "plan", ...(sources.length > 0 ? sources : DEFAULT_SOURCES), "--to", store]);
}
