import { resolve } from "node:path";
import { projectOf, type ProjectConfig } from "../../core/config/config.ts";
import { ALWAYS, canonicalFolder, readTrusted, writeTrusted } from "../../core/config/trusted.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { printable } from "../../kit/text/escape.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { say, writeResult } from "../output.ts";
import { table } from "../views/table.ts";

const ACTIONS = ["print", "always", "remove", "list"] as const;

/** `unsprawl trust [FOLDER]`: the folder's unsprawl.yaml counts from now on, until it changes. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { env, cwd, builtIn } = context.assembly;
  const chosen = ACTIONS.filter((one) => options[one] === true);
  if (chosen.length > 1 || (options["list"] === true && args.length > 0))
    throw new UnsprawlError("usage", "give one of --print, --always, --remove and --list", "unsprawl trust --help");
  if (options["config"] !== undefined)
    throw new UnsprawlError("usage", "a file of --config needs no trust", "unsprawl trust FOLDER");
  if (options["list"] === true) return list(context);
  const given = resolve(cwd, args[0] ?? ".");
  if (options["remove"] === true) return remove(context, given);
  const folder = canonicalFolder(given);
  const project = await projectOf(env, folder, builtIn);
  if (project === null)
    throw new UnsprawlError("absent", `there is no unsprawl.yaml in ${folder}`, "unsprawl trust FOLDER");
  const settings = await settingsOf(project);
  if (options["print"] === true) return show(context, project, settings, "nothing was changed");
  if (project.foreign !== null) {
    const cannot = `${project.foreign.why}: it cannot be trusted`;
    throw new UnsprawlError("refused", cannot, project.foreign.hint);
  }
  const always = options["always"] === true;
  if (!always && project.guarded.length === 0)
    return show(context, project, settings, "nothing in it needs trust; all of its settings apply");
  if (options["yes"] !== true) {
    mustBeAnswerable(context, options, "trust");
    for (const line of shownLines(project, settings)) say(context, line);
    await mustBeConfirmed(
      context,
      options,
      "trust",
      always ? "Trust it, whatever it will say?" : "Trust these settings?",
    );
  }
  await writeTrusted(env, folder, always ? ALWAYS : project.digest);
  const state = always ? "always" : "trusted";
  const said = always ? "trusted, even if its settings change" : "trusted until one of these settings changes";
  return show(context, { ...project, folder, state }, settings, said);
}

type GuardedSetting = { readonly path: string; readonly value: string };

async function show(
  context: CommandContext,
  { folder, file, state, foreign, guarded }: ProjectConfig,
  settings: readonly GuardedSetting[],
  said: string,
): Promise<number> {
  const counts = guarded.length === 0 ? "harmless" : foreign === null ? state : "foreign";
  const json = { version: 1, folder, file, state: counts, settings };
  const lines = [...shownLines({ file }, settings), said];
  await writeResult(context.json ? JSON.stringify(json) : lines.join("\n"), null, context);
  return EXIT.ok;
}

function shownLines({ file }: Pick<ProjectConfig, "file">, settings: readonly GuardedSetting[]): readonly string[] {
  const rows = settings.map(({ path, value }) => [{ text: `  ${path}`, colour: "bold" as const }, { text: value }]);
  return [printable(file), ...(rows.length > 0 ? [table(rows, process.stdout)] : [])];
}

async function remove(context: CommandContext, given: string): Promise<number> {
  const { env } = context.assembly;
  const trusted = readTrusted(env);
  // A deleted folder is known by the name that it had.
  const folder = trusted.has(given) ? given : canonicalFolder(given);
  if (!trusted.has(folder))
    throw new UnsprawlError("absent", `${folder} is not trusted`, "unsprawl trust --list shows which folders are");
  await writeTrusted(env, folder, null);
  await writeResult(
    context.json
      ? JSON.stringify({ version: 1, folder, state: "untrusted" })
      : `${printable(folder)} is no longer trusted`,
    null,
    context,
  );
  return EXIT.ok;
}

async function list(context: CommandContext): Promise<number> {
  const { env, builtIn } = context.assembly;
  const folders: { folder: string; state: string }[] = [];
  for (const folder of readTrusted(env).keys()) folders.push({ folder, state: await stateOf(folder) });
  const rows = folders.map(({ folder, state }) => [{ text: folder, colour: "bold" as const }, { text: state }]);
  await writeResult(
    context.json
      ? JSON.stringify({ version: 1, folders })
      : rows.length > 0
        ? table(rows, process.stdout)
        : "no folder is trusted",
    null,
    context,
  );
  return EXIT.ok;

  async function stateOf(folder: string): Promise<string> {
    try {
      const project = await projectOf(env, folder, builtIn);
      if (project === null) return "gone";
      if (project.foreign !== null && project.guarded.length > 0) return "foreign";
      return project.guarded.length === 0 ? "harmless" : project.state;
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      return "unreadable";
    }
  }
}

/** Every setting on one line, for review: addresses, programs, files. Secrets are masked. */
async function settingsOf({ guarded }: ProjectConfig): Promise<readonly GuardedSetting[]> {
  const { createDetector } = await import("../../detect/index.ts");
  const detector = createDetector();
  const masked = (path: string, value: string): string => {
    const question = { name: path.split(".").at(-1) ?? "", where: "file", value: Secret.of(value) } as const;
    return detector.classify(question).secret ? "••••••••" : value;
  };
  const leaves = (path: string, value: unknown): readonly GuardedSetting[] => {
    if (typeof value !== "object" || value === null) return [{ path, value: masked(path, String(value)) }];
    if (Array.isArray(value) && value.every((one) => typeof one !== "object"))
      return [{ path, value: value.map((one) => masked(path, String(one))).join(" ") }];
    const entries = Object.entries(value);
    return entries.flatMap(([key, one]) => leaves(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, one));
  };
  return guarded.flatMap(({ path, value }) => leaves(path, value));
}
