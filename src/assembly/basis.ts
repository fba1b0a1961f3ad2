import type { Engine } from "../engine/engine.ts";
import type { Installation } from "../core/journal/journal.ts";
import type { Registry } from "../images/registry/client.ts";
import { loadConfig, type Config } from "../core/config/config.ts";
import { loadFingerprintKey, stateDir } from "../core/journal/state.ts";
import { once, onceSync } from "../kit/once.ts";
import { Redactor } from "../kit/text/redact.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { builtInStores } from "./open-store.ts";
import type { Shared } from "./types.ts";

/** What the other parts of an assembly are made from: where it runs, its settings, its state, its engine. */
export type Basis = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly say: (text: string) => void;
  readonly shared: Partial<Shared>;
  readonly redactor: Redactor;
  readonly config: () => Promise<Config>;
  readonly configChanged: () => void;
  readonly state: () => string;
  readonly key: () => FingerprintKey;
  readonly installation: () => Installation;
  readonly engine: () => Promise<Engine>;
  readonly registry: (host: string) => Promise<Registry>;
};

/** Nothing is read before it is needed, and then once; `shared` is taken from another assembly. */
export function basisOf(
  env: NodeJS.ProcessEnv,
  cwd: string,
  configFile: string | null,
  say: (text: string) => void,
  shared: Partial<Shared>,
): Basis {
  const redactor = shared.redactor ?? new Redactor();
  const load = (): Promise<Config> => loadConfig(env, cwd, configFile, builtInStores, say);
  let read = once(load);
  const state = shared.state ?? onceSync(() => stateDir(env));
  const key = shared.key ?? onceSync(() => loadFingerprintKey(env));
  return {
    env,
    cwd,
    say,
    shared,
    redactor,
    config: shared.config ?? (() => read()),
    configChanged: () => void (read = once(load)),
    state,
    key,
    installation: () => ({
      state: state(),
      get key() {
        return key();
      },
    }),
    engine: once(async () => (await import("../engine/engine.ts")).openEngine(env)),
    registry: async (host) => {
      const { openRegistry } = await import("../images/registry/client.ts");
      return openRegistry(host, { env, know: (value) => redactor.know(value) });
    },
  };
}
