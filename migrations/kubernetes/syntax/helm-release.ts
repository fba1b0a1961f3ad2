import { gunzipSync } from "node:zlib";
import type { Node } from "yaml";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { entry, parseYamlDocuments, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import type { Resource } from "./manifest.ts";
import { objectsIn, scalarTexts, textLines, placeWithin, type ManifestText } from "../manifest-texts.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** A release as Helm stores it in the cluster. */
export type HelmRelease = {
  /** Where it is in its object. */
  readonly path: string;
  /** Its input and its output. */
  readonly texts: readonly ManifestText[];
  /** Why it could not be read, or not completely. */
  readonly fault: UnsprawlError | null;
};

/**
 * The release in a Secret or ConfigMap in which Helm stores one: its values, its chart's values, templates and files,
 * and the resulting objects. Null for every other object.
 */
export async function helmRelease(resource: Resource): Promise<HelmRelease | null> {
  const { file, node, kind, name } = resource;
  const own = (...keys: readonly string[]): string | null =>
    scalarText(keys.reduce<Node | null>((at, key) => entry(at, key, file)?.value ?? null, node));
  const kept =
    kind === "Secret" ? own("type") === TYPE : kind === "ConfigMap" && own("metadata", "labels", "owner") === "helm";
  if (!kept) return null;
  const written = (["stringData", "data"] as const).find((key) => own(key, "release") !== null);
  if (written === undefined) return null;
  const path = `${written}.release`;
  const text = own(written, "release") ?? "";
  try {
    const once = kind === "Secret" && written === "data" ? Buffer.from(text, "base64").toString("latin1") : text;
    const release = JSON.parse(unpacked(Buffer.from(once, "base64"))) as unknown;
    if (!isObject(release)) throw new TypeError("no object");
    const texts = await releaseTexts(file.file, release);
    return {
      path,
      texts: texts.map((one) => ({ ...one, place: placeWithin(path, one.place, "helm-release") })),
      fault: null,
    };
  } catch (error) {
    const why =
      error instanceof RangeError ? "it is larger than 64 MiB" : "it is not what Helm writes, or was cut short";
    const hint = cmd`helm history ${own("metadata", "labels", "name") ?? name} shows whether Helm can read it`;
    return { path, texts: [], fault: new UnsprawlError("malformed", `its Helm release cannot be read: ${why}`, hint) };
  }
}

const TYPE = "helm.sh/release.v1";
const LARGEST = 64 * 1_048_576;

/** JSON, which Helm gzips since version 3 and did not before (helm pkg/storage/driver/util.go, `decodeRelease`). */
function unpacked(bytes: Buffer): string {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new TextDecoder("utf-8", { fatal: true }).decode(
    packed ? gunzipSync(bytes, { maxOutputLength: LARGEST }) : bytes,
  );
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const part = (of: unknown, key: string): unknown => (isObject(of) ? of[key] : undefined);

/** Release and chart: helm pkg/release/release.go, pkg/chart/chart.go. */
async function releaseTexts(file: string, release: JsonObject): Promise<ManifestText[]> {
  const chart = part(release, "chart");
  const found = [
    ...(await values(file, part(release, "config"), "config")),
    ...(await values(file, part(chart, "values"), "chart.values")),
    ...(await manifest(file, part(release, "manifest"), "manifest")),
  ];
  for (const [at, hook] of list(part(release, "hooks")).entries())
    found.push(...(await manifest(file, part(hook, "manifest"), `hooks[${at}]`)));
  for (const key of ["templates", "files"])
    for (const one of list(part(chart, key))) {
      const [name, data] = [part(one, "name"), part(one, "data")];
      if (typeof name !== "string" || typeof data !== "string") continue;
      found.push(
        ...textLines(name, Buffer.from(data, "base64").toString("utf8"), {
          kind: "field",
          field: `chart.${key}.${name}`,
        }),
      );
    }
  return found.filter(({ value }) => value !== "");
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** JSON is YAML, so it is read like a values file. */
async function values(file: string, held: unknown, path: string): Promise<ManifestText[]> {
  if (!isObject(held)) return [];
  const [document] = await parseYamlDocuments(file, JSON.stringify(held), "helm get values shows them");
  return document === undefined ? [] : scalarTexts(document.root, document, path);
}

async function manifest(file: string, text: unknown, path: string): Promise<ManifestText[]> {
  if (typeof text !== "string") return [];
  const objects = await objectsIn(file, text);
  if (objects === null) return textLines(path, text, { kind: "field", field: path });
  return objects.map(({ object, where, name, value, place }) => ({
    where,
    name,
    value,
    place: placeWithin(`${path} ${object}`, place),
  }));
}
