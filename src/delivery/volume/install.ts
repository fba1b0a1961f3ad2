import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import type { Engine } from "../../engine/engine.ts";
import { unreachableHost } from "../../engine/facts.ts";
import { pluginAsker } from "../../engine/plugin/ask.ts";
import {
  forgetPluginNote,
  newPluginKey,
  readPluginNote,
  writePluginNote,
  type PluginNote,
} from "../../engine/plugin/key.ts";
import type { PluginStatus } from "../../engine/plugin/questions.ts";
import { foreignPlugin, pluginMark, type PluginKey } from "../../engine/plugin/seal.ts";
import { isPodman, type EngineInfo } from "../../engine/types.ts";
import { countText } from "../../kit/text/count.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import { placed } from "../readers.ts";
import type { RuntimeStore } from "../runtime/settings.ts";
import { driverVolumes } from "../../engine/plugin/volumes.ts";
import {
  createPlugin,
  enablePlugin,
  findPlugin,
  ownPlugin,
  removePlugin,
  type PresentPlugin,
} from "./engine-plugin.ts";
import { endCredentials, type EndedCredential, type HomeFiles } from "./credentials.ts";
import { HOME, SETTINGS, type DriverSettings } from "./driver/home.ts";
import { ID_BASE } from "./driver/host-ids.ts";

/** What a plugin is installed with. */
export type PluginAsked = {
  /** Stores that it may read: it gets a credential for each, which can only read. */
  readonly stores: readonly Provider[];
  /** An image of unsprawl that the engine has, to make the plugin of; null for the program that runs here. */
  readonly from: string | null;
  /** Keep the last values in memory for a store that cannot be reached; null as before, or not. */
  readonly keepLast: boolean | null;
  readonly version: string;
  readonly signal: AbortSignal;
};

export type InstalledPlugin = {
  readonly stores: readonly string[];
  readonly version: string;
  /** The credentials in whose place it has others. */
  readonly ended: readonly EndedCredential[];
};

const WAIT_MS = 15_000;

/**
 * Installs the plugin over the engine's API alone: no registry, no right on the engine's host but the API's. Throws `refused`
 * if the engine has one already, `denied` for somebody else's, `usage` without a store.
 */
export async function installPlugin(engine: Engine, asked: PluginAsked, state: string): Promise<InstalledPlugin> {
  const info = await engine.info();
  mustHavePlugins(engine, info);
  const note = readPluginNote(state, info.ID);
  const present = await findPlugin(engine, note);
  if (present?.isOwn === false) throw foreignPlugin();
  if (present !== null && (present.isEnabled || (await driverVolumes(engine)).length > 0))
    throw new UnsprawlError(
      "refused",
      `the engine has the volume plugin already${present.isEnabled ? "" : ", disabled"}`,
      "unsprawl plugin upgrade; or: unsprawl plugin status",
    );
  if (present !== null) await removePlugin(engine); // an install that was cut short
  const key = note?.key ?? newPluginKey();
  const home = await homeFiles(asked, key, info, filesOf(note?.moving ?? {}));
  await writePluginNote(state, info.ID, { key, moving: note?.moving ?? null });
  return begin(engine, asked, home, state, key);
}

/**
 * Puts this program in the place of the plugin's, with the stores that it has and those that are asked; volumes, bindings and
 * credentials stay. Running containers keep what they have mounted. Throws `absent` if this installation has given it none,
 * `denied` for somebody else's.
 */
export async function upgradePlugin(engine: Engine, asked: PluginAsked, state: string): Promise<InstalledPlugin> {
  const info = await engine.info();
  const note = readPluginNote(state, info.ID);
  if (note === null) throw notOurs();
  const present = await findPlugin(engine, note);
  if (present?.isOwn === false) throw foreignPlugin();
  const moving = await stateOf(engine, note, present);
  const home = await homeFiles(asked, note.key, info, filesOf(moving));
  await writePluginNote(state, info.ID, { key: note.key, moving });
  if (present !== null) await removePlugin(engine);
  const installed = await begin(engine, asked, home, state, note.key);
  // Not before the new one is seen to read.
  const renewed = async (name: string): Promise<Provider | null> =>
    asked.stores.find(({ target }) => target.name === name) ?? null;
  return { ...installed, ended: await endCredentials(filesOf(moving), renewed) };
}

