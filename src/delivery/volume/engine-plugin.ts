import type { Readable } from "node:stream";
import type { Engine } from "../../engine/engine.ts";
import { PLUGIN } from "../../engine/plugin/questions.ts";
import { pluginArchive } from "./archive.ts";
import { imageRoot, ownRoot } from "./root.ts";

/** How long the engine waits until the plugin answers, in seconds. */
const ENABLE_SECONDS = 60;

/** Creates the plugin, not enabled. */
export async function createPlugin(
  engine: Engine,
  made: {
    readonly from: string | null;
    readonly home: ReadonlyMap<string, Buffer>;
    readonly engineRoot: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const root = made.from === null ? ownRoot() : await imageRoot(engine, made.from, made.signal);
  const file = await pluginArchive(root, made.home, made.engineRoot);
  await asked(engine, "create the volume plugin", "POST", "/plugins/create?", { name: PLUGIN }, file);
}

export async function enablePlugin(engine: Engine): Promise<void> {
  const path = `/plugins/${PLUGIN}/enable?`;
  await asked(engine, "enable the volume plugin", "POST", path, { timeout: ENABLE_SECONDS });
}

/** Also while containers have its volumes: they keep what they have mounted. */
export async function removePlugin(engine: Engine): Promise<void> {
  if ((await pluginState(engine)) === "enabled")
    await asked(engine, "disable the volume plugin", "POST", `/plugins/${PLUGIN}/disable?`, { force: true });
  await asked(engine, "remove the volume plugin", "DELETE", `/plugins/${PLUGIN}?`, { force: true });
}

export async function pluginState(engine: Engine): Promise<"enabled" | "disabled" | "absent"> {
  const docker = await engine.docker();
  const found = (await engine.call("inspect the volume plugin", () => docker.getPlugin(PLUGIN, "").inspect())) as {
    readonly Enabled?: boolean;
  } | null;
  return found === null ? "absent" : found.Enabled === true ? "enabled" : "disabled";
}

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
