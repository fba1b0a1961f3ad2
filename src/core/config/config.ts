import { dirname, join, resolve } from "node:path";
import { configHome } from "../../kit/home.ts";
import { UnsprawlError } from "../../model/error.ts";
import { EMPTY, type FileConfig } from "./settings.ts";
import { guardedDigest, guardedOf, loosens, withoutGuarded, type Base, type Guarded } from "./guarded.ts";
import { readOwned, type ForeignHand } from "./owned.ts";
import { ALWAYS, canonicalFolder, readTrusted } from "./trusted.ts";
import { mergeTuning } from "./tuning.ts";
import type { Untrusted } from "./untrusted.ts";

export type { StoreConfig } from "./settings.ts";

export type Config = FileConfig & {
  /** Settings of the project's file that are ignored because it is not trusted; null if there are none. */
  readonly untrusted: Untrusted | null;
};

/**
 * Loads the configuration: `unsprawl.yaml` in the working directory over `$XDG_CONFIG_HOME/unsprawl/config.yaml`;
 * `--config FILE` (`explicit`) replaces both. Stores of both files are merged, the project's taking precedence.
 *
 * Settings of the project's file that need trust apply only if the folder is trusted and nobody else can write to the
 * file. A `--config` file always applies; `warn` is called if someone else can write to it. Store names must not be in
 * `reserved`.
 *
 * Throws `config` naming the file and the key, or if someone else can write to the user's own file.
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
    // A file named explicitly is intended: in CI, checkouts often belong to another user.
    if (found.foreign !== null) warn(`${found.foreign.why}; it applies because --config names it`);
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
    rotate: project.rotate ?? user.rotate,
    // What a person is used to goes before what a project has.
    ui: user.ui ?? project.ui,
    untrusted: counts(found) ? null : untrustedOf(found, env["SUDO_UID"] !== undefined && process.getuid?.() === 0),
  };
}

/** A project's configuration file and its trust state. */
export type ProjectConfig = {
  /** Canonical path. */
  readonly folder: string;
  readonly file: string;
  readonly config: FileConfig;
  /** The settings that need trust; empty if there are none. */
  readonly guarded: readonly Guarded[];
  readonly digest: string;
  /** `changed`: another content was trusted here. */
  readonly state: "trusted" | "always" | "changed" | "untrusted";
  /** Why the file cannot be trusted regardless of the list; null if it can. */
  readonly foreign: ForeignHand | null;
};

/** Null if the folder has no `unsprawl.yaml`. Throws `config` like `loadConfig`. */
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
  // Most project files need no trust, so the list is not read.
  if (guarded.length === 0) return { ...common, folder: cwd, digest: "", state: "untrusted" };
  const [folder, digest] = [canonicalFolder(cwd), guardedDigest(guarded, dirname(file))];
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
  return { file, why, hint: bySudo ? "sudo unsprawl trust (root keeps a separate list)" : "unsprawl trust", settings };
}

/** The user's own configuration, or null. */
async function userConfig(env: NodeJS.ProcessEnv, reserved: readonly string[]): Promise<FileConfig | null> {
  const file = join(configHome(env), "unsprawl/config.yaml");
  const found = readOwned(file, env, false);
  if (found === null) return null;
  if (found.foreign !== null)
    throw new UnsprawlError("config", `${found.foreign.why}: unsprawl does not follow it`, found.foreign.hint);
  return (await parseConfig(found.text, file, reserved)).config;
}

/** Loads the schemas only if a configuration exists. */
async function parseConfig(
  ...given: Parameters<typeof import("./file.ts").parseConfig>
): ReturnType<typeof import("./file.ts").parseConfig> {
  return (await import("./file.ts")).parseConfig(...given);
}
