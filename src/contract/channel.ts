import type { SchemaEntries } from "../kit/schema/index.ts";
import type { Change, ChangeKind } from "../model/change.ts";
import type { Confidence, Severity } from "../model/finding.ts";
import type { Json } from "../model/json.ts";
import type { Secret } from "../model/secret.ts";

/** Where changes are told. Holds no connection and no secret between calls. */
export interface Channel {
  /** The name that the configuration gives it. */
  readonly name: string;
  /** Where it goes, for people: never more of an address than its host. */
  readonly goesTo: string;
  /** So many changes are told at once at most. */
  readonly most: number;
  /**
   * Tells all of them, or throws `NotTold`. The same changes make the same batch id (`Idempotency-Key`, `Message-ID`,
   * `batch`), so that whoever is told twice can know it. Ends within `SEND_MS`, and soon after `signal`.
   */
  send(batch: readonly Change[], signal: AbortSignal): Promise<void>;
  /** Whether it could be reached, without telling anything: what is fine in a line. Throws UnsprawlError. */
  probe(signal: AbortSignal): Promise<string>;
}

/** The longest that one `send` may take, in milliseconds. */
export const SEND_MS = 30_000;

/** What is to be told on a channel; all else counts as told. */
export type ChannelFilter = {
  readonly on: readonly ChangeKind[];
  readonly minSeverity: Severity | null;
  readonly minConfidence: Confidence | null;
};

/** A channel, and what is to be told there. */
export type Outlet = { readonly channel: Channel; readonly wanted: ChannelFilter };

/** A channel that is configured; opening it reads its settings and throws `config` naming the key. */
export type Configured = { readonly name: string; readonly kind: string; readonly open: () => Promise<Outlet> };

/** Tells, on every channel, what the history's outbox holds for it, until it is stopped. */
export type ChannelDelivery = {
  /** Something was put into the outbox: no need to wait until it is looked at next. */
  wake(): void;
  /** Tells what is due, for so long at most, and ends; what is left is told by whoever comes next. */
  stop(limitMs: number): Promise<void>;
};

/** One entry of `notify:`. */
export type ChannelConfig = {
  readonly kind: string;
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
  readonly wanted: ChannelFilter;
};

/** What one kind of channel reads of its entry. */
export type ChannelSettings = {
  readonly name: string;
  /** What relative files are relative to. */
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
};

export type ChannelTools = {
  readonly env: NodeJS.ProcessEnv;
  /** The value of a `ref+…` reference; null when no store here is for it. */
  readonly resolve: (reference: string) => Promise<Secret | null>;
  /** Every secret that a channel reads is made known here before it is used. */
  readonly know: (secret: Secret) => void;
  /** Takes every known value out of a text that somebody else wrote. */
  readonly redact: (text: string) => string;
  /** What a person should know, each said once. */
  readonly warn: (text: string) => void;
  readonly now: () => Date;
};

/** A kind of channel: the keys of its settings, and how it is opened. */
export type ChannelKind = {
  readonly settings: SchemaEntries;
  /** Reads the settings and reaches nothing. Throws `config` naming the key. */
  readonly open: (settings: ChannelSettings, tools: ChannelTools) => Channel;
};
