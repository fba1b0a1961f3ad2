import { dirname, join, resolve } from "node:path";
import { configHome } from "../../kit/home.ts";
import { UnsprawlError } from "../../model/error.ts";
import { EMPTY, type FileConfig } from "./settings.ts";
import { guardedDigest, guardedOf, loosens, withoutGuarded, type Base, type Guarded } from "./guarded.ts";
import { readOwned, type ForeignHand } from "./owned.ts";
import { ALWAYS, folderName, readTrusted } from "./trusted.ts";
import { mergeTuning } from "./tuning.ts";
import type { Untrusted } from "./untrusted.ts";

export type { StoreConfig } from "./settings.ts";

export type Config = FileConfig & {
  /** What the project's file says that does not count; null when all of it does. */
  readonly untrusted: Untrusted | null;
};

/**
 * `unsprawl.yaml` of the working directory over `$XDG_CONFIG_HOME/unsprawl/config.yaml`; `--config FILE` in place of
 * both. Stores of both files are known, the project's winning. Of the project's file, what needs trust counts only if
 * the folder is the user's own and trusted. A file of `--config` counts whoever wrote it; `warn` gets a line when somebody
 * else can have. Stores must not be called as one of `reserved`. Throws `config` naming the file and the key, and for the
 * user's own file when somebody else can have written it.
 */
export async function loadConfig(
  env: NodeJS.ProcessEnv,
  cwd: string,
  explicit: string | null,
  reserved: readonly string[] = [],
  warn: (text: string) => void = () => undefined,
): Promise<Config> {
  if (explicit !== null) {
    const file = resolve(cwd, explicit);
    const found = readOwned(file, env, false);
    if (found === null) throw new UnsprawlError("config", `no configuration file ${explicit}`, "check --config");
    // Whoever names a file means it: a checkout of CI belongs to another user as often as not.
    if (found.foreign !== null) warn(`${found.foreign.why}; it counts because --config names it`);
    return { ...(await parseConfig(found.text, file, reserved)).config, untrusted: null };
  }
  const user = (await userConfig(env, reserved)) ?? EMPTY;
  const found = await readProject(env, cwd, user, reserved);
  if (found === null) return { ...user, untrusted: null };
  const project = counts(found) ? found.config : harmless(found, user);
  return {
    stores: new Map([...user.stores, ...project.stores]),
    minConfidence: project.minConfidence ?? user.minConfidence,
    failOn: project.failOn ?? user.failOn,
    tuning: mergeTuning(user.tuning, project.tuning),
    endpoints: { ...user.endpoints, ...project.endpoints },
    hosts: new Map([...user.hosts, ...project.hosts]),
    notify: new Map([...user.notify, ...project.notify]),
    watch: project.watch ?? user.watch,
    fleet: project.fleet ?? user.fleet,
    untrusted: counts(found) ? null : untrustedOf(found, env["SUDO_UID"] !== undefined && process.getuid?.() === 0),
  };
}

/** A project's file, and how far it is trusted. */
export type ProjectConfig = {
  /** By its one name. */
  readonly folder: string;
  readonly file: string;
  readonly config: FileConfig;
  /** What needs trust; empty when nothing does. */
  readonly guarded: readonly Guarded[];
  readonly digest: string;
  /** `changed`: something else was trusted here. */
  readonly state: "trusted" | "always" | "changed" | "untrusted";
  /** Why it cannot be trusted, whatever the list says; null when it can. */
  readonly foreign: ForeignHand | null;
};

/** Null when the folder has no `unsprawl.yaml`. Throws `config` as `loadConfig`. */
export async function projectOf(
  env: NodeJS.ProcessEnv,
  cwd: string,
  reserved: readonly string[],
): Promise<ProjectConfig | null> {
  return readProject(env, cwd, (await userConfig(env, reserved)) ?? EMPTY, reserved);
}

async function readProject(
  env: NodeJS.ProcessEnv,
  cwd: string,
  base: Base,
  reserved: readonly string[],
): Promise<ProjectConfig | null> {
  const file = join(cwd, "unsprawl.yaml");
  const found = readOwned(file, env, true);
  if (found === null) return null;
  const { top, config } = await parseConfig(found.text, file, reserved);
  const guarded = guardedOf(top, config.tuning, base, found.foreign !== null);
  const common = { file, config, guarded, foreign: found.foreign };
  // Nothing to look up, as for most.
  if (guarded.length === 0) return { ...common, folder: cwd, digest: "", state: "untrusted" };
  const [folder, digest] = [folderName(cwd), guardedDigest(guarded, dirname(file))];
  const trusted = readTrusted(env).get(folder);
  const state =
    trusted === undefined ? "untrusted" : trusted === ALWAYS ? "always" : trusted === digest ? "trusted" : "changed";
  return { ...common, folder, digest, state };
}

function counts({ guarded, foreign, state }: ProjectConfig): boolean {
  return guarded.length === 0 || (foreign === null && (state === "trusted" || state === "always"));
}

function harmless({ config, foreign }: ProjectConfig, base: Base): FileConfig {
  const { failOn, minConfidence, tuning } = config;
  return {
    ...EMPTY,
    failOn: loosens("failOn", failOn, base) ? null : failOn,
    minConfidence: loosens("minConfidence", minConfidence, base) ? null : minConfidence,
    tuning: withoutGuarded(tuning, foreign !== null),
  };
}

function untrustedOf({ file, guarded, foreign, state }: ProjectConfig, bySudo: boolean): Untrusted {
  const settings = guarded.map(({ path }) => path);
  if (foreign !== null) return { file, why: foreign.why, hint: foreign.hint, settings };
  const why = state === "changed" ? `${file} has changed since it was trusted` : `${file} is not trusted`;
  return { file, why, hint: bySudo ? "sudo unsprawl trust (root has a list of its own)" : "unsprawl trust", settings };
}

/** Null where there is none. */
async function userConfig(env: NodeJS.ProcessEnv, reserved: readonly string[]): Promise<FileConfig | null> {
  const file = join(configHome(env), "unsprawl/config.yaml");
  const found = readOwned(file, env, false);
  if (found === null) return null;
  if (found.foreign !== null)
    throw new UnsprawlError("config", `${found.foreign.why}: unsprawl does not follow it`, found.foreign.hint);
  return (await parseConfig(found.text, file, reserved)).config;
}

/** The schemas are loaded only where there is a configuration. */
async function parseConfig(
  ...given: Parameters<typeof import("./file.ts").parseConfig>
): ReturnType<typeof import("./file.ts").parseConfig> {
  return (await import("./file.ts")).parseConfig(...given);
}
