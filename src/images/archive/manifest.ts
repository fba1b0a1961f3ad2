import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { JsonObject } from "../../kit/json-object.ts";
import { ANY_SUBJECT, type SubjectRef } from "../../model/subject-ref.ts";

/** An image of an archive: where its config and layers are. */
export type ArchiveImage = {
  readonly name: string;
  readonly tags: readonly string[];
  /** The file that holds its config. */
  readonly config: string;
  readonly layers: readonly ArchiveLayer[];
};

export type ArchiveLayer = {
  readonly file: string;
  /** The digest of the file's bytes, `sha256:…`; null if nothing names it. */
  readonly digest: string | null;
  readonly size: number | null;
  readonly mediaType: string;
};

/** A file's bytes; null if there is none. Throws `refused` if it is too large. */
export type ReadArchiveFile = (file: string) => Promise<Buffer | null>;

export type UnreadableImage = { readonly subject: string; readonly about: SubjectRef; readonly message: string };

export type ArchiveImages = {
  readonly images: readonly ArchiveImage[];
  readonly errors: readonly UnreadableImage[];
};

const MOST_IMAGES = 10_000;
const DEEPEST = 4;

/**
 * The images of an archive, from manifest.json (`docker save`) or else index.json (OCI layout). Sources: moby,
 * image/spec/v1.2.md; OCI image-spec, image-layout.md. Null if neither exists; throws `malformed` for one that cannot
 * be understood at all.
 */
export async function imagesIn(read: ReadArchiveFile, archive: string): Promise<ArchiveImages | null> {
  const saved = await read("manifest.json");
  if (saved !== null) return some(savedImages(parse(saved, "manifest.json")), "manifest.json");
  const index = await read("index.json");
  if (index === null) return null;
  const found: { images: ArchiveImage[]; errors: UnreadableImage[] } = { images: [], errors: [] };
  await ociImages(parse(index, "index.json"), { read, found, called: archive, depth: 0 });
  return some(found, "index.json");
}

/** No images would look like no secrets. */
function some(found: ArchiveImages, by: string): ArchiveImages {
  if (found.images.length + found.errors.length > 0) return found;
  return {
    images: [],
    errors: [{ subject: "the archive", about: ANY_SUBJECT, message: `holds no image, as its ${by} says` }],
  };
}

function parse(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new UnsprawlError("malformed", `${file} is not JSON`, "save the image again", causeOf(error));
  }
}

const open = (from: unknown): JsonObject => (typeof from === "object" && from !== null ? (from as JsonObject) : {});
const text = (from: unknown): string | null => (typeof from === "string" && from !== "" ? from : null);
const list = (from: unknown): readonly unknown[] => (Array.isArray(from) ? from : []);

function savedImages(manifest: unknown): ArchiveImages {
  if (!Array.isArray(manifest))
    throw new UnsprawlError("malformed", "manifest.json is not a list of images", "docker save writes one");
  const errors: UnreadableImage[] = [];
  const images = manifest.slice(0, MOST_IMAGES).flatMap((one: unknown, at): ArchiveImage[] => {
    const { Config, RepoTags, Layers } = open(one);
    const tags = list(RepoTags).filter((tag) => typeof tag === "string");
    const config = text(Config);
    const layers = Array.isArray(Layers ?? []) ? list(Layers) : [Layers];
    const name = tags[0] ?? shortName(config ?? `image ${at}`);
    if (config === null || !layers.every((layer) => typeof layer === "string")) {
      errors.push({
        subject: name,
        about: named(name),
        message: "manifest.json does not say where its config and its layers are",
      });
      return [];
    }
    const files = layers.map((file) => ({ file, digest: blobNameDigest(file), size: null, mediaType: "" }));
    return [{ name, tags, config, layers: files }];
  });
  if (manifest.length > MOST_IMAGES) errors.push(tooMany());
  return { images, errors };
}

const named = (name: string): SubjectRef => ({ kind: "images", name });

function tooMany(): UnreadableImage {
  return {
    subject: "the archive",
    about: ANY_SUBJECT,
    message: `holds more than ${MOST_IMAGES.toLocaleString("en")} images`,
  };
}

type Walk = {
  readonly read: ReadArchiveFile;
  readonly found: { readonly images: ArchiveImage[]; readonly errors: UnreadableImage[] };
  readonly called: string;
  readonly depth: number;
};

async function ociImages(index: unknown, walk: Walk): Promise<void> {
  const { read, found, called, depth } = walk;
  const manifests = list(open(index)["manifests"]).map(open).filter(isImage);
  for (const descriptor of manifests) {
    const annotations = open(descriptor["annotations"]);
    const ref = text(annotations["org.opencontainers.image.ref.name"]);
    const full = text(annotations["io.containerd.image.name"]);
    const tag = full ?? (ref === null || /[/:]/.test(ref) ? ref : `${called}:${ref}`);
    const base = tag ?? called;
    const { os, architecture, variant } = open(descriptor["platform"]);
    const platform = [os, architecture, variant].filter((part) => text(part) !== null).join("/");
    const name = manifests.length > 1 && platform !== "" ? `${base} (${platform})` : base;
    const file = fileOf(descriptor["digest"]);
    const bytes = file === null ? null : await read(file);
    if (found.images.length >= MOST_IMAGES || depth > DEEPEST) {
      found.errors.push(tooMany());
      return;
    }
    if (bytes === null) {
      found.errors.push({ subject: name, about: named(name), message: "its manifest is missing" });
      continue;
    }
    const manifest = open(parse(bytes, file ?? ""));
    if (Array.isArray(manifest["manifests"])) {
      await ociImages(manifest, { ...walk, called: name, depth: depth + 1 });
      continue;
    }
    const config = fileOf(open(manifest["config"])["digest"]);
    const layers = list(manifest["layers"]).map(open).map(ociLayer);
    // Null is a list without any, as Go writes it.
    const listed = Array.isArray(manifest["layers"] ?? []);
    if (config === null || !listed || layers.includes(null))
      found.errors.push({
        subject: name,
        about: named(name),
        message: "its manifest does not say where its config and its layers are",
      });
    else
      found.images.push({
        name,
        tags: tag === null ? [] : [name],
        config,
        layers: layers.filter((one) => one !== null),
      });
  }
}

/** BuildKit's attestations are listed like images. */
function isImage({ annotations }: JsonObject): boolean {
  return open(annotations)["vnd.docker.reference.type"] !== "attestation-manifest";
}

function ociLayer({ digest, size, mediaType }: JsonObject): ArchiveLayer | null {
  const file = fileOf(digest);
  if (file === null) return null;
  const bytes = typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : null;
  return { file, digest: digest as string, size: bytes, mediaType: text(mediaType) ?? "" };
}

/** The file of a digest: nothing else in a manifest becomes a path. */
function fileOf(digest: unknown): string | null {
  return typeof digest === "string" && /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest)
    ? `blobs/${digest.replace(":", "/")}`
    : null;
}

/** The digest that a blob's name stands for. */
export function blobNameDigest(file: string): string | null {
  const match = /^blobs\/(sha256|sha512)\/([0-9a-f]{64}|[0-9a-f]{128})$/.exec(file);
  return match === null ? null : `${match[1]}:${match[2]}`;
}

function shortName(config: string): string {
  return /([0-9a-f]{12})[0-9a-f]{52}/.exec(config)?.[1] ?? config;
}
