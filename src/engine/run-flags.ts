import type { RunChange } from "../contract/delivery.ts";
import type { EngineInfo, NetworkEndpoint, HostConfig, RunConfig } from "./types.ts";

export type Dictionary<T> = { readonly [key: string]: T };

/** What the flags are derived from: a create body, and the defaults without any flag. */
export type FlagInput = {
  readonly config: RunConfig & { readonly ExposedPorts?: Dictionary<unknown> | null };
  readonly host: HostConfig & Dictionary<unknown>;
  /** By network name; the network of NetworkMode comes first. */
  readonly endpoints: Dictionary<NetworkEndpoint>;
  /** Networks to connect after the container is created. */
  readonly later: Dictionary<NetworkEndpoint>;
  /** The image's own configuration. */
  readonly image: RunConfig & { readonly ExposedPorts?: Dictionary<unknown> | null };
  readonly info: Partial<EngineInfo>;
  readonly change: RunChange;
  /** Variables written by name only. */
  readonly hide: ReadonlySet<string>;
  /** Called with a plain-English description of everything that no flag can express. */
  readonly cannot: (what: string) => void;
};

/** `--name value`; the bare flag for true; nothing for absent, empty, zero or false. */
export function optionalFlag(name: string, value: unknown): string[] {
  if (value === true) return [name];
  if (typeof value === "string" && value !== "") return [name, value];
  return typeof value === "number" && value !== 0 ? [name, String(value)] : [];
}

/** One flag per list entry, except where `say` returns null. */
export function repeatedFlag(name: string, list: unknown, say: (entry: never) => string | null = String): string[] {
  if (!Array.isArray(list)) return [];
  return (list as never[]).flatMap((entry) => {
    const text = say(entry);
    return text === null ? [] : [name, text];
  });
}

/** `--name key=value` for each entry of a map. */
export function keyValueFlags(name: string, map: unknown): string[] {
  return Object.entries((map ?? {}) as Dictionary<unknown>).flatMap(([key, value]) => [
    name,
    `${key}=${String(value)}`,
  ]);
}

/** Joins fields to one CSV record, as `--mount`, `--network` and `--gpus` take it (Go encoding/csv). */
export function csvRecord(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** Whether two parts of documents are equal; absent, null and empty lists are equal. */
export function equalParts(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) && value.length === 0 ? null : (value ?? null));
  return plain(a) === plain(b);
}
