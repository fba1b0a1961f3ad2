import { UnsprawlError } from "../../model/error.ts";
import { text, type CommandContext, type Options } from "../context.ts";
import { findingsExit, writeResult } from "../output.ts";
import { fails, incomplete, scanWith } from "../scan-options.ts";

/** `unsprawl scan [SOURCE…]`. */
export async function run(context: CommandContext, sources: readonly string[], options: Options): Promise<number> {
  const format = text(options, "format");
  if (context.json && format !== null && format !== "json") {
    throw new UnsprawlError("usage", "--json and --format say different things", "give one of them");
  }
  const { report, failOn } = await scanWith(context, sources, options, true);
  const { render } = await import("../views/index.ts");
  const file = text(options, "output");
  await writeResult(await render(report, context.json ? "json" : (format ?? "table"), file === null), file, context);
  return findingsExit(
    report.findings.some((finding) => fails(finding, failOn)),
    incomplete(report),
  );
}