/**
 * What the plugin keeps. What a killed upgrade had taken out counts where it no longer answers: one that does was allowed more
 * since. Throws `denied` where one with another key answers.
 */
async function stateOf(
  engine: Engine,
  { key, moving }: PluginNote,
  present: PresentPlugin | null,
): Promise<{ readonly [path: string]: string }> {
  try {
    if (present?.isEnabled === false) await enablePlugin(engine);
    return (await pluginAsker(engine, key)("state", {})).files;
  } catch (error) {
    if (moving === null || (error instanceof UnsprawlError && error.code === "denied")) throw error;
    return moving;
  }
}

async function begin(
  engine: Engine,
  asked: PluginAsked,
  home: ReadonlyMap<string, Buffer>,
  state: string,
  key: PluginKey,
): Promise<InstalledPlugin> {
  const info = await engine.info();
  const made = { home, engineRoot: info.DockerRootDir, mark: pluginMark(key) };
  await createPlugin(engine, { ...made, from: asked.from, signal: asked.signal });
  await enablePlugin(engine);
  await writePluginNote(state, info.ID, { key, moving: null });
  const { stores, version } = await pluginAsker(engine, key)("status", {});
  const fault = stores.find((one) => one.fault !== null);
  if (fault !== undefined)
    throw new UnsprawlError(
      "failed",
      `the plugin is installed, but cannot read ${fault.name} from the engine's host: ${fault.fault ?? ""}`,
      "the store's address must be one that the engine's host reaches; then: unsprawl plugin upgrade --to STORE",
    );
  return { stores: stores.map(({ name }) => name), version, ended: [] };
}

/**
 * Takes the plugin away, whoever installed it, and ends the credentials of one of this installation's: `open` gives its stores.
 * Throws `refused` while containers have volumes of it, since they could not start any more.
 */
export async function uninstallPlugin(
  engine: Engine,
  state: string,
  open: (store: string) => Promise<Provider>,
): Promise<readonly EndedCredential[]> {
  const { ID } = await engine.info();
  const note = readPluginNote(state, ID);
  const present = await findPlugin(engine, note);
  const all = await driverVolumes(engine);
  // Somebody else's serves none that it does not list, such as those of ours that it has replaced.
  const volumes = present?.isOwn === false && present.isEnabled ? all.filter(({ isListed }) => isListed) : all;
  const users = volumes.flatMap((volume) => volume.users);
  if (users.length > 0)
    throw new UnsprawlError(
      "refused",
      `${countText(users.length, "container")} could not start without the plugin: ${users.join(", ")}`,
      "unsprawl rollback, or remove them first",
    );
  const docker = await engine.docker();
  for (const { name } of volumes) await engine.call(`remove ${name}`, () => docker.getVolume(name).remove());
  const isForeign = note === null || present?.isOwn === false;
  const home = isForeign ? new Map<string, Buffer>() : await lastHome(engine, note, present);
  if (present !== null) await removePlugin(engine);
  // What a killed upgrade of ours has taken out is not of somebody else's plugin.
  if (isForeign) return [];
  forgetPluginNote(state, ID);
  return home instanceof UnsprawlError ? [{ store: "the plugin's stores", kept: home }] : endCredentials(home, open);
}

/** The files of a plugin that is about to go; or why nobody knows them. */
async function lastHome(
  engine: Engine,
  note: PluginNote,
  present: PresentPlugin | null,
): Promise<HomeFiles | UnsprawlError> {
  try {
    return filesOf(await stateOf(engine, note, present));
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    return new UnsprawlError(
      error.code,
      `which credentials it had is not known: ${error.message}`,
      "revoke them at the stores",
    );
  }
}

/** Whether the engine's plugin was installed with another key than this installation's. */
export async function isForeignPlugin(engine: Engine, state: string): Promise<boolean> {
  const note = readPluginNote(state, (await engine.info()).ID);
  return (await findPlugin(engine, note))?.isOwn === false;
}

