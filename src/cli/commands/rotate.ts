import { apply } from "../../core/apply.ts";
import { rotateTools } from "../../assembly/rotating.ts";
import { runIds } from "../../core/journal/journal.ts";
import { planRotation, type NotRotated } from "../../rotate/plan.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { cmd } from "../../kit/shell.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { runOf } from "../choose-run.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, scriptHost, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { say, sayNext, writeResult } from "../output.ts";
import { applyTools } from "../run-tools.ts";
import { rotateText } from "../views/rotate-text.ts";

/** `unsprawl rotate [RUN|SOURCE…] [--only NAME…] --yes`: the plan first, then new values for the secrets in it. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const isShown = options["dryRun"] === true || textFlag(options, "output") !== null;
  if (!isShown) mustBeAnswerable(context, options, "rotate");
  const of = args.map((one) => (one.includes(":") ? one : runOf(assembly, one)));
  const unknown = of.find((one) => !one.includes(":") && !runIds(assembly.state()).includes(one));
  if (unknown !== undefined)
    throw new UnsprawlError(
      "absent",
      `there is no run ${unknown}`,
      "unsprawl runs lists them; a container is docker:NAME",
    );
  const { plan, left } = await planRotation(
    {
      of,
      only: listFlag(options, "only"),
      graceMs: parseDuration(textFlag(options, "grace") ?? "5s", "--grace"),
      healthTimeoutMs: parseDuration(textFlag(options, "healthTimeout") ?? "90s", "--health-timeout"),
      signal: context.signal,
    },
    rotateTools(assembly),
  );
  if (isShown) return show(context, options, plan, left);
  if (!context.json) await writeResult(rotateText(plan, left, process.stdout), null, context);
  if (plan.steps.length === 0) return nothing(context, plan, left);
  const restarts = new Set(plan.steps.flatMap((step) => (step.kind === "rotate" ? step.consumers : [])));
  await mustBeConfirmed(context, options, "rotate", `Make new values? ${restarts.size} containers restart.`);
  const tools = await applyTools(assembly, plan, options["breakLock"] === true);
  const exit = await finishRun(await apply(plan, tools, scriptHost(context, true)), context);
  return exit === EXIT.ok && left.length > 0 ? EXIT.partly : exit;
}

async function show(
  context: CommandContext,
  options: ParsedFlags,
  plan: Parameters<typeof rotateText>[0],
  left: readonly NotRotated[],
): Promise<number> {
  const file = textFlag(options, "output");
  if (file !== null) await writeResult(jsonText(plan), file, { ...context, json: true });
  const text = context.json ? jsonText({ ...plan, notRotated: left }) : rotateText(plan, left, process.stdout);
  await writeResult(text, null, context);
  if (file !== null) sayNext(context, cmd`unsprawl apply ${file}`);
  return left.length > 0 ? EXIT.failed : EXIT.ok;
}

async function nothing(
  context: CommandContext,
  plan: Parameters<typeof rotateText>[0],
  left: readonly NotRotated[],
): Promise<number> {
  if (context.json)
    await writeResult(jsonText({ version: 1, run: null, state: "done", units: [], notRotated: left }), null, context);
  else say(context, `nothing was changed in ${plan.store.name}`);
  return left.length > 0 ? EXIT.failed : EXIT.ok;
}
