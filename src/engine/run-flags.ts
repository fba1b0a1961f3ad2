import type { RunChange } from "../contract/delivery.ts";
import type { EngineInfo, NetworkEndpoint, HostConfig, RunConfig } from "./types.ts";

export type Dictionary<T> = { readonly [key: string]: T };

/** What each theme of flags is made from: a create body, and what would be so without any flag. */
export type FlagInput = {
  readonly config: RunConfig & { readonly ExposedPorts?: Dictionary<unknown> | null };
  readonly host: HostConfig & Dictionary<unknown>;
  /** By the network's name; the one that NetworkMode names comes first. */
  readonly endpoints: Dictionary<NetworkEndpoint>;
  /** Those that the engine takes only after the creation. */
  readonly later: Dictionary<NetworkEndpoint>;
  /** The image's own configuration. */
  readonly image: RunConfig & { readonly ExposedPorts?: Dictionary<unknown> | null };
  readonly info: Partial<EngineInfo>;
  readonly change: RunChange;
  /** Variables of which only the name is written. */
  readonly hide: ReadonlySet<string>;
  /** Told, in plain words, of what no flag can say. */
  readonly cannot: (what: string) => void;
};

/** `--name value`, or nothing for what is absent, empty, zero or false; true is the bare flag. */
export function flag(name: string, value: unknown): string[] {
  if (value === true) return [name];
  if (typeof value === "string" && value !== "") return [name, value];
  return typeof value === "number" && value !== 0 ? [name, String(value)] : [];
}

/** One flag for each entry of a list; an entry that `say` has no text for gives none. */
export function each(name: string, list: unknown, say: (entry: never) => string | null = String): string[] {
  if (!Array.isArray(list)) return [];
  return (list as never[]).flatMap((entry) => {
    const text = say(entry);
    return text === null ? [] : [name, text];
  });
}

/** `--name key=value` for each entry of a map. */
export function pairs(name: string, map: unknown): string[] {
  return Object.entries((map ?? {}) as Dictionary<unknown>).flatMap(([key, value]) => [
    name,
    `${key}=${String(value)}`,
  ]);
}

/** Fields as one record of comma-separated values, which `--mount`, `--network` and `--gpus` take (Go encoding/csv). */
export function record(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** Whether two parts of documents are equal; absent, null and empty lists are one. */
export function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) && value.length === 0 ? null : (value ?? null));
  return plain(a) === plain(b);
}
