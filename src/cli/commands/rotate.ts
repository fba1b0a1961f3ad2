import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { apply } from "../../core/apply.ts";
import { rotateTools } from "../../assembly/rotating.ts";
import { runIds } from "../../core/journal/journal.ts";
import { OTHER_ENGINE } from "../../rotate/places.ts";
import { rotation } from "../../rotate/perform.ts";
import { questionText } from "../../rotate/plan-text.ts";
import { planRotation, type NotRotated, type RotateAsked } from "../../rotate/plan.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { cmd } from "../../kit/shell.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { readChecked } from "../../kit/io/read.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { runOf } from "../choose-run.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, scriptHost, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { say, sayNext, writeResult } from "../output.ts";
import { applyTools } from "../run-tools.ts";
import { rotateText } from "../views/rotate-text.ts";

/**
 * `unsprawl rotate [RUN|SOURCE…] [--only NAME…] --yes`: the plan first, then new values for the secrets in it. With --due
 * those that the schedule of the configuration is about; `install systemd` makes a timer of that.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const only = listFlag(options, "only");
  if (args[0] === "install") return (await import("./rotate-install.ts")).install(context, args.slice(1), options);
  if (options["overwrite"] !== undefined || options["cron"] !== undefined)
    throw new UnsprawlError(
      "usage",
      "--overwrite and --cron are for rotate install",
      "unsprawl rotate install systemd",
    );
  if (!isShown(options)) mustBeAnswerable(context, options, "rotate");
  if (options["due"] === true) {
    if (
      args.length + only.length > 0 ||
      textFlag(options, "valueFrom") !== null ||
      textFlag(options, "output") !== null
    )
      throw new UnsprawlError(
        "usage",
        "--due selects by the schedule alone, and saves no plan",
        "unsprawl rotate --due",
      );
    const { rotateDue } = await import("../rotate-due.ts");
    const these = (there: CommandContext, references: ReadonlySet<string>): Promise<number> =>
      rotate(there, options, { of: [], only: [], references });
    return rotateDue(context, these, isShown(options));
  }
  const of = args.map((one) => (one.includes(":") ? one : runOf(assembly, one)));
  const unknown = of.find((one) => !one.includes(":") && !runIds(assembly.state()).includes(one));
  if (unknown !== undefined)
    throw new UnsprawlError(
      "absent",
      `there is no run ${unknown}`,
      "unsprawl runs lists them; a container is docker:NAME",
    );
  return rotate(context, options, { of, only });
}

const isShown = (options: ParsedFlags): boolean => options["dryRun"] === true || textFlag(options, "output") !== null;

/** Shows the plan for these, and carries it out once that is confirmed. */
async function rotate(
  context: CommandContext,
  options: ParsedFlags,
  meant: Pick<RotateAsked, "of" | "only" | "references">,
): Promise<number> {
  const { assembly } = context;
  const given = await givenValue(context, textFlag(options, "valueFrom"));
  const tools = { ...rotateTools(assembly), ...(given !== null && { given }) };
  if (given !== null && textFlag(options, "output") !== null)
    throw new UnsprawlError("usage", "a saved plan holds no value", "leave -o out, or --value-from");
  const { plan, left } = await planRotation(
    {
      ...meant,
      mayMiss: listFlag(options, "accept").includes(OTHER_ENGINE),
      ...(await handOver(context, options, meant.only)),
      graceMs: parseDuration(textFlag(options, "grace") ?? "5s", "--grace"),
      healthTimeoutMs: parseDuration(textFlag(options, "healthTimeout") ?? "90s", "--health-timeout"),
      signal: context.signal,
    },
    tools,
  );
  if (isShown(options)) return show(context, options, plan, left);
  if (!context.json) await writeResult(rotateText(plan, left, process.stdout), null, context);
  if (plan.steps.length === 0) return nothing(context, plan, left);
  await mustBeConfirmed(context, options, "rotate", questionText(plan, given !== null));
  const applying = await applyTools(assembly, plan, options["breakLock"] === true);
  const own = given === null ? applying : { ...applying, migration: rotation(tools) };
  const exit = await finishRun(await apply(plan, own, scriptHost(context, true)), context, options, undefined, left);
  return exit === EXIT.ok && left.length > 0 ? EXIT.partly : exit;
}

/** What --dynamic asks for; nothing without it. */
async function handOver(
  { assembly }: CommandContext,
  options: ParsedFlags,
  only: readonly string[],
): Promise<Pick<RotateAsked, "handOver">> {
  const [connection, every] = [textFlag(options, "connection"), textFlag(options, "every")];
  if (options["dynamic"] !== true) {
    if (connection === null && every === null) return {};
    throw new UnsprawlError("usage", "--connection and --every are for --dynamic", "unsprawl rotate --dynamic");
  }
  if (options["due"] === true || textFlag(options, "valueFrom") !== null)
    throw new UnsprawlError(
      "usage",
      "with --dynamic the store's engine makes the value, in its own time",
      "unsprawl rotate docker:NAME --dynamic",
    );
  const [name = "", ...mount] = (connection ?? "").split("/").toReversed();
  const { rotate: schedule } = await assembly.config();
  const [named] = only;
  const days = (named === undefined ? undefined : schedule?.names.get(named)) ?? schedule?.every ?? 30;
  return {
    handOver: {
      mount: mount.length === 0 ? "database" : mount.toReversed().join("/"),
      connection: name === "" ? null : name,
      everySeconds: every === null ? days * DAY : secondsOf(every),
    },
  };
}

const DAY = 86_400;

/** At least a minute: everyone who has the login is restarted each time. */
function secondsOf(every: string): number {
  const [, days] = /^(\d{1,4})d$/.exec(every) ?? [];
  const seconds = days === undefined ? Math.round(parseDuration(every, "--every") / 1000) : Number(days) * DAY;
  if (seconds >= 60) return seconds;
  throw new UnsprawlError("usage", "--every is at least a minute: each time, everyone is restarted", "--every 30d");
}

/** The bytes of a file, or of stdin for `-`; null for none. Throws `usage` for an empty one. */
async function givenValue({ assembly }: CommandContext, from: string | null): Promise<Secret | null> {
  if (from === null) return null;
  const value = Secret.of(
    from === "-" ? await buffer(process.stdin) : readChecked(resolve(assembly.cwd, from), { named: true }),
  );
  if (value.length === 0)
    throw new UnsprawlError("usage", "the new value is empty", "--value-from FILE, or - for stdin");
  assembly.redactor.know(value);
  return value;
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
