import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { providers } from "../../providers/index.ts";
import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
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

/** Writes the reader's files and puts their folder into its configuration. */
export function placed(
  config: { readonly [key: string]: Json },
  files: readonly ReaderFile[],
  dir: string,
): { readonly [key: string]: Json } {
  mkdirSync(dir, { recursive: true });
  for (const { name, content } of files) writeFileSync(join(dir, name), content.expose(), { mode: 0o600 });
  return JSON.parse(JSON.stringify(config).replaceAll("{dir}", dir)) as { [key: string]: Json };
}
