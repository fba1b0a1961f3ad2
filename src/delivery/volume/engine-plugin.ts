import type { Readable } from "node:stream";
import type { Engine } from "../../engine/engine.ts";
import { pluginAsker, type AskPlugin } from "../../engine/plugin/ask.ts";
import { readPluginNote, type PluginNote } from "../../engine/plugin/key.ts";
import { PLUGIN } from "../../engine/plugin/questions.ts";
import { foreignPlugin, pluginMark } from "../../engine/plugin/seal.ts";
import { isPodman } from "../../engine/types.ts";
import { UnsprawlError } from "../../model/error.ts";
import { MARK, pluginArchive, type PluginMade } from "./archive.ts";
import { imageRoot, ownRoot } from "./root.ts";

/** How long the engine waits until the plugin answers, in seconds. */
const ENABLE_SECONDS = 60;

/** Creates the plugin, not enabled. */
export async function createPlugin(
  engine: Engine,
  made: PluginMade & { readonly from: string | null; readonly signal: AbortSignal },
): Promise<void> {
  const root = made.from === null ? ownRoot() : await imageRoot(engine, made.from, made.signal);
  const file = await pluginArchive(root, made);
  await asked(engine, "create the volume plugin", "POST", "/plugins/create?", { name: PLUGIN }, file);
}

export async function enablePlugin(engine: Engine): Promise<void> {
  const path = `/plugins/${PLUGIN}/enable?`;
  await asked(engine, "enable the volume plugin", "POST", path, { timeout: ENABLE_SECONDS });
}

/** Also while containers have its volumes: they keep what they have mounted. */
export async function removePlugin(engine: Engine): Promise<void> {
  if ((await inspected(engine))?.Enabled === true)
    await asked(engine, "disable the volume plugin", "POST", `/plugins/${PLUGIN}/disable?`, { force: true });
  await asked(engine, "remove the volume plugin", "DELETE", `/plugins/${PLUGIN}?`, { force: true });
}

/** An engine's volume plugin. */
export type PresentPlugin = {
  readonly isEnabled: boolean;
  /** Whether it was installed with the key of this note. One without a mark, of an early build, counts as such. */
  readonly isOwn: boolean;
};

/** Null if the engine has none. */
export async function findPlugin(engine: Engine, note: PluginNote | null): Promise<PresentPlugin | null> {
  const found = await inspected(engine);
  if (found === null) return null;
  const mark = found.Config?.Env?.find(({ Name }) => Name === MARK)?.Value;
  return {
    isEnabled: found.Enabled === true,
    isOwn: note !== null && (mark === undefined || mark === pluginMark(note.key)),
  };
}

/** Asks this installation's plugin of an engine; or why it cannot be asked, and the way. */
export async function ownPlugin(engine: Engine, state: string): Promise<AskPlugin | UnsprawlError> {
  const info = await engine.info();
  if (isPodman(info)) return new UnsprawlError("refused", "Podman has no managed plugins", null);
  const note = readPluginNote(state, info.ID);
  const found = await findPlugin(engine, note).catch((error: unknown) => {
    // Behind a proxy an engine may not show its plugins: none of them is this installation's.
    if (note === null && error instanceof UnsprawlError) return null;
    throw error;
  });
  if (found === null)
    return new UnsprawlError(
      "absent",
      "the engine has no volume plugin of this installation",
      "unsprawl plugin install --to STORE",
    );
  if (note === null || !found.isOwn) return foreignPlugin();
  if (found.isEnabled) return pluginAsker(engine, note.key);
  return new UnsprawlError("refused", "the engine's volume plugin is disabled", "unsprawl plugin upgrade");
}

async function inspected(engine: Engine): Promise<InspectedPlugin | null> {
  const docker = await engine.docker();
  return engine.call("inspect the volume plugin", async () => docker.getPlugin(PLUGIN, "").inspect());
}

type InspectedPlugin = {
  readonly Enabled?: boolean;
  readonly Config?: { readonly Env?: readonly { readonly Name: string; readonly Value: string }[] | null };
};

async function asked(
  engine: Engine,
  what: string,
  method: "POST" | "DELETE",
  path: string,
  query: { readonly [name: string]: string | number | boolean },
  file?: Readable,
): Promise<void> {
  const { modem } = await engine.docker();
  const text = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  // The client takes the last character away: it expects to add a query there.
  const options = { path: `${path}${text}?`, method, statusCodes: STATUS, ...(file && { file }) };
  await engine.call(
    what,
    () =>
      new Promise<void>((done, fail) => {
        modem.dial(options, (error: unknown) => (error ? fail(error) : done()));
      }),
  );
}

const STATUS = {
  200: true,
  204: true,
  400: "bad request",
  404: "no such plugin",
  409: "conflict",
  500: "server error",
};
