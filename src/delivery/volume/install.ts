import type { Provider } from "../../contract/provider.ts";
import type { Engine } from "../../engine/engine.ts";
import { unreachableHost } from "../../engine/facts.ts";
import { pluginAsker } from "../../engine/plugin/ask.ts";
import {
  forgetPluginNote,
  newPluginKey,
  readPluginNote,
  writePluginNote,
  type HomeRecord,
  type PluginNote,
} from "../../engine/plugin/key.ts";
import type { PluginStatus } from "../../engine/plugin/questions.ts";
import { foreignPlugin, pluginMark } from "../../engine/plugin/seal.ts";
import { isPodman, type EngineInfo } from "../../engine/types.ts";
import { cmd } from "../../kit/shell.ts";
import { countText } from "../../kit/text/count.ts";
import { UnsprawlError } from "../../model/error.ts";
import { driverVolumes } from "../../engine/plugin/volumes.ts";
import {
  createPlugin,
  enablePlugin,
  findPlugin,
  ownPlugin,
  removePlugin,
  type PresentPlugin,
} from "./engine-plugin.ts";
import { credentialsOf, endCredentials, type EndedCredential, type HomeFiles } from "./credentials.ts";
import { filesOf, homeFiles, recordOf, type PluginAsked } from "./new-home.ts";

export type InstalledPlugin = {
  readonly stores: readonly string[];
  readonly version: string;
  /** The credentials in whose place it has others. */
  readonly ended: readonly EndedCredential[];
};

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
  const before = note ?? { key: newPluginKey(), moving: null, ending: [] };
  const home = await homeFiles(asked, before.key, info, filesOf(before.moving ?? {}));
  // One that is present was cut short.
  return begin(engine, asked, state, { home, before, present });
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
  // Where the plugin answers, what a killed upgrade had taken out is of the one before it.
  const earlier = note.moving === null || note.moving === moving ? [] : [note.moving];
  const before = { key: note.key, moving, ending: [...note.ending, ...earlier] };
  return begin(engine, asked, state, { home, before, present });
}

/**
 * What the plugin keeps. What a killed upgrade had taken out counts where it no longer answers: one that does was allowed more
 * since. Throws `denied` where one with another key answers.
 */
async function stateOf(
  engine: Engine,
  { key, moving }: PluginNote,
  present: PresentPlugin | null,
): Promise<HomeRecord> {
  try {
    if (present?.isEnabled === false) await enablePlugin(engine);
    return (await pluginAsker(engine, key)("state", {})).files;
  } catch (error) {
    if (moving === null || (error instanceof UnsprawlError && error.code === "denied")) throw error;
    return moving;
  }
}

/**
 * Puts a plugin with this home in the place of the present one, and then ends the credentials that it no longer reads with. At
 * each instant the note has those that are to be ended once this is killed.
 */
async function begin(
  engine: Engine,
  asked: PluginAsked,
  state: string,
  { home, before, present }: { home: HomeFiles; before: PluginNote; present: PresentPlugin | null },
): Promise<InstalledPlugin> {
  const { key, moving } = before;
  const info = await engine.info();
  await writePluginNote(state, info.ID, { ...before, ending: [...before.ending, recordOf(home)] });
  if (present !== null) await removePlugin(engine);
  const made = { home, engineRoot: info.DockerRootDir, mark: pluginMark(key) };
  await createPlugin(engine, { ...made, from: asked.from, signal: asked.signal });
  await enablePlugin(engine);
  const former = [...before.ending, ...(moving === null ? [] : [moving])];
  await writePluginNote(state, info.ID, { key, moving: null, ending: former });
  const { stores, version } = await pluginAsker(engine, key)("status", {});
  const fault = stores.find((one) => one.fault !== null);
  if (fault !== undefined)
    throw new UnsprawlError(
      "failed",
      `the plugin is installed, but cannot read ${fault.name} from the engine's host: ${fault.fault ?? ""}`,
      "the store's address must be one that the engine's host reaches; then: unsprawl plugin upgrade --to STORE",
    );
  // Not before the new one is seen to read.
  const renewed = async (name: string): Promise<Provider | null> =>
    asked.stores.find(({ target }) => target.name === name) ?? null;
  const { ended, left } = await endCredentials(former.map(filesOf), home, renewed);
  await writePluginNote(state, info.ID, { key, moving: null, ending: left.map(recordOf) });
  return { stores: stores.map(({ name }) => name), version, ended: [...ended, ...left.flatMap(notNamed)] };
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
  if (note === null || present?.isOwn === false) {
    // What a killed upgrade of ours has taken out is not of somebody else's plugin.
    if (present !== null) await removePlugin(engine);
    return [];
  }
  const last = await lastHome(engine, note, present);
  const moving = last instanceof UnsprawlError ? note.moving : last;
  await writePluginNote(state, ID, { ...note, moving });
  if (present !== null) await removePlugin(engine);
  const homes = [...note.ending, ...[note.moving, moving].filter((one) => one !== null)];
  const { ended } = await endCredentials(homes.map(filesOf), new Map(), open);
  forgetPluginNote(state, ID);
  return last instanceof UnsprawlError ? [...ended, { store: "the plugin's stores", kept: last }] : ended;
}

/** The files of a plugin that is about to go; or why nobody knows them. */
async function lastHome(
  engine: Engine,
  note: PluginNote,
  present: PresentPlugin | null,
): Promise<HomeRecord | UnsprawlError> {
  try {
    return await stateOf(engine, note, present);
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

function mustHavePlugins(engine: Engine, info: EngineInfo): void {
  if (isPodman(info))
    throw new UnsprawlError(
      "refused",
      "Podman has no managed plugins",
      unreachableHost(engine, info)?.way ?? "unsprawl plan docker: --to STORE moves its containers by file or shim",
    );
}

/** Credentials of a killed upgrade, at stores that nobody has named since. */
const notNamed = (home: HomeFiles): readonly EndedCredential[] =>
  credentialsOf(home).map(({ store: { name } }) => {
    const way = cmd`unsprawl plugin upgrade --to ${name}`;
    return { store: name, kept: new UnsprawlError("refused", "this upgrade did not name its store", way) };
  });

const notOurs = (): UnsprawlError =>
  new UnsprawlError(
    "absent",
    "this installation has given no volume plugin to the engine",
    "unsprawl plugin install --to STORE",
  );
