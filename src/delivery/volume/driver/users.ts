import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../../kit/json-object.ts";
import { consumersOf } from "../../runtime/consumer.ts";
import { engineRecord } from "../../runtime/record.ts";

/** Where the plugin has the engine's folders `containers` and `image`, read-only. */
export const ENGINE = "/engine";
/** The processes of the engine's host. */
export const PROCESSES = `${ENGINE}/proc`;

/** A container that mounts a volume, as the engine's own files say. */
export type VolumeUser = {
  readonly id: string;
  /** All that a binding may call it. */
  readonly consumers: readonly string[];
  readonly image: ReadonlySet<string> | null;
  /** `--userns host`: its ids are the host's. */
  readonly hostIds: boolean;
};

/** The containers that mount this volume, running or not. */
export function usersOf(volume: string, root = ENGINE): readonly VolumeUser[] {
  const ids = readdirSync(join(root, "containers")).filter((id) => /^[0-9a-f]{64}$/.test(id));
  return ids.flatMap((id) => (mountsVolume(root, id, volume) ? (userOf(root, id) ?? []) : []));
}

function mountsVolume(root: string, id: string, volume: string): boolean {
  const points = fileOf(root, id, "config.v2.json")?.["MountPoints"];
  const all = typeof points === "object" && points !== null ? Object.values(points as JsonObject) : [];
  return all.some((point) => (point as { Name?: unknown } | null)?.Name === volume);
}

function userOf(root: string, id: string): VolumeUser | null {
  const record = engineRecord(root, id);
  if (record === null) return null; // removed by now
  const hostIds = fileOf(root, id, "hostconfig.json")?.["UsernsMode"] === "host";
  return { id, consumers: consumersOf(record, id), image: record.image, hostIds };
}

function fileOf(root: string, id: string, name: string): JsonObject | null {
  try {
    return JSON.parse(readFileSync(join(root, "containers", id, name), "utf8")) as JsonObject;
  } catch {
    return null;
  }
}
