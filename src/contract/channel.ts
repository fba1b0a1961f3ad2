import type { SchemaEntries } from "../kit/schema/index.ts";
import type { Confidence, Severity } from "../model/finding.ts";
import type { Json } from "../model/json.ts";
import type { Notice, NoticeKind } from "../model/notice.ts";
import type { History } from "./history.ts";
import type { Secret } from "../model/secret.ts";

/** A destination for notifications. Holds no connection and no secret between calls. */
export interface Channel {
  /** Its name in the configuration. */
  readonly name: string;
  /** The destination as shown to people: at most the host of an address. */
  readonly goesTo: string;
  /** The maximum number of changes in one batch. */
  readonly most: number;
  /**
   * Sends the whole batch or throws `Undelivered`. Equal batches get equal ids (`Idempotency-Key`, `Message-ID`, `batch`),
   * so that receivers can drop duplicates. Returns within `SEND_MS`, and soon after `signal` aborts.
   */
  send(batch: readonly Notice[], signal: AbortSignal): Promise<void>;
  /**
   * Checks that the destination is reachable without sending anything, and returns one line on what works. Throws
   * UnsprawlError.
   */
  probe(signal: AbortSignal): Promise<string>;
}

/** Maximum duration of one `send`, in milliseconds. */
export const SEND_MS = 30_000;

/** Which changes a channel sends; all others count as delivered. What has no confidence passes `minConfidence`. */
export type ChannelFilter = {
  readonly on: readonly NoticeKind[];
  readonly minSeverity: Severity | null;
  readonly minConfidence: Confidence | null;
};

/** A channel and its filter. */
export type Outlet = { readonly channel: Channel; readonly wanted: ChannelFilter };

/** A configured channel. `open` reads its settings and throws `config` naming the key. */
export type Configured = { readonly name: string; readonly kind: string; readonly open: () => Promise<Outlet> };

/** What is still to be reported: the history's outbox, or one like it. */
export type Outbox = Pick<History, "delivered" | "postpone" | "waiting"> & {
  claim(channel: string, limit: number, leaseMs: number): Promise<readonly QueuedNotice[]>;
};

/** An undelivered notice and the number of attempts so far. */
export type QueuedNotice = { readonly change: Notice; readonly tries: number };

/** Delivers the outbox of every channel until stopped. */
export type ChannelDelivery = {
  /** The outbox has new entries: deliver now instead of at the next interval. */
  wake(): void;
  /** Delivers what is due for at most `limitMs`, then stops; the rest is left for the next process. */
  stop(limitMs: number): Promise<void>;
};

/** One entry of `notify:`. */
export type ChannelConfig = {
  readonly kind: string;
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
  readonly wanted: ChannelFilter;
};

/** The part of an entry that its kind of channel reads. */
export type ChannelSettings = {
  readonly name: string;
  /** The base folder of relative file names. */
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
};

export type ChannelTools = {
  readonly env: NodeJS.ProcessEnv;
  /** The value of a `ref+…` reference; null if no configured store handles it. */
  readonly resolve: (reference: string) => Promise<Secret | null>;
  /** Registers a secret for redaction; called for every secret before the channel uses it. */
  readonly know: (secret: Secret) => void;
  /** Removes every registered secret from text that someone else wrote. */
  readonly redact: (text: string) => string;
  /** Shows a warning; repeated warnings appear once. */
  readonly warn: (text: string) => void;
  readonly now: () => Date;
};

/** A kind of channel: its settings schema, and a function that opens it. */
export type ChannelKind = {
  readonly settings: SchemaEntries;
  /** Validates the settings without connecting. Throws `config` naming the key. */
  readonly open: (settings: ChannelSettings, tools: ChannelTools) => Channel;
};
