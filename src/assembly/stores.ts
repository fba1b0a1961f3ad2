import { teamFolders } from "../../migrations/index.ts";
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
  shared: { browse },
}: Basis): Pick<Assembly, "store" | "storeOf" | "storeNames" | "knownStores" | "resolve"> {
  const faces = { say, ...(browse === undefined ? {} : { browse }) };
  const store: Assembly["store"] = async (name, sources = []) =>
    openNamed(name, await config(), { env, cwd, ...faces }, () => workTreeOfAll(sources, cwd, env));
  const knownStores = async (): Promise<string[]> => [
    ...new Set([...(await config()).stores.keys(), ...builtInStores]),
  ];
  return {
    store,
    knownStores,
    storeNames: async () => [...(await config()).stores.keys()],
    // As with all settings, the environment comes before the configuration.
    resolve: async (references) =>
      resolveReferences(references, [...new Set([...storesInEnvironment(env), ...(await knownStores())])], (name) =>
        store(name),
      ),
    async storeOf(target) {
      const { stores, untrusted } = await config();
      mustBeTrusted(untrusted, `stores.${target.name}`);
      const named = stores.get(target.name);
      // A store that only the environment described is opened with the plan's own settings, and credentials from here.
      const keys = { ...target.settings };
      const opened = named
        ? await openConfigured(target.name, await withPlanTemplate(target, named), env, faces)
        : await openConfigured(target.name, { provider: target.provider, dir: cwd, keys }, env, faces);
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

/** The git work tree that all of these sources are committed in; null if there is no such one. */
async function workTreeOfAll(sources: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const trees = new Set<string | null>();
  for (const source of sources) {
    const kind = source.slice(0, Math.max(0, source.indexOf(":")));
    const team = Object.hasOwn(teamFolders, kind) ? teamFolders[kind] : undefined;
    trees.add((await team?.(source.slice(kind.length + 1), cwd, env)) ?? null);
  }
  const [tree = null] = trees;
  return trees.size === 1 ? tree : null;
}
