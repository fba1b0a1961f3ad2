import { providers } from "../providers/index.ts";
import type { Provider } from "./contract/provider.ts";
import { knownKeys } from "./core/config-shape.ts";
import type { StoreConfig } from "./core/config.ts";
import type { OpenStore } from "./delivery/runtime/resolve.ts";
import { bare, cmd } from "./kit/shell.ts";
import { UnsprawlError } from "./model/error.ts";
import { nearest } from "./text/nearest.ts";

/** Opens a store for the OCI runtime: its own configuration and credentials, nothing from the environment. */
export const openStore: OpenStore = (store, dir) =>
  openConfigured(store.name, { provider: store.provider, dir, keys: store.config }, {});

/** Opens a store as it is configured. Throws `config` for a provider or a key that is not known. */
export async function openConfigured(
  name: string,
  config: StoreConfig,
  env: NodeJS.ProcessEnv,
  say?: (text: string) => void,
): Promise<Provider> {
  const load = Object.hasOwn(providers, config.provider) ? providers[config.provider] : undefined;
  if (!load) {
    const near = nearest(config.provider, Object.keys(providers));
    throw new UnsprawlError(
      "config",
      `stores.${name}: unknown provider ${JSON.stringify(config.provider)}`,
      near ? cmd`did you mean ${near}?` : cmd`known: ${bare(Object.keys(providers).join(", "))}`,
    );
  }
  const { provider } = await load();
  knownKeys(config.keys, Object.keys(provider.keys), "the configuration", `stores.${name}.`);
  return provider.open(name, config.keys, { env, dir: config.dir, ...(say === undefined ? {} : { say }) });
}
