import type { Provider, Stored } from "../contract/provider.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { DeliveryName, StoreKey } from "../model/plan.ts";
import type { Mapping } from "./config/mapping.ts";
import type { Router } from "./route.ts";
import type { Finding } from "../model/finding.ts";
import type { ScanHit } from "./scan-hit.ts";

/** What the store holds now at the places of some hits, by `storeKeyId`; a place that could not be read is not in it. */
export type ReadAhead = ReadonlyMap<string, Stored | null>;

/** Names who uses a store entry besides `unit`: `shop (run 20261125-143007-3fa9)`, `container web`. */
export type EntryUsers = (key: StoreKey, unit: string) => Promise<readonly string[]>;

/**
 * A hit that moves. `inValue`: every finding of its value, itself first, if there are several; `others`: the hits of the
 * rest, which move by themselves where the value moves in parts.
 */
export type HitToMove = ScanHit & { readonly inValue?: readonly Finding[]; readonly others?: readonly ScanHit[] };

/** What is to be planned, as a person has chosen it. */
export type PlanInput = {
  readonly hits: readonly ScanHit[];
  readonly deliver: DeliveryName | "auto";
  readonly overwrite: boolean;
  readonly accept: ReadonlySet<string>;
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  /** A person's decisions for single units and secrets; they override the other options. */
  readonly mapping?: Mapping;
};

/** What planning asks. */
export type PlanTools = {
  readonly migration: Router;
  readonly provider: Provider;
  readonly key: FingerprintKey;
  /** Removes known values from text for people. */
  readonly redact: (text: string) => string;
  readonly usersOf: EntryUsers;
  /** What was read of the store already. Absent for nothing. */
  readonly ahead?: ReadAhead;
};
