import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import type { HomeRecord } from "../../engine/plugin/key.ts";
import type { PluginKey } from "../../engine/plugin/seal.ts";
import type { EngineInfo } from "../../engine/types.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import { placed } from "../readers.ts";
import type { RuntimeStore } from "../runtime/settings.ts";
import type { HomeFiles } from "./credentials.ts";
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

const WAIT_MS = 15_000;

/** The files of the driver's home, with credentials issued for the stores that are asked. */
export async function homeFiles(
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

export const filesOf = (record: HomeRecord): HomeFiles =>
  new Map(Object.entries(record).map(([path, text]) => [path, Buffer.from(text, "base64")]));

export const recordOf = (home: HomeFiles): HomeRecord =>
  Object.fromEntries([...home].map(([path, bytes]) => [path, bytes.toString("base64")]));

/** With userns-remap the engine's folder ends with the first ids of its map (moby `daemon/daemon_unix.go`). */
function idMap({ DockerRootDir, SecurityOptions }: EngineInfo): string | null {
  const options = Array.isArray(SecurityOptions) ? SecurityOptions.map(String) : [];
  if (!options.some((option) => option.includes("name=userns"))) return null;
  return /\/(\d+\.\d+)$/.exec(DockerRootDir)?.[1] ?? null;
}
