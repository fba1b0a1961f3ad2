import { userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { configHome, dataHome, homeOf } from "../../kit/home.ts";
import { foreignProgram } from "../../kit/io/roots-alone.ts";
import { startWords } from "../../kit/program.ts";
import { loadedFolders, mustBeRoots } from "../../kit/root-loads.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { isConfirmed } from "../confirm.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, sayNext, writeResult } from "../output.ts";

/** Every night, when least is lost by a container that restarts. */
const NIGHTLY = "0 3 * * *";

const NOT_HERE = ["due", "only", "valueFrom", "accept", "dryRun", "breakLock"];

/**
 * `unsprawl rotate install systemd`: prints a timer of `rotate --due` and its service, which run as this user with this
 * user's runs; confirmed, or with -o, writes them.
 */
export async function install(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  if (args[0] !== "systemd" || args.length > 1 || NOT_HERE.some((flag) => options[flag] !== undefined))
    throw new UnsprawlError(
      "usage",
      "rotate install makes a timer of systemd's for what is due",
      "unsprawl rotate install systemd",
    );
  mustBeTrusted((await assembly.config()).untrusted, "rotate", "notify");
  const { rotateUnits } = await import("../../watch/install/rotate-timer.ts");
  const { placedFiles, writeFiles } = await import("../../watch/install/write.ts");
  const named = textFlag(options, "config");
  const config = named === null ? [] : ["--config", resolve(assembly.cwd, named)];
  const isRoot = process.getuid?.() === 0;
  if (isRoot) mustBeRootsAlone(assembly.env, config.slice(1));
  const words = [...startWords(), "rotate", "--due", "--yes", ...timesOf(options), ...config];
  const made = rotateUnits({
    words,
    user: isRoot ? null : userInfo().username,
    environment: placesOf(assembly.env, assembly.state()),
    cron: textFlag(options, "cron") ?? NIGHTLY,
  });
  const folder = textFlag(options, "output");
  const placed = placedFiles(made.files, folder, assembly.cwd);
  if (!context.json) await writeResult(placed.map(({ path, text }) => `# ${path}\n${text}`).join("\n"), null, context);
  const write = folder !== null || (await isConfirmed(context, options, "Write this?"));
  const written = write ? await writeFiles(placed, options["overwrite"] === true) : [];
  const next = made.next(placed.map(({ path }) => path));
  if (context.json) {
    await writeResult(jsonText({ version: 1, files: placed, written, next, notes: made.notes }), null, context);
    return EXIT.ok;
  }
  for (const note of made.notes) say(context, note);
  for (const path of written) say(context, `wrote ${path}`);
  if (!write) say(context, "nothing was written: add --yes, or -o DIR; once the files are in place:");
  for (const command of next) sayNext(context, command);
  return EXIT.ok;
}

/** Throws `refused` where the service, which is root's, would start or read what another user can write. */
function mustBeRootsAlone(env: NodeJS.ProcessEnv, configs: readonly string[]): void {
  mustBeRoots([...loadedFolders(env), ...configs.map((file) => ["--config", file] as const)]);
  const [program, script = ""] = startWords();
  const why = foreignProgram(program, script);
  if (why === null) return;
  throw new UnsprawlError(
    "refused",
    `another user can replace unsprawl, which would run as root: ${why}`,
    "install it for root: docs/install.md",
  );
}

/** How containers are waited for, as it was given here. */
function timesOf(options: ParsedFlags): readonly string[] {
  const flags = { grace: "--grace", healthTimeout: "--health-timeout" };
  return Object.entries(flags).flatMap(([name, flag]) => {
    const value = textFlag(options, name);
    return value === null ? [] : [flag, value];
  });
}

const PLACES = [
  ...["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "SOPS_AGE_KEY_FILE"],
  ...["XDG_RUNTIME_DIR", "UNSPRAWL_RUNTIME_DIR", "UNSPRAWL_AGENT_HOME", "UNSPRAWL_RUNTIME_HOME"],
  ...["UNSPRAWL_HOST", "UNSPRAWL_FINGERPRINT_KEY_FILE"],
];

/** Where this user's runs, settings, keys and engine are found; never what logs in somewhere. */
function placesOf(env: NodeJS.ProcessEnv, state: string): readonly (readonly [string, string])[] {
  const engine = PLACES.flatMap((name) => {
    const value = env[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return [
    ["HOME", homeOf(env)],
    ["XDG_STATE_HOME", dirname(state)],
    ["XDG_CONFIG_HOME", configHome(env)],
    ["XDG_DATA_HOME", dataHome(env)],
    ...engine,
  ];
}
