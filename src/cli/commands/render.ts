import { randomBytes } from "node:crypto";
import type { Assembly } from "../../assembly/index.ts";
import { STEP_TAILS } from "../../assembly/plug-ins.ts";
import { render, type Rendered } from "../../core/render.ts";
import { allToRender, readToRender, type RenderJournal, type RenderPlace } from "../../core/journal/render-journal.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { fingerprintKey } from "../../model/fingerprint.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { printError, say, writeResult } from "../output.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { applyTools, oneRun } from "../run-tools.ts";

/**
 * `unsprawl render [RUN|--all]`: the files that migrated containers mount, written again from the store. A run that
 * cannot be read fails the command, and keeps no other from being rendered.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  if (options["all"] === true && args.length > 0)
    throw new UnsprawlError("usage", "--all and a run say different things", "give one of them");
  const { assembly, place } = opened(context.assembly);
  const { journals, unreadable } = chosen(place, args[0], options["all"] === true);
  const written: Rendered[] = [];
  const broken = [...unreadable];
  for (const journal of journals) {
    if (journal.warning !== null) say(context, printable(`warning: ${journal.warning}`));
    try {
      const tools = await applyTools(assembly, journal.plan, false);
      written.push(...(await render(journal, tools, scriptHost(context, true))));
    } catch (error) {
      // Its store cannot be opened; those of the others can.
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      broken.push({ run: journal.plan.id, error });
    }
  }
  const failed = [
    ...broken.map(({ error }) => error),
    ...written.flatMap(({ unit, error }) =>
      error === null ? [] : [new UnsprawlError(error.code, `${unit}: ${error.message}`, error.hint)],
    ),
  ];
  await writeResult(context.json ? document(written, broken) : lines(written, failed), null, context);
  for (const error of failed) printError(error, context);
  if (failed.length === 0) return EXIT.ok;
  return written.some(({ error }) => error === null) ? EXIT.partly : (failed[0]?.exit ?? EXIT.failed);
}

type UnreadableRuns = ReturnType<typeof allToRender>["unreadable"];

function chosen(
  place: RenderPlace,
  named: string | undefined,
  all: boolean,
): { readonly journals: readonly RenderJournal[]; readonly unreadable: UnreadableRuns } {
  if (named !== undefined) return { journals: [readToRender(place, named)], unreadable: [] };
  const found = allToRender(place);
  if (all) return found;
  const id = oneRun(
    found.journals.map(({ plan }) => plan.id),
    "render",
  );
  return { journals: found.journals.filter(({ plan }) => plan.id === id), unreadable: [] };
}

/**
 * An assembly that can render: where the key cannot be opened, one with a key of no meaning. Nothing is authenticated or
 * fingerprinted by it, and the place has none.
 */
function opened(assembly: Assembly): { readonly assembly: Assembly; readonly place: RenderPlace } {
  const state = assembly.state();
  try {
    return { assembly, place: { state, key: assembly.key(), tails: STEP_TAILS } };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
    const key = fingerprintKey(randomBytes(32));
    return { assembly: assembly.at(assembly.env, { key: () => key }), place: { state, key: null, tails: STEP_TAILS } };
  }
}

function document(written: readonly Rendered[], broken: UnreadableRuns): string {
  return jsonText({
    version: 1,
    rendered: written.map(({ unit, files, error }) => ({ unit, files, error: error?.message ?? null })),
    failed: broken.map(({ run: id, error }) => ({ run: id, error: error.message })),
  });
}

function lines(written: readonly Rendered[], failed: readonly UnsprawlError[]): string {
  const done = written.filter(({ error }) => error === null);
  const text = done.map(({ unit, files }) => printable(`${unit}: ${files} files`)).join("\n");
  return text || (failed.length === 0 ? "nothing to render" : "nothing rendered");
}
