import type { ChannelDelivery, Configured, Outbox } from "../contract/channel.ts";
import type { Delivery } from "../contract/delivery.ts";
import type { Detector } from "../contract/detector.ts";
import type { History } from "../contract/history.ts";
import type { FastSource, LayerShelf } from "../fast/index.ts";
import type { Look, LookAbout } from "../contract/look.ts";
import type { Provider, ProviderContext } from "../contract/provider.ts";
import type { FoundConsumers, Supplies } from "../contract/supplies.ts";
import type { Config } from "../core/config/config.ts";
import type { Installation } from "../core/journal/journal.ts";
import type { Memory } from "../core/remember.ts";
import type { Router } from "../core/route.ts";
import type { Keep } from "../core/scan-progress.ts";
import type { OwnRules } from "../detect/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { Redactor } from "../kit/text/redact.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { Plan, StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { EntryUsers } from "../core/plan-input.ts";
import type { ScanTools } from "../core/scan-tools.ts";

/** What assemblies of several engines have in common. */
export type Shared = Pick<Assembly, "redactor" | "state" | "key" | "config" | "detector" | "history"> & {
  /** Where others find what was read of layers under these settings. */
  readonly layers: (settings: string) => LayerShelf;
  /** For logins that need a person; absent where nobody is there. */
  readonly browse: NonNullable<ProviderContext["browse"]>;
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
  readonly sources: () => Promise<readonly FastSource[]>;
  /** What core needs to scan as the configuration says. */
  readonly scanTools: (verify: boolean, keep?: Keep) => Promise<ScanTools>;
  readonly deliveries: () => Promise<readonly Delivery[]>;
  /** The files of values on this host, and who has which. */
  readonly supplies: () => Promise<Supplies>;
  /** The consumers that a source such as `docker:` or `compose:FILE` describes. Throws `usage` for another kind of source. */
  readonly consumers: (source: string) => Promise<FoundConsumers>;
  /** The migrations of these names as one, in the order in which each finding is offered to them. */
  readonly migration: (names: readonly string[]) => Router;
  /** The migrations of a plan as one. */
  readonly migrationOf: (plan: Plan) => Router;
  /** Who uses entries of a store besides the unit that is planned by this migration. */
  readonly usersOf: (provider: Provider, migration: Router) => EntryUsers;
  /**
   * `--to NAME`: a configured store, or a provider with its ecosystem's own environment. `local` may keep its files in
   * the work tree of these sources.
   */
  readonly store: (name: string, sources?: readonly string[]) => Promise<Provider>;
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
  /**
   * Starts delivering what is in the history's outbox, or in this one. Throws `config` for settings that make no sense.
   */
  readonly startDelivery: (say: (text: string) => void, outbox?: Outbox | null) => Promise<ChannelDelivery>;
};
