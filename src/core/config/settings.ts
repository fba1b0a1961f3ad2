import type { ChannelConfig } from "../../contract/channel.ts";
import type { FailOn } from "../../model/fail-on.ts";
import type { Confidence } from "../../model/finding.ts";
import type { Json } from "../../model/json.ts";
import type { FleetConfig } from "./fleet.ts";
import type { HostSettings } from "./hosts.ts";
import { NO_TUNING, type TuningConfig } from "./tuning.ts";
import type { RotationSchedule } from "./rotate.ts";
import type { WatchConfig } from "./watch.ts";

export type StoreConfig = {
  readonly provider: string;
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
};

/** The settings of one file, or of several merged. */
export type FileConfig = {
  readonly stores: ReadonlyMap<string, StoreConfig>;
  readonly minConfidence: Confidence | null;
  readonly failOn: FailOn | null;
  readonly tuning: TuningConfig;
  /** Base URLs by vendor for `--verify`, such as a GitHub Enterprise host. */
  readonly endpoints: { readonly [vendor: string]: string };
  /** Remote engines, by name. */
  readonly hosts: ReadonlyMap<string, HostSettings>;
  /** By channel name. */
  readonly notify: ReadonlyMap<string, ChannelConfig>;
  /** Null without a `watch:` section. */
  readonly watch: WatchConfig | null;
  readonly fleet: FleetConfig | null;
  /** Null without a `rotate:` section. */
  readonly rotate: RotationSchedule | null;
  /** Null without a `ui:` section. */
  readonly ui: UiConfig | null;
};

/** How the terminal UI looks; `theme` as its own defaults if absent. */
export type UiConfig = { readonly theme?: (typeof UI_THEMES)[number]; readonly mouse: boolean };

export const UI_THEMES = ["auto", "truecolor", "16", "mono"] as const;

export const EMPTY: FileConfig = {
  stores: new Map(),
  minConfidence: null,
  failOn: null,
  tuning: NO_TUNING,
  endpoints: {},
  hosts: new Map(),
  notify: new Map(),
  watch: null,
  fleet: null,
  rotate: null,
  ui: null,
};
