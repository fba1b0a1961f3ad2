import type { FoundConsumers, Supplies } from "../contract/supplies.ts";
import type { SupplyTools } from "../core/supply.ts";
import type { Engine } from "../engine/engine.ts";
import type { UnsprawlError } from "../model/error.ts";
import type { Consumer, OnChange } from "../model/consumer.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";

export type AgentSettings = {
  /** How often stores are asked. */
  readonly everyMs: number;
  /** For consumers whose run configuration says nothing. */
  readonly onChange: OnChange;
  /** How long a container without a health check must stay up after a restart. */
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
};

/** What the agent did, or could not do. Names variables and containers, never a value. */
export type AgentEvent =
  /** Once, when the agent begins to serve. `everyMs`: how often the stores are asked. */
  | {
      readonly kind: "serving";
      readonly consumers: number;
      /** The names of the stores. */
      readonly stores: readonly string[];
      readonly everyMs: number;
    }
  | { readonly kind: "written"; readonly consumer: string; readonly names: readonly string[] }
  | {
      readonly kind: "changed";
      readonly consumer: string;
      readonly names: readonly string[];
      readonly how: OnChange["kind"];
    }
  | { readonly kind: "restarted" | "signalled"; readonly container: string; readonly tookMs: number }
  | {
      readonly kind: "applied";
      readonly consumer: string;
      readonly names: readonly string[];
      readonly containers: number;
    }
  | { readonly kind: "started"; readonly container: string }
  | { readonly kind: "added" | "dropped"; readonly consumer: string }
  | { readonly kind: "stopped"; readonly container: string; readonly error: UnsprawlError }
  /** `store`: it is a store that does not answer, or does again, and not one consumer. */
  | { readonly kind: "failed"; readonly what: string; readonly error: UnsprawlError; readonly store?: true }
  | { readonly kind: "recovered"; readonly what: string; readonly store?: true };

export type AgentTools = {
  readonly supplies: Supplies;
  /** The stores, opened with the agent's own credentials. */
  readonly stores: Omit<SupplyTools, "write">;
  readonly engine: () => Promise<Engine>;
  /** The consumers of `docker:` or `compose:FILE`. */
  readonly consumers: (source: string) => Promise<FoundConsumers>;
  /** Whether the OCI runtime gives one of these names this reference in this variable. */
  readonly isBound: (names: readonly string[], variable: string, reference: string) => boolean;
  /** For digests of values. */
  readonly key: FingerprintKey;
  /** The state folder; null to remember nothing. */
  readonly state: string | null;
  readonly told: (event: AgentEvent) => void;
  /** Called when values are no longer in use: those that were known for redaction can be forgotten. */
  readonly forget: () => void;
};

/** Someone whom the agent serves: by files, or by the OCI runtime, which resolves at each start of the container. */
export type ServedConsumer = {
  /** The folder of the files, or the container's id. */
  readonly key: string;
  readonly consumer: Consumer;
  readonly files: boolean;
};
