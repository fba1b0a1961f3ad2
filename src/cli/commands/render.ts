import { render, type Rendered } from "../../core/render.ts";
import { listRuns } from "../../core/runs.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { scriptHost, type CommandContext, type Options } from "../context.ts";
import { printError, writeResult } from "../output.ts";
import { jsonText, printable } from "../../text/escape.ts";
import { applyTools, chooseRun, planOf } from "../run-tools.ts";

/** `unsprawl render [RUN|--all]`: the files that migrated containers mount, written anew from the store. */
export async function run(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const { assembly } = context;
  if (options["all"] === true && args.length > 0)
    throw new UnsprawlError("usage", "--all and a run say different things", "give one of them");
  const live = (state: string): boolean => state === "done" || state === "scrubbed";
  const ids =
    options["all"] === true
      ? listRuns(assembly.installation())
          .filter((one) => live(one.state))
          .map((one) => one.run)
      : [chooseRun(assembly, args[0], (one) => live(one.state), "render")];
  const written: Rendered[] = [];
  for (const id of ids) {
    const plan = planOf(assembly, id);
    written.push(...(await render(plan, await applyTools(assembly, plan, false), scriptHost(context, true))));
  }
  const told = written.map(({ unit, files, error }) => ({ unit, files, error: error === null ? null : error.message }));
  const lines = told.flatMap(({ unit, files, error }) =>
    error === null ? [printable(`${unit}: ${files} files`)] : [],
  );
  await writeResult(
    context.json ? jsonText({ version: 1, rendered: told }) : lines.join("\n") || "nothing to render",
    null,
    context,
  );
  const failed = written.filter((one) => one.error !== null);
  for (const { unit, error } of failed) {
    printError(new UnsprawlError(error?.code ?? "failed", `${unit}: ${error?.message ?? ""}`, error?.hint), context);
  }
  if (failed.length === 0) return EXIT.ok;
  return failed.length < written.length ? EXIT.partly : (failed[0]?.error?.exit ?? EXIT.failed);
}
