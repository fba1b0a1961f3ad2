import { existsSync } from "node:fs";
import { join } from "node:path";
import { migrations, sources as formatSources, storeSource } from "../../migrations/index.ts";
import type { ChannelDelivery, Configured } from "../contract/channel.ts";
import type { Delivery } from "../contract/delivery.ts";
import type { Detector } from "../contract/detector.ts";
import type { History } from "../contract/history.ts";
import type { LayerShelf } from "../contract/layer-shelf.ts";
import type { Look, LookAbout } from "../contract/look.ts";
import type { Migration } from "../contract/migration.ts";
import type { Provider } from "../contract/provider.ts";
import type { Reading, Source } from "../contract/source.ts";
import { knownKeys } from "../core/config/shape.ts";
import { loadConfig, type Config } from "../core/config/config.ts";
import { mustBeTrusted, untrustedIn } from "../core/config/untrusted.ts";
import { ignorer } from "../core/config/ignore.ts";
import type { Installation } from "../core/journal/journal.ts";
import { route, type Router } from "../core/route.ts";
import type { Verify } from "../core/liveness.ts";
import type { Memory } from "../core/remember.ts";
import type { ScanTools } from "../core/scan.ts";
import { detectionSettings, progressUnder, type Keep } from "../core/scan-progress.ts";
import { loadFingerprintKey, stateDir } from "../core/journal/state.ts";
import type { OwnRules } from "../detect/index.ts";
import type { Engine } from "../engine/engine.ts";
import { keptByRun } from "../engine/names.ts";
import { UnsprawlError } from "../model/error.ts";
import { builtIn, namedBy, openConfigured, openNamed, openStore } from "./open-store.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { canonical } from "../model/mac.ts";
import type { Plan, StoreTarget } from "../model/plan.ts";
import type { Registry } from "../images/registry/client.ts";
import { resolveReferences } from "../core/resolve.ts";
import { cmd } from "../kit/shell.ts";
import type { Secret } from "../model/secret.ts";
import { once, onceSync } from "../kit/once.ts";
import { Redactor } from "../kit/text/redact.ts";

export { RUN_CONFIGURATIONS } from "../../migrations/order.ts";

/** What assemblies of several engines have in common. */
export type Shared = Pick<Assembly, "redactor" | "state" | "key" | "config" | "detector" | "history"> & {
  /** Where others find what was read of layers under these settings. */
  readonly layers: (settings: string) => LayerShelf;
};

/** Everything the faces hand to core, put together on first use so that `--help` loads none of it. */
export type Assembly = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The stores that work without a configuration. */
  readonly builtIn: readonly string[];
  readonly redactor: Redactor;
  readonly state: () => string;
  readonly key: () => FingerprintKey;
  /** Whose journals are read and written; its key is made or read when it is first needed. */
  readonly installation: () => Installation;
  readonly config: () => Promise<Config>;
  /** The configuration files are read again when they are next needed: one of them was written. */
  readonly configChanged: () => void;
  readonly engine: () => Promise<Engine>;
  /** The same for another engine, which this environment leads to. */
  readonly at: (env: NodeJS.ProcessEnv, more?: Partial<Shared>) => Assembly;
  readonly detector: () => Promise<Detector>;
  /** The team's own rules; null when there are none. */
  readonly ownRules: () => Promise<OwnRules | null>;
  readonly sources: () => Promise<readonly Source[]>;
  /** What core needs to scan as the configuration says. */
  readonly scanTools: (verify: boolean, keep?: Keep) => Promise<ScanTools>;
  readonly deliveries: () => Promise<readonly Delivery[]>;
  /** The migrations of these names as one, in the order in which each finding is offered to them. */
  readonly migration: (names: readonly string[]) => Router;
  /** The migrations of a plan as one. */
  readonly migrationOf: (plan: Plan) => Router;
  /** `--to NAME`: a configured store, or a provider with its ecosystem's own environment. */
  readonly store: (name: string) => Promise<Provider>;
  /** The store of a plan again, wherever the process runs now. Throws `changed` when its settings are others. */
  readonly storeOf: (target: StoreTarget) => Promise<Provider>;
  readonly storeNames: () => Promise<readonly string[]>;
  /** Every name that `--to` takes: the configured stores, then the providers. */
  readonly knownStores: () => Promise<readonly string[]>;
  /** What earlier scans of this machine saw; made on first use. */
  readonly history: () => Promise<History>;
  /** Where a scan is remembered, and as whose: this machine's, or those of an engine elsewhere by its address. */
  readonly memory: () => Promise<Memory>;
  /** The same where scans have been remembered before; null, and nothing is made, where none has. */
  readonly remembered: () => Promise<Memory | null>;
  /** What looks for values that were moved and still show. */
  readonly looks: (about: LookAbout) => Promise<readonly Look[]>;
  /** The values of references, each fetched once, side by side; null for one that no store here is for. */
  readonly resolve: (references: readonly string[]) => Promise<ReadonlyMap<string, Secret | null>>;
  /** The channels of `notify:`; `warn` gets what a person should know of their settings. */
  readonly channels: (warn: (text: string) => void) => Promise<readonly Configured[]>;
  /** Begins to tell on them what the history's outbox holds. Throws `config` for settings that make no sense. */
  readonly startDelivery: (say: (text: string) => void) => Promise<ChannelDelivery>;
};

