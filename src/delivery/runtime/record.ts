import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../kit/json-object.ts";

/** The engine's record of a container. Nothing in it comes from the bundle passed to the runtime. */
export type EngineRecord = {
  readonly name: string;
  /** Whether Swarm created it; cannot be set by others. */
  readonly managed: boolean;
  readonly labels: { readonly [key: string]: string };
  /** What the image defines; null if its configuration cannot be read. */
  readonly image: { readonly labels: ReadonlySet<string>; readonly env: ReadonlySet<string> } | null;
};

/**
 * A container's record by full id, read from the engine's data root, which only root can read and which the engine
 * writes before it starts a container (moby `container/container.go`, config.v2.json). Null if there is none: the
 * container belongs to another engine, or to one without such records.
 */
export function engineRecord(root: string | undefined, id: string): EngineRecord | null {
  if (root === undefined || !/^[0-9a-f]{64}$/.test(id)) return null;
  const doc = object(readJson(join(root, "containers", id, "config.v2.json")));
  if (doc["ID"] !== id || typeof doc["Name"] !== "string") return null;
  const image = typeof doc["Image"] === "string" ? doc["Image"] : "";
  return {
    name: doc["Name"].replace(/^\//, ""),
    managed: doc["Managed"] === true,
    labels: texts(object(doc["Config"])["Labels"]),
    image: broughtBy(configsOf(root, image)),
  };
}

/** An image's configuration from the engine's image store; containerd's store may contain several. */
function configsOf(root: string, image: string): readonly object[] {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(image)?.[1];
  if (hex === undefined) return [];
  // The engine's own image store: the image id is the digest of its configuration (moby image/fs.go).
  for (const driver of names(join(root, "image"))) {
    const config = readJson(join(root, "image", driver, "imagedb/content/sha256", hex));
    if (config !== null) return [config];
  }
  // containerd's image store: the id is the digest of an index or a manifest, which refers to the configuration.
  for (const folder of [join(root, "containerd/daemon"), "/var/lib/containerd"]) {
    const found = configsBelow(join(folder, "io.containerd.content.v1.content/blobs/sha256"), hex, 0);
    if (found.length > 0) return found;
  }
  return [];
}

/** The label keys and `NAME=value` entries of these configurations; null if there are none. */
function broughtBy(configs: readonly object[]): EngineRecord["image"] {
  if (configs.length === 0) return null;
  const own = configs.map((config) => object(object(config)["config"]));
  return {
    labels: new Set(own.flatMap(({ Labels }) => Object.keys(texts(Labels)))),
    env: new Set(own.flatMap(({ Env }) => (Array.isArray(Env) ? Env.filter((one) => typeof one === "string") : []))),
  };
}

/**
 * The configurations that an index or a manifest refers to. Those of other platforms are not in the store and are
 * skipped.
 */
function configsBelow(blobs: string, hex: string, depth: number): object[] {
  const doc = object(depth > 2 ? null : readJson(join(blobs, hex)));
  const next = (one: unknown): string => /^sha256:([0-9a-f]{64})$/.exec(String(object(one)["digest"]))?.[1] ?? "";
  if (Array.isArray(doc["manifests"]))
    return doc["manifests"].slice(0, 100).flatMap((one) => configsBelow(blobs, next(one), depth + 1));
  const config = doc["config"] === undefined ? null : readJson(join(blobs, next(doc["config"])));
  return config === null ? [] : [config];
}

function readJson(file: string): object | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const object = (from: unknown): JsonObject => (typeof from === "object" && from !== null ? (from as JsonObject) : {});

function texts(from: unknown): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(object(from)).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
