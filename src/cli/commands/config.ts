import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectOf, type Config, type ProjectConfig } from "../../core/config/config.ts";
import { untrustedText } from "../../core/config/untrusted.ts";
import { configHome } from "../../kit/home.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { nearestWord } from "../../kit/text/nearest.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";
import { table } from "../views/table.ts";

type ConfigFile = {
  readonly file: string;
  /** `untrusted`: read, but the settings that need trust do not apply. */
  readonly state: "applies" | "untrusted" | "absent" | "replaced";
};

/** `unsprawl config [check]`: which files are read and what they set; `check` also opens every store and channel. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const [action] = args;
  if (action !== undefined && action !== "check")
    throw new UnsprawlError(
      "usage",
      `unknown action: config ${action}`,
      nearestWord(action, ["check"]) === null ? "unsprawl config, or unsprawl config check" : "unsprawl config check",
    );
  const config = await context.assembly.config();
  if (action === "check") await mustBeSound(context, config);
  const files = await filesOf(context);
  const settings = settingsOf(config);
  const document = { version: 1, files, settings: Object.fromEntries(settings), valid: true };
  await writeResult(context.json ? jsonText(document) : configText(files, settings, action === "check"), null, context);
  return EXIT.ok;
}

function configText(files: readonly ConfigFile[], settings: readonly Setting[], isChecked: boolean): string {
  const rows = files.map(({ file, state }) => [{ text: file, colour: "bold" as const }, { text: STATES[state] }]);
  const set = settings.map(([name, value]) => [{ text: `  ${name}` }, { text: value }]);
  return [
    table(rows, process.stdout),
    ...(set.length > 0
      ? [table(set, process.stdout)]
      : ["nothing is set: defaults apply, and `unsprawl init` sets up a store"]),
    ...(isChecked ? ["the configuration is valid"] : []),
  ].join("\n");
}

const STATES: { readonly [state in ConfigFile["state"]]: string } = {
  applies: "applies",
  untrusted: "not trusted: unsprawl trust --print",
  absent: "does not exist",
  replaced: "not read: --config replaces it",
};

/** Opens what the configuration names, as far as that needs no connection. Throws `config` for the first fault. */
async function mustBeSound(context: CommandContext, { untrusted }: Config): Promise<void> {
  const { assembly } = context;
  if (untrusted !== null) throw new UnsprawlError("config", untrustedText(untrusted), untrusted.hint);
  for (const name of await assembly.storeNames()) await assembly.store(name);
  await assembly.ownRules();
  for (const { name, open } of await assembly.channels(() => undefined)) await opened(name, open);
}

async function opened(name: string, open: () => Promise<unknown>): Promise<void> {
  try {
    await open();
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    throw new UnsprawlError("config", `notify.${name}: ${error.message}`, error.hint);
  }
}

async function filesOf({ assembly, configFile }: CommandContext): Promise<readonly ConfigFile[]> {
  const { env, cwd, builtIn } = assembly;
  const user = join(configHome(env), "unsprawl/config.yaml");
  if (configFile !== null) {
    const replaced = [join(cwd, "unsprawl.yaml"), user].filter((file) => existsSync(file));
    return [{ file: configFile, state: "applies" }, ...replaced.map((file) => ({ file, state: "replaced" as const }))];
  }
  const project = await projectOf(env, cwd, builtIn);
  return [
    { file: join(cwd, "unsprawl.yaml"), state: project === null ? "absent" : projectState(project) },
    { file: user, state: existsSync(user) ? "applies" : "absent" },
  ];
}

function projectState({ guarded, foreign, state }: ProjectConfig): "applies" | "untrusted" {
  if (guarded.length === 0) return "applies";
  return foreign === null && (state === "trusted" || state === "always") ? "applies" : "untrusted";
}

type Setting = readonly [name: string, value: string];

/** What is set, on one line each; names only, since settings may hold what is nobody's business. */
function settingsOf(config: Config): readonly Setting[] {
  const { stores, hosts, notify, tuning, minConfidence, failOn, watch, fleet, rotate } = config;
  const named = [...stores].map(([name, { provider }]) => `${name} (${provider})`);
  const all: readonly (readonly [name: string, value: string | null])[] = [
    ["stores", named.join(", ")],
    ["minConfidence", minConfidence],
    ["failOn", failOn],
    ["rules.off", [...tuning.off].join(", ")],
    ["ignore", tuning.ignore.length === 0 ? null : String(tuning.ignore.length)],
    ["hosts", [...hosts.keys()].join(", ")],
    ["notify", [...notify.keys()].join(", ")],
    ["watch", watch === null ? null : (watch.every ?? watch.cron ?? "set")],
    ["rotate", rotate === null ? null : rotate.every === null ? "set" : `every ${rotate.every} days`],
    ["fleet", fleet === null ? null : fleet.sources.map(({ source }) => source).join(", ")],
  ];
  return all.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, printable(value)] as const]));
}