export function assemble(
  env: NodeJS.ProcessEnv,
  cwd: string,
  configFile: string | null,
  say: (text: string) => void = () => undefined,
  shared: Partial<Shared> = {},
): Assembly {
  const redactor = shared.redactor ?? new Redactor();
  const load = (): Promise<Config> => loadConfig(env, cwd, configFile, builtIn, say);
  let read = once(load);
  const config = shared.config ?? ((): Promise<Config> => read());
  const engine = once(async () => (await import("../engine/engine.ts")).openEngine(env));
  const state = shared.state ?? onceSync(() => stateDir(env));
  const key = shared.key ?? onceSync(() => loadFingerprintKey(env));
  const installation = (): Installation => ({
    state: state(),
    get key() {
      return key();
    },
  });
  const detector =
    shared.detector ??
    once(async () => {
      const [{ tuning }, { detectorFor }] = await Promise.all([config(), import("../detect/index.ts")]);
      return detectorFor(tuning);
    });
  // Read once more for what people should know of their files; the detector keeps its own.
  const own = once(async () => {
    const { tuning } = await config();
    return tuning.ruleSets.length === 0 ? null : (await import("../detect/index.ts")).ownRules(tuning);
  });
  const store = async (name: string): Promise<Provider> => openNamed(name, await config(), { env, cwd, say });
  const knownStores = async (): Promise<string[]> => [...new Set([...(await config()).stores.keys(), ...builtIn])];
  const resolve: Assembly["resolve"] = async (all) => {
    // As with all settings, the environment comes before the configuration.
    return resolveReferences(all, [...new Set([...namedBy(env), ...(await knownStores())])], store);
  };
  const channels: Assembly["channels"] = async (warn) => {
    const { outletsOf } = await import("../notify/index.ts");
    return outletsOf((await config()).notify, { env, redactor, resolve, warn });
  };
  const sourceNotes = new Set<string>();
  const openedRegistry = async (host: string): Promise<Registry> => {
    const { openRegistry } = await import("../images/registry/client.ts");
    return openRegistry(host, { env, know: (value) => redactor.know(value) });
  };
  const sources = once(async () => {
    const settings = async () => detectionSettings({ tuning: (await config()).tuning, rules, key: key() });
    const layers = shared.layers ? { shelf: shared.layers(await settings()), key: key() } : null;
    const note = (text: string): unknown => sourceNotes.add(text);
    const tools = { env, cwd, engine, registry: openedRegistry, note, store, shared: layers };
    // Asked for by its name, one that is not trusted says so.
    const named = [...(await knownStores()), ...untrustedIn("stores", (await config()).untrusted)];
    return (await import("../sources/index.ts")).allSources(tools, formatSources, { names: named, read: storeSource });
  });
  const rules = async () => (await import("../detect/index.ts")).rules;
  const history = shared.history ?? once(async () => (await import("../history/sqlite.ts")).openSqliteHistory(state()));
  const memory = async (): Promise<Memory> => {
    const { findConnection, hostOf } = await import("../engine/connection.ts");
    const [kept, channels] = [await history(), [...(await config()).notify.keys()]];
    return { history: kept, host: hostOf(findConnection(env), env), channels, installation: installation() };
  };
  const deliveries = once(async () => {
    const [{ fileDelivery }, { runtimeDelivery }, { shimDelivery }] = await Promise.all([
      import("../delivery/file.ts"),
      import("../delivery/runtime/index.ts"),
      import("../delivery/shim.ts"),
    ]);
    // In the order in which `auto` prefers them.
    return [fileDelivery(env), runtimeDelivery(env, openStore), shimDelivery(env)];
  });
  const readings = async function* (spec: string): AsyncGenerator<Reading> {
    const [kind = "", ...what] = spec.split(":");
    const source = (await sources()).find((one) => one.kind === kind);
    if (source) yield* source.read(what.join(":"), new AbortController().signal);
  };
  const loaded = new Map<string, Promise<Migration>>();
  const migration = (name: string): Promise<Migration> => {
    const load = Object.hasOwn(migrations, name) ? migrations[name] : undefined;
    if (!load)
      throw new UnsprawlError(
        "malformed",
        `the plan names an unknown migration: ${JSON.stringify(name)}`,
        "unsprawl plan again",
      );
    const opening =
      loaded.get(name) ??
      Promise.all([deliveries(), import("../delivery/tmpfs.ts")]).then(([own, { memoryRoot }]) =>
        load({
          open: engine,
          deliveries: own,
          key: key(),
          detector,
          store,
          registry: openedRegistry,
          readings,
          env,
          cwd,
          state,
          memory: () => memoryRoot(env),
          redact: (said) => redactor.foreign(said),
        }),
      );
    loaded.set(name, opening);
    return opening;
  };
  return {
    env,
    cwd,
    builtIn,
    redactor,
    state,
    key,
    installation,
    config,
    configChanged: () => void (read = once(load)),
    engine,
    at: (there, more) => assemble(there, cwd, configFile, say, { redactor, state, key, config, detector, ...more }),
    detector,
    ownRules: own,
    sources,
    scanTools: async (verify, keep) => {
      const { tuning, endpoints, untrusted } = await config();
      if (verify) mustBeTrusted(untrusted, "verify");
      const ignore = ignorer(tuning.ignore, new Date());
      return {
        sources: await sources(),
        detector,
        tuned: tuning.ruleSets.length + tuning.off.size + tuning.severity.size + tuning.ignore.length > 0,
        key: key(),
        know: (value, whole) => redactor.know(value, whole),
        keptBy: (name) => {
          const run = keptByRun(name);
          return run === null ? null : cmd`kept by run ${run} for rollback: unsprawl scrub ${run}`;
        },
        crew: async () => {
          const [{ openCrew }, { inspectReading }] = await Promise.all([
            import("../detect/workers/crew.ts"),
            import("../sources/inspect-file.ts"),
          ]);
          return openCrew(tuning, inspectReading);
        },
        verify: verify ? await verifier(endpoints, env) : null,
        ignoredBy: ignore.by,
        rotation: async () => (await import("../detect/rotation/index.ts")).rotationFor,
        ...(keep && { progress: progressUnder({ state: state(), tuning, rules, key: key() }, keep) }),
        notes: async () => [...ignore.notes(), ...((await own())?.notes ?? []), ...sourceNotes],
      };
    },
    deliveries,
    migration: (names) => route(names, migration, null),
    migrationOf: (plan) =>
      route([...new Set([...Object.values(plan.migrations ?? {}), plan.migration])], migration, plan),
    store,
    async storeOf(target) {
      const { stores, untrusted } = await config();
      mustBeTrusted(untrusted, `stores.${target.name}`);
      const named = stores.get(target.name);
      // A store that only the environment described is opened with the plan's own settings, and credentials from here.
      const keys = { ...target.settings };
      const opened = named
        ? await openConfigured(target.name, named, env, say)
        : await openConfigured(target.name, { provider: target.provider, dir: cwd, keys }, env, say);
      if (canonical(opened.target) !== canonical(target)) {
        throw new UnsprawlError(
          "changed",
          `the store ${target.name} has other settings than when the plan was made`,
          "unsprawl plan again",
        );
      }
      return opened;
    },
    storeNames: async () => [...(await config()).stores.keys()],
    knownStores,
    history,
    memory,
    remembered: async () => (existsSync(join(state(), "history.db")) ? memory() : null),
    looks: async (about) => (await import("../residue/index.ts")).looksFor(about, engine, env),
    resolve,
    channels,
    startDelivery: async (say) => {
      const outlets = await Promise.all((await channels(say)).map(({ open }) => open()));
      const { startDelivery } = await import("../notify/deliver.ts");
      return startDelivery({ history: await history(), outlets, say });
    },
  };
}

/** Asks vendors and databases, ten seconds a question at most. Throws `config` for an endpoint of an unknown vendor. */
async function verifier(endpoints: Config["endpoints"], env: NodeJS.ProcessEnv): Promise<Verify> {
  const { ENDPOINTS, verifyAll } = await import("../verify/index.ts");
  knownKeys(endpoints, ENDPOINTS, "the configuration", "verify.endpoints.");
  const options = { timeoutMs: 10_000, concurrency: 8, endpoints, env };
  return (items, signal, told) => verifyAll(items, options, signal, told);
}
