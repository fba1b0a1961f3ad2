import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Provider, ReaderFile } from "../contract/provider.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { mustBeKnownForm } from "../kit/io/form.ts";
import { configHome } from "../kit/home.ts";
import { belowFolder } from "../kit/io/name.ts";
import { effectiveUid } from "../kit/io/owner.ts";
import { jsonText } from "../kit/text/escape.ts";
import { cmd } from "../kit/shell.ts";
import type { Json } from "../model/json.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import type { StoreTarget } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";
import type { RuntimeStore } from "./runtime/settings.ts";
import { makeFolders } from "../kit/io/folders.ts";

/** A store as the agent opens it: with a credential that can only read, in place of the one that migrated. */
export type ReaderStore = RuntimeStore & { readonly target: StoreTarget };

/** Where root's agent has its credentials. */
export const ROOTS_AGENT_HOME = "/etc/unsprawl/agent";

/** The folder of the agent's credentials: UNSPRAWL_AGENT_HOME, otherwise root's, or one beside the user's configuration. */
export function agentHome(env: NodeJS.ProcessEnv): string {
  const own = (): string => join(configHome(env), "unsprawl/agent");
  return env["UNSPRAWL_AGENT_HOME"] || (effectiveUid() === 0 ? ROOTS_AGENT_HOME : own());
}

/** Issues credentials that can only read, 0600 below the folder, and records them in `stores.json` beside others. */
export async function writeReaders(providers: readonly Provider[], home: string): Promise<readonly ReaderStore[]> {
  makeFolders(home, 0o700);
  const stores = new Map((readReaders(home) ?? []).map((store) => [store.name, store]));
  for (const provider of providers) {
    const issued = await issueCredentials(provider, home);
    stores.set(issued.name, { ...issued, target: provider.target });
  }
  const text = jsonText({ version: 1, stores: [...stores.values()] });
  await atomicWrite(join(home, "stores.json"), text, { mode: 0o600 });
  return [...stores.values()];
}

/** The stores with credentials of the agent's own; null if it has none. Throws `denied` or `malformed`. */
export function readReaders(home: string): readonly ReaderStore[] | null {
  const file = join(home, "stores.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new UnsprawlError("denied", `cannot read ${file}`, "run as its owner", causeOf(error));
  }
  try {
    const { version, stores } = JSON.parse(text) as { version: number; stores: readonly ReaderStore[] };
    mustBeKnownForm(version, 1, file);
    if (version === 1 && Array.isArray(stores)) return stores;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    // The same as a file of another form.
  }
  throw new UnsprawlError(
    "malformed",
    `${file} cannot be understood`,
    cmd`rm ${file}, then: unsprawl agent install systemd --yes`,
  );
}

/** A credential for one store that can only read: its files 0600 in a folder of the store's name. */
export async function issueCredentials(provider: Provider, home: string): Promise<RuntimeStore> {
  const folder = belowFolder(home, provider.target.name);
  const { config, files } = await provider.issueReader(heldIn(folder));
  makeFolders(folder, 0o700);
  for (const file of files) await atomicWrite(join(folder, file.name), file.content.expose(), { mode: 0o600 });
  return {
    name: provider.target.name,
    provider: provider.target.provider,
    config: placed(config, folder) as { [key: string]: Json },
  };
}

/** Asks for a value that nobody has: even `absent` shows that the credential works. Throws what asking throws. */
export async function mustAnswer(store: Pick<Provider, "get" | "key">): Promise<void> {
  await store.get(store.key({ subject: "unsprawl-status", project: "unsprawl", name: "PROBE" }));
}

function heldIn(folder: string): ReaderFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, content: Secret.of(readFileSync(join(folder, name))) }));
}

/** Replaces `{dir}` in a reader's configuration by the folder of its files. */
export function placed(value: Json, folder: string): Json {
  if (typeof value === "string") return value.replaceAll("{dir}", folder);
  if (Array.isArray(value)) return value.map((one: Json) => placed(one, folder));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, placed(one as Json, folder)]));
  return value;
}
