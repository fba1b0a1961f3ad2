import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { JsonObject } from "../../../kit/json-object.ts";
import { childEnvironment } from "../../../kit/child-environment.ts";
import { headOf } from "../../../kit/text/cut.ts";
import { printable } from "../../../kit/text/escape.ts";
import { causeOf, UnsprawlError } from "../../../model/error.ts";

/** The runtime handler's name, and the RuntimeClass's. */
export const HANDLER = "unsprawl";

/** Where containerd 1 and 2 keep their runtime handlers, newest first, by what a configuration of that version says. */
const PLUGINS = ["io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri", "cri"];

/** What containerd makes of its configuration. */
export type Containerd = {
  /** Its folder of running containers. */
  readonly state: string;
  /** The OCI runtime of pods without a RuntimeClass. */
  readonly realRuntime: string;
  /** What to append to the configuration; null if it names this program already. */
  readonly append: string | null;
};

/**
 * Asks containerd itself what its configuration means, and what to append so that pods of the RuntimeClass start by
 * `program`: the default handler's settings with another program. The default handler is written down too where our table
 * would displace it. Throws `absent` without containerd, `config` for a configuration that it, or its CRI, does not take.
 */
export async function readContainerd(configFile: string, program: string, env: NodeJS.ProcessEnv): Promise<Containerd> {
  const { parse, stringify } = await import("smol-toml");
  const dump = (text: string): JsonObject => parse(dumped(text, configFile, env));
  const text = textOf(configFile);
  const now = dump(text);
  const [name = "", handlers = {}] = defaultHandlers(now);
  const usual = withoutDefaults(handlers[name] ?? {});
  if (usual["runtime_type"] !== "io.containerd.runc.v2")
    throw new UnsprawlError(
      "config",
      `${configFile}: containerd's CRI has no default handler that starts runc`,
      "take cri out of disabled_plugins; for another OCI runtime: unsprawl plan kubernetes:FILE --to STORE",
    );
  const options = object(usual["options"]);
  const found = { state: word(now["state"], "/run/containerd"), realRuntime: word(options["BinaryName"], "runc") };
  if (isHandler(handlers, program)) return { ...found, append: null };
  const ours = { ...usual, options: { ...options, BinaryName: program } };
  for (const plugin of PLUGINS)
    for (const runtimes of [{ [HANDLER]: ours }, { [name]: usual, [HANDLER]: ours }]) {
      const version = text.trim() === "" ? `version = ${String(now["version"])}\n\n` : "";
      const append = `${version}${stringify({ plugins: { [plugin]: { containerd: { runtimes } } } })}`;
      if (isTaken(() => dump(`${text}\n${append}`), name, program)) return { ...found, append };
    }
  throw new UnsprawlError(
    "config",
    `${configFile}: containerd takes no handler that is appended to it`,
    "write its runtimes as tables, [plugins.….containerd.runtimes.NAME], and none that has this handler's name",
  );
}

/** The name of the default handler, and all of them. */
function defaultHandlers(dump: JsonObject): readonly [string, JsonObject] | [] {
  for (const plugin of PLUGINS) {
    const settings = object(object(object(dump["plugins"])[plugin])["containerd"]);
    const name = settings["default_runtime_name"];
    if (typeof name === "string") return [name, object(settings["runtimes"])];
  }
  return [];
}

/** Whether containerd, given this configuration, has our handler beside the default one. */
function isTaken(ask: () => JsonObject, name: string, program: string): boolean {
  try {
    const [, handlers = {}] = defaultHandlers(ask());
    return isHandler(handlers, program) && name in handlers;
  } catch (error) {
    if (error instanceof UnsprawlError) return false;
    throw error;
  }
}

const isHandler = (handlers: JsonObject, program: string): boolean =>
  object(object(handlers[HANDLER])["options"])["BinaryName"] === program;

/** A handler without what is not set: containerd shows every setting. */
function withoutDefaults(handler: unknown): JsonObject {
  const isSet = (value: unknown): boolean =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  return Object.fromEntries(
    Object.entries(object(handler))
      .map(([key, value]): [string, unknown] => [key, key === "options" ? withoutDefaults(value) : value])
      .filter(([, value]) => isSet(value)),
  );
}

/** The configuration as containerd understands it, its imports and defaults included. */
function dumped(text: string, configFile: string, env: NodeJS.ProcessEnv): string {
  try {
    // Node's own pipes are sockets, which cannot be opened by a name.
    return execFileSync("sh", ["-c", "cat | containerd --config /dev/stdin config dump"], {
      input: text,
      env: childEnvironment(env),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 10_000,
    });
  } catch (error) {
    const { status, stderr } = error as { status?: number | null; stderr?: string };
    // POSIX sh, "Exit Status for Commands": not found.
    if (status === 127)
      throw new UnsprawlError("absent", "containerd is not on this host's PATH", "run it on the node, as root");
    const said = printable(headOf(stderr?.trim() ?? "", 200));
    throw new UnsprawlError("config", `containerd does not take ${configFile}: ${said}`, "containerd config dump");
  }
}

/** Empty if there is none: containerd starts without one. */
function textOf(configFile: string): string {
  try {
    return readFileSync(configFile, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "";
    throw new UnsprawlError("denied", `cannot read ${configFile}`, "run as root", causeOf(error));
  }
}

const object = (from: unknown): JsonObject => (typeof from === "object" && from !== null ? (from as JsonObject) : {});

const word = (from: unknown, otherwise: string): string => (typeof from === "string" && from !== "" ? from : otherwise);
