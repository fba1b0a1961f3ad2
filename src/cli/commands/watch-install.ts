import { SOURCES } from "../../assembly/plug-ins.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { startWords } from "../../kit/program.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { isConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, sayNext, writeResult } from "../output.ts";
import { sourcesOf } from "./watch.ts";

/** `unsprawl watch install FORM [SOURCE…]`: prints what would be written; confirmed, or with -o, writes it. */
export async function install(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { formOf, installation } = await import("../../watch/install/index.ts");
  const { placedFiles, writeFiles } = await import("../../watch/install/write.ts");
  const { cwd, env } = context.assembly;
  const form = formOf(args[0]);
  const fleet = options["fleet"] === true;
  const { watch: config, untrusted } = await context.assembly.config();
  mustBeTrusted(untrusted, "watch");
  const named = args.slice(1);
  const made = installation(form, {
    watching: {
      sources: fleet ? named : sourcesOf(named, config),
      ...(await whenOf(options, config)),
      once: options["once"] === true,
      events: options["events"] === true || config?.events === true,
      hosts: options["hosts"] === undefined ? null : listFlag(options, "hosts"),
      more: [
        ...(options["layers"] === true ? ["--layers"] : []),
        ...wordsOf(options, "minConfidence"),
        ...wordsOf(options, "failOn"),
      ],
    },
    image: textFlag(options, "image"),
    config: textFlag(options, "config"),
    group: textFlag(options, "socketGroup"),
    secrets: listFlag(options, "secret"),
    metricsFile: config?.metrics.file ?? null,
    shareState: options["shareState"] === true,
    fleet,
    known: SOURCES,
    program: startWords(),
    cwd,
    env,
  });
  const folder = textFlag(options, "output");
  const { files, notes } = made;
  const placed = placedFiles(files, folder, cwd);
  const next = made.next(placed.map(({ path }) => path));
  if (!context.json)
    await writeResult(placed.map(({ path, text: body }) => `# ${path}\n${body}`).join("\n"), null, context);
  const write = folder !== null || (await isConfirmed(context, options, "Write this?"));
  const written = write ? await writeFiles(placed, options["overwrite"] === true) : [];
  if (context.json) {
    await writeResult(jsonText({ version: 1, form, files: placed, written, next, notes }), null, context);
    return EXIT.ok;
  }
  for (const note of notes) say(context, note);
  if (write) for (const { path } of placed) say(context, `${written.includes(path) ? "wrote" : "as it was:"} ${path}`);
  else say(context, "nothing was written: add --yes, or -o DIR; once the files are in place:");
  for (const command of next) sayNext(context, command);
  return EXIT.ok;
}

type WatchSchedule = { readonly every: string | null; readonly cron: string | null };

/**
 * The schedule from the command line, else from the configuration, else every quarter of an hour. Throws `usage` for no
 * schedule.
 */
async function whenOf(options: ParsedFlags, config: WatchSchedule | null): Promise<WatchSchedule> {
  const given = { every: textFlag(options, "every"), cron: textFlag(options, "cron") };
  const { cronSchedule, everySchedule } = await import("../../watch/schedule.ts");
  if (given.every !== null && given.cron !== null)
    throw new UnsprawlError("usage", "--every and --cron cannot be combined", "give one of them");
  const said = [given, config].find((one) => one !== null && (one.every !== null || one.cron !== null));
  const { every, cron } = said ?? { every: "15m", cron: null };
  if (every !== null) everySchedule(every);
  if (cron !== null) await cronSchedule(cron);
  return { every, cron };
}

function wordsOf(options: ParsedFlags, flag: "minConfidence" | "failOn"): string[] {
  const value = textFlag(options, flag);
  return value === null ? [] : [flag === "failOn" ? "--fail-on" : "--min-confidence", value];
}
