import { UnsprawlError } from "../../model/error.ts";
import type { Finding } from "../../model/finding.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { findingsExit, writeRedacted } from "../output.ts";
import { isFailing, isIncomplete, scanWith } from "../scan-options.ts";

/** `unsprawl scan [SOURCE…]`. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const format = textFlag(options, "format");
  if (context.json && format !== null && format !== "json") {
    throw new UnsprawlError("usage", "--json and --format say different things", "give one of them");
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
  return findingsExit(report.findings.some(failing), isIncomplete(report));
}