/** How this installation's plugin is, or why it cannot be asked. */
export async function readPluginStatus(engine: Engine, state: string): Promise<PluginStatus | UnsprawlError> {
  const ask = await ownPlugin(engine, state);
  return ask instanceof UnsprawlError ? ask : ask("status", {});
}

/** The files of the driver's home, with credentials issued for the stores that are asked. */
async function homeFiles(
  { stores, keepLast, version }: PluginAsked,
  key: PluginKey,
  info: EngineInfo,
  before: ReadonlyMap<string, Buffer>,
): Promise<ReadonlyMap<string, Buffer>> {
  const home = new Map(before);
  const old = JSON.parse(before.get(SETTINGS)?.toString("utf8") ?? "{}") as Partial<DriverSettings>;
  const all = new Map((old.stores ?? []).map((store) => [store.name, store]));
  for (const provider of stores) {
    const { name } = provider.target;
    for (const path of home.keys()) if (path.startsWith(`${name}/`)) home.delete(path);
    const { config, files } = await provider.issueReader();
    for (const file of files) home.set(`${name}/${file.name}`, Buffer.from(file.content.expose()));
    const carry = (file: string, content: Buffer): unknown => home.set(`${name}/${file}`, content);
    const own = placed(config, `${HOME}/${name}`) as RuntimeStore["config"];
    all.set(name, { name, provider: provider.target.provider, config: withOwnFiles(own, name, carry) });
  }
  if (all.size === 0)
    throw new UnsprawlError("usage", "the plugin needs a store to read from", "unsprawl plugin install --to STORE");
  const settings: DriverSettings = {
    ...{ version: 1, program: version, key: key.toString("base64"), stores: [...all.values()] },
    ...{ waitMs: old.waitMs ?? WAIT_MS, keepLast: keepLast ?? old.keepLast ?? false },
  };
  home.set(SETTINGS, Buffer.from(JSON.stringify(settings)));
  const base = idMap(info);
  if (base !== null) home.set(ID_BASE, Buffer.from(base));
  return home;
}

/** Files of this host that the store's settings name, such as its CA: the plugin gets them, since it sees no file from here. */
function withOwnFiles(
  config: RuntimeStore["config"],
  store: string,
  carry: (file: string, content: Buffer) => unknown,
): RuntimeStore["config"] {
  const entries = Object.entries(config).map(([key, value]): [string, Json] => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return [key, withOwnFiles(value as RuntimeStore["config"], store, carry)];
    if (typeof value !== "string" || !/(?:File|Cert)$/.test(key) || !isAbsolute(value) || value.startsWith(`${HOME}/`))
      return [key, value];
    try {
      carry(key, readFileSync(value));
    } catch (error) {
      throw new UnsprawlError(
        "config",
        `cannot read ${value}, which ${store} needs`,
        "check its settings",
        causeOf(error),
      );
    }
    return [key, `${HOME}/${store}/${key}`];
  });
  return Object.fromEntries(entries);
}

const filesOf = (moving: { readonly [path: string]: string }): ReadonlyMap<string, Buffer> =>
  new Map(Object.entries(moving).map(([path, text]) => [path, Buffer.from(text, "base64")]));

/** With userns-remap the engine's folder ends with the first ids of its map (moby `daemon/daemon_unix.go`). */
function idMap({ DockerRootDir, SecurityOptions }: EngineInfo): string | null {
  const options = Array.isArray(SecurityOptions) ? SecurityOptions.map(String) : [];
  if (!options.some((option) => option.includes("name=userns"))) return null;
  return /\/(\d+\.\d+)$/.exec(DockerRootDir)?.[1] ?? null;
}

function mustHavePlugins(engine: Engine, info: EngineInfo): void {
  if (isPodman(info))
    throw new UnsprawlError(
      "refused",
      "Podman has no managed plugins",
      unreachableHost(engine, info)?.way ?? "unsprawl plan docker: --to STORE moves its containers by file or shim",
    );
}

const notOurs = (): UnsprawlError =>
  new UnsprawlError(
    "absent",
    "this installation has given no volume plugin to the engine",
    "unsprawl plugin install --to STORE",
  );
