import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../kit/json-object.ts";
import { stringsOfImage } from "./image-strings.ts";

/** The engine's record of a container. Nothing in it comes from the bundle passed to the runtime. */
export type EngineRecord = {
  readonly name: string;
  /** Whether Swarm created it; cannot be set by others. */
  readonly managed: boolean;
  readonly labels: { readonly [key: string]: string };
  /** Every string of the image's documents (see `stringsOfImage`); null if not all of them could be read. */
  readonly image: ReadonlySet<string> | null;
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
    image: stringsOfImage(root, image),
  };
}

function readJson(file: string): object | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

const object = (from: unknown): JsonObject => (typeof from === "object" && from !== null ? (from as JsonObject) : {});

function texts(from: unknown): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(object(from)).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
