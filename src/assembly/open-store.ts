import { providers, stores as abouts } from "../../providers/index.ts";
import type { KeyService } from "../contract/key-service.ts";
import type { ExternalSecretsForm, Provider, ProviderContext } from "../contract/provider.ts";
import type { Config, StoreConfig } from "../core/config/config.ts";
import { mustBeTrusted } from "../core/config/untrusted.ts";
import type { OpenStore } from "../delivery/runtime/resolve.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreTarget } from "../model/plan.ts";
import { nearestWord } from "../kit/text/nearest.ts";

/**
 * The stores that work without a configuration. No other store takes one of these names. In this order they are asked for
 * a reference that several could hold.
 */
export const builtInStores = Object.keys(providers).sort();

/** The stores whose server is named by the environment. */
export function storesInEnvironment(env: NodeJS.ProcessEnv): readonly string[] {
  return abouts
    .filter(({ addressVariables }) => addressVariables.some((variable) => env[variable]))
    .map(({ name }) => name)
    .sort();
}

/** How External Secrets reads stores of a provider; null when it does not. */
export async function externalSecretsOf(provider: string): Promise<ExternalSecretsForm | null> {
  const load = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  return (await load?.())?.provider.externalSecrets ?? null;
}

/** Opens a store for the OCI runtime: its own configuration and credentials, nothing from the environment. */
export const openStore: OpenStore = (store, dir) =>
  openWith(store.name, { provider: store.provider, dir, keys: store.config }, { env: {} });

/** What a store may show to a person. */
type Faces = Pick<ProviderContext, "say" | "browse">;

/** Opens a configured store by its name, or a built-in one. Throws `usage` for no store, `config` for one that is not trusted. */
export async function openNamed(
  name: string,
  { stores, untrusted }: Pick<Config, "stores" | "untrusted">,
  { env, cwd, ...faces }: Faces & { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
  workTree: () => Promise<string | null> = async () => null,
): Promise<Provider> {
  mustBeTrusted(untrusted, `stores.${name}`);
  const configured = stores.get(name);
  if (configured) return openConfigured(name, configured, env, faces);
  if (builtInStores.includes(name))
    return openConfigured(name, { provider: name, dir: cwd, keys: {} }, env, faces, await workTree());
  const known = [...stores.keys(), ...builtInStores];
  const near = nearestWord(name, known);
  throw new UnsprawlError(
    "usage",
    `no store named ${JSON.stringify(name)}`,
    near ? cmd`did you mean ${near}?` : cmd`known: ${bare(known.join(", "))}`,
  );
}

/** A configured store with the path template of a plan's target, if the configuration has none. */
export async function withPlanTemplate({ provider, settings }: StoreTarget, config: StoreConfig): Promise<StoreConfig> {
  if (config.provider !== provider || !Object.hasOwn(providers, provider)) return config;
  const template = (await providers[provider]?.())?.provider.template ?? "";
  const was = settings[template];
  return was === undefined ? config : { ...config, keys: { [template]: was, ...config.keys } };
}

/** Opens a store as it is configured. Throws `config` for a provider or a key that is not known. */
export async function openConfigured(
  name: string,
  config: StoreConfig,
  env: NodeJS.ProcessEnv,
  faces: Faces = {},
  workTree: string | null = null,
): Promise<Provider> {
  const keyService = keyServices({ ...faces, env, dir: config.dir });
  return openWith(name, config, { ...faces, keyService, env, workTree });
}

async function openWith(name: string, config: StoreConfig, context: Omit<ProviderContext, "dir">): Promise<Provider> {
  const load = Object.hasOwn(providers, config.provider) ? providers[config.provider] : undefined;
  if (!load) {
    const near = nearestWord(config.provider, Object.keys(providers));
    throw new UnsprawlError(
      "config",
      `stores.${name}: unknown provider ${JSON.stringify(config.provider)}`,
      near ? cmd`did you mean ${near}?` : cmd`known: ${bare(Object.keys(providers).join(", "))}`,
    );
  }
  const { provider } = await load();
  const { map, parse } = await import("../kit/schema/index.ts");
  parse(map(provider.settings), config.keys, "the configuration", `stores.${name}`);
  return provider.open(name, config.keys, { ...context, dir: config.dir });
}

/** The master keys of each kind, with the environment's login; opened once. */
function keyServices(
  context: Pick<ProviderContext, "env" | "dir" | "browse">,
): NonNullable<ProviderContext["keyService"]> {
  const opened = new Map<string, Promise<KeyService | null>>();
  const open = async (kind: string): Promise<KeyService | null> => {
    const name = abouts.find(({ wraps }) => wraps === kind)?.name;
    const load = name === undefined ? undefined : providers[name];
    return (await load?.())?.provider.keyService?.(context) ?? null;
  };
  return async (kind) => {
    const service = opened.get(kind) ?? open(kind);
    opened.set(kind, service);
    return service;
  };
}
