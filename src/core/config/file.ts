import { dirname } from "node:path";
import type { ChannelConfig } from "../../contract/channel.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { CONFIDENCES, type Confidence } from "../../model/finding.ts";
import type { Json } from "../../model/json.ts";
import { knownKeys, mapOf } from "./shape.ts";
import { readFleet, type FleetConfig } from "./fleet.ts";
import { readHosts, type HostSettings } from "./hosts.ts";
import { readNotify } from "./notify.ts";
import { readWatch, type WatchConfig } from "./watch.ts";
import { NO_TUNING, readTuning, type TuningConfig } from "./tuning.ts";
import { lineOf } from "../../kit/text/lines.ts";

export type StoreConfig = {
  readonly provider: string;
  readonly dir: string;
  readonly keys: { readonly [key: string]: Json };
};

/** What one file says, or several together. */
export type FileConfig = {
  readonly stores: ReadonlyMap<string, StoreConfig>;
  readonly minConfidence: Confidence | null;
  readonly failOn: Confidence | "never" | null;
  readonly tuning: TuningConfig;
  /** Base URLs by vendor for `--verify`, such as a GitHub Enterprise host. */
  readonly endpoints: { readonly [vendor: string]: string };
  /** Engines elsewhere, by name. */
  readonly hosts: ReadonlyMap<string, HostSettings>;
  /** By the channel's name. */
  readonly notify: ReadonlyMap<string, ChannelConfig>;
  /** Null when no file says anything of it. */
  readonly watch: WatchConfig | null;
  readonly fleet: FleetConfig | null;
};

/** What may stand in a configuration file, with what it is for: the schema that ships is made from this. */
export const CONFIG_KEYS = {
  stores: "named secret stores: name → { provider, … }",
  minConfidence: "findings below this confidence are hidden: low, medium or high",
  failOn: "exit 3 from this confidence on: low, medium, high or never",
  rules: "rules of one's own, gitleaks rule files, rules that are off, severities",
  stopWords: "texts (any case); a secret that holds one of them is none",
  ignore: "findings that may stay: what they match, why, until when",
  verify: "for --verify: endpoints, base URLs by vendor",
  fleet: "many hosts and registries, scanned by any number of workers: sources, database, key",
  hosts: "engines elsewhere for --hosts: name → { address, certPath } or { context }",
  notify: "where changes are told: name → { kind, …, on, minSeverity, minConfidence }",
  watch: "what watch does where its flags do not say: sources, every or cron, events, metrics",
} as const;

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
};

/**
 * Reads a configuration's text: what it says, and the document that says it. Stores must not take the name of one of
 * `reserved`, which work without any configuration. Throws `config` naming the file and the key.
 */
export async function parseConfig(
  text: string,
  file: string,
  reserved: readonly string[],
): Promise<{ readonly top: { readonly [key: string]: unknown }; readonly config: FileConfig }> {
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    // What it warns of, it would write to stderr itself, with the text; and of many errors the first is told.
    document = parse(text, { logLevel: "error", prettyErrors: false });
  } catch (error) {
    const at = (error as { pos?: readonly [number, number] }).pos?.[0];
    throw new UnsprawlError(
      "config",
      `${file}${at === undefined ? "" : `, line ${lineOf(text, at)}`}: not valid YAML`,
      "mend it, or name another with --config",
    );
  }
  if (document === null || document === undefined) return { top: {}, config: EMPTY };
  const top = mapOf(document, file, "the file");
  knownKeys(top, Object.keys(CONFIG_KEYS), file, "");
  const stores = Object.entries(mapOf(top["stores"] ?? {}, file, "stores")).map(([name, value]) => {
    const { provider, ...keys } = mapOf(value, file, `stores.${name}`);
    if (reserved.includes(name))
      throw new UnsprawlError(
        "config",
        `${file}: stores.${name} has the name of a built-in store`,
        cmd`choose another name, such as our-${name}`,
      );
    if (typeof provider !== "string")
      throw new UnsprawlError(
        "config",
        `${file}: stores.${name} has no provider`,
        "add provider: vault or provider: local",
      );
    return [name, { provider, dir: dirname(file), keys: keys as { [key: string]: Json } }] as const;
  });
  const level = <T extends string>(key: string, allowed: readonly T[]): T | null => {
    const value = top[key];
    if (value === undefined) return null;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new UnsprawlError("config", `${file}: ${key} must be one of ${allowed.join(", ")}`);
    return found;
  };
  const config: FileConfig = {
    stores: new Map(stores),
    minConfidence: level("minConfidence", CONFIDENCES),
    failOn: level("failOn", [...CONFIDENCES, "never"]),
    tuning: readTuning(top, file, dirname(file)),
    endpoints: endpointsOf(top["verify"], file),
    hosts: readHosts(top["hosts"], file),
    notify: readNotify(top["notify"], file, dirname(file)),
    watch: readWatch(top["watch"], file, dirname(file)),
    fleet: readFleet(top["fleet"], file),
  };
  return { top, config };
}

function endpointsOf(given: unknown, file: string): { readonly [vendor: string]: string } {
  const verify = mapOf(given ?? {}, file, "verify");
  knownKeys(verify, ["endpoints"], file, "verify.");
  const endpoints = mapOf(verify["endpoints"] ?? {}, file, "verify.endpoints");
  for (const [vendor, url] of Object.entries(endpoints)) {
    if (typeof url !== "string" || !/^https?:\/\/[^\s/@]+/.test(url))
      throw new UnsprawlError("config", `${file}: verify.endpoints.${vendor} must be a URL without a login`);
  }
  return endpoints as { [vendor: string]: string };
}
