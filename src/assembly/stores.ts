import type { Provider } from "../contract/provider.ts";
import { mustBeTrusted } from "../core/config/untrusted.ts";
import { resolveReferences } from "../core/resolve.ts";
import { UnsprawlError } from "../model/error.ts";
import { canonical } from "../model/mac.ts";
import type { Basis } from "./basis.ts";
import { builtInStores, withPlanTemplate, storesInEnvironment, openConfigured, openNamed } from "./open-store.ts";
import type { Assembly } from "./types.ts";

/** Stores by their names, and the values of references in them. */
export function storesOf({
  config,
  env,
  cwd,
  say,
}: Basis): Pick<Assembly, "store" | "storeOf" | "storeNames" | "knownStores" | "resolve"> {
  const store = async (name: string): Promise<Provider> => openNamed(name, await config(), { env, cwd, say });
  const knownStores = async (): Promise<string[]> => [
    ...new Set([...(await config()).stores.keys(), ...builtInStores]),
  ];
  return {
    store,
    knownStores,
    storeNames: async () => [...(await config()).stores.keys()],
    // As with all settings, the environment comes before the configuration.
    resolve: async (references) =>
      resolveReferences(references, [...new Set([...storesInEnvironment(env), ...(await knownStores())])], store),
    async storeOf(target) {
      const { stores, untrusted } = await config();
      mustBeTrusted(untrusted, `stores.${target.name}`);
      const named = stores.get(target.name);
      // A store that only the environment described is opened with the plan's own settings, and credentials from here.
      const keys = { ...target.settings };
      const opened = named
        ? await openConfigured(target.name, await withPlanTemplate(target, named), env, say)
        : await openConfigured(target.name, { provider: target.provider, dir: cwd, keys }, env, say);
      if (canonical(opened.target) !== canonical(target)) {
        throw new UnsprawlError(
          "changed",
          `the store ${target.name} has different settings than when the plan was made`,
          "unsprawl plan again",
        );
      }
      return opened;
    },
  };
}
