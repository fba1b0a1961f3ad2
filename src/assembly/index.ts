/*
 * Where everything is put together: the registries of providers and migrations, the sources, detection, deliveries, the
 * history. Only bin/ and the faces import this room. A part is a function from the basis to the members that it makes;
 * nothing is loaded before it is used, so that `--help` loads none of it.
 */
import { basisOf } from "./basis.ts";
import { movingOf } from "./moving.ts";
import { builtInStores } from "./open-store.ts";
import { rememberingOf } from "./remembering.ts";
import { scanningOf } from "./scanning.ts";
import { storesOf } from "./stores.ts";
import type { Assembly, Shared } from "./types.ts";

export type { Assembly, Shared } from "./types.ts";

/**
 * Puts unsprawl together for an environment and a working directory. `configFile` is `--config`, null for the files
 * that are found; `say` gets what a person should know of the settings; `shared` is taken from another assembly.
 */
export function assemble(
  env: NodeJS.ProcessEnv,
  cwd: string,
  configFile: string | null,
  say: (text: string) => void = () => undefined,
  shared: Partial<Shared> = {},
): Assembly {
  const basis = basisOf(env, cwd, configFile, say, shared);
  const stores = storesOf(basis);
  const scanning = scanningOf(basis, stores);
  const { redactor, state, key, installation, config, configChanged, engine } = basis;
  const { browse } = shared;
  const login = browse === undefined ? {} : { browse };
  const common = { redactor, state, key, config, detector: scanning.detector, ...login };
  return {
    env,
    cwd,
    builtIn: builtInStores,
    redactor,
    state,
    key,
    installation,
    config,
    configChanged,
    engine,
    at: (there, more) => assemble(there, cwd, configFile, say, { ...common, ...more }),
    ...stores,
    ...scanning,
    ...movingOf(basis, { ...stores, ...scanning }),
    ...rememberingOf(basis, stores.resolve),
  };
}
