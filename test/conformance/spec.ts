import { providers } from "../../providers/index.ts";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";

/** What `open` of a provider takes: plain data, so that a writer in another process opens the same store. */
export type StoreSpec = {
  readonly provider: string;
  readonly config: { readonly [key: string]: Json };
  readonly env: { readonly [name: string]: string };
  readonly dir: string;
};

/** Opens the store that a spec describes. */
export async function openSpec({ provider, config, env, dir }: StoreSpec): Promise<Provider> {
  const load = providers[provider];
  if (!load) throw new Error(`no provider ${provider}`);
  return (await load()).provider.open("store", config, { env: { ...env }, dir });
}
