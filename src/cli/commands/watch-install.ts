import { fileURLToPath } from "node:url";
import { EXIT } from "../../model/error.ts";
import { list, text, type CommandContext, type Options } from "../context.ts";
import { say, writeResult } from "../output.ts";

/** `unsprawl watch install FORM [SOURCE…]`: prints what would be written, and with --yes or -o writes it. */
export async function install(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const { formOf, installation } = await import("../../watch/install/index.ts");
  const { placesOf, writeFiles } = await import("../../watch/install/write.ts");
  const { cwd, env } = context.assembly;
  const form = formOf(args[0]);
  const fleet = options["fleet"] === true;
  const sources = args.slice(1);
  const made = installation(form, {
    watching: {
      sources: sources.length > 0 || fleet ? sources : ["docker:"],
      every: text(options, "every") ?? (text(options, "cron") === null ? "15m" : null),
      cron: text(options, "cron"),
      once: options["once"] === true,
      events: options["events"] === true,
      more: [
        ...(options["layers"] === true ? ["--layers"] : []),
        ...wordsOf(options, "minConfidence"),
        ...wordsOf(options, "failOn"),
      ],
    },
    image: text(options, "image"),
    config: text(options, "config"),
    group: text(options, "socketGroup"),
    secrets: list(options, "secret"),
    metricsFile: null,
    shareState: options["shareState"] === true,
    fleet,
    // Beside this file once both are bundled.
    program: [process.execPath, fileURLToPath(new URL("./main.js", import.meta.url))],
    cwd,
    env,
  });
  const folder = text(options, "output");
  const { files, notes } = made;
  const placed = placesOf(files, folder, cwd);
  const next = made.next(placed.map(({ path }) => path));
  const write = options["yes"] === true || folder !== null;
  const written = write ? await writeFiles(placed, options["overwrite"] === true) : [];
  await writeResult(
    context.json
      ? JSON.stringify({ version: 1, form, files: placed, written, next, notes })
      : placed.map(({ path, text: body }) => `# ${path}\n${body}`).join("\n"),
    null,
    context,
  );
  if (context.json) return EXIT.ok;
  for (const note of notes) say(context, note);
  if (write) for (const { path } of placed) say(context, `${written.includes(path) ? "wrote" : "as it was:"} ${path}`);
  else say(context, "nothing was written: add --yes, or -o DIR");
  for (const command of next) say(context, `  next: ${command}`);
  return EXIT.ok;
}

function wordsOf(options: Options, flag: "minConfidence" | "failOn"): string[] {
  const value = text(options, flag);
  return value === null ? [] : [flag === "failOn" ? "--fail-on" : "--min-confidence", value];
}
