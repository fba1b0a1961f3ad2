import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import { parseExact, stringifyExact } from "../../kit/text/exact-json.ts";
import { cleanConfig, cleanTexts, type Cleaned, type RemovedValue, type Stays } from "./clean.ts";

/** What names a blob: OCI image-spec, descriptor.md. */
export type BlobDescriptor = {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: { readonly [key: string]: string };
  readonly platform?: { readonly architecture?: string; readonly os?: string; readonly variant?: string };
};

/** A document that has to be stored, and under which digest. */
export type Blob = {
  readonly descriptor: BlobDescriptor;
  readonly kind: "config" | "manifest";
  readonly bytes: Buffer;
};

export type CleanTree = {
  /** What the tag must name from now on; equal to what was given when no value was in it. */
  readonly root: BlobDescriptor;
  /** In the order in which they have to be stored: each after what it names. */
  readonly blobs: readonly Blob[];
  readonly configs: readonly Cleaned[];
  /** Manifests of signatures and attestations that spoke for a digest that is no more. */
  readonly voided: readonly string[];
  /** Platforms that are not here, so that nobody could look. */
  readonly missing: readonly string[];
};

type ReadBlob = (descriptor: BlobDescriptor, kind: Blob["kind"]) => Promise<Buffer | null>;
type EditableManifest = { [key: string]: unknown };

const DEEPEST = 3;
/** Sources: OCI image-spec, manifest.md; Docker's image manifest, version 2, schema 2. */
const CONFIGS = new Set(["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"]);

/**
 * An image from its config up, without the values: new configs, the manifests that name them, the index above. Layers are
 * neither read nor changed. `read` gives a document by its descriptor, null when it is not there. Throws as `cleanConfig`.
 */
export async function cleanTree(
  root: BlobDescriptor,
  read: ReadBlob,
  leaving: readonly RemovedValue[],
  stays: Stays,
): Promise<CleanTree> {
  const blobs: Blob[] = [];
  const configs: Cleaned[] = [];
  const voided: string[] = [];
  const missing: string[] = [];
  const stored = (was: BlobDescriptor, kind: Blob["kind"], bytes: Buffer): BlobDescriptor => {
    const descriptor = { ...was, digest: blobDigest(bytes), size: bytes.length };
    if (descriptor.digest !== was.digest) blobs.push({ descriptor, kind, bytes });
    return descriptor;
  };

  const walk = async (was: BlobDescriptor, depth: number): Promise<BlobDescriptor> => {
    const bytes = await read(was, "manifest");
    if (bytes === null) {
      missing.push(platformOf(was));
      return was;
    }
    const document = parseExact(bytes.toString("utf8")) as EditableManifest;
    const before = stringifyExact(document);
    if (Array.isArray(document["manifests"])) {
      if (depth >= DEEPEST) throw new UnsprawlError("malformed", "the index names indexes too deep", "docker pull it");
      document["manifests"] = await children(document["manifests"] as BlobDescriptor[], depth);
    } else {
      const config = document["config"] as BlobDescriptor | undefined;
      // Signatures, charts and the like have a config of their own kind.
      if (config === undefined || !(config.mediaType === undefined || CONFIGS.has(config.mediaType))) return was;
      const held = await read(config, "config");
      if (held === null) {
        missing.push(platformOf(was));
        return was;
      }
      const cleaned = cleanConfig(held, leaving, stays);
      // Bytes that nothing went out of stay as they were written.
      const changed = cleaned.diff.length > 0;
      if (changed) configs.push(cleaned);
      document["config"] = changed ? stored(config, "config", cleaned.bytes) : config;
    }
    cleanTexts(document["annotations"], leaving);
    const after = stringifyExact(document);
    return after === before ? was : stored(was, "manifest", Buffer.from(after));
  };

  const children = async (all: readonly BlobDescriptor[], depth: number): Promise<BlobDescriptor[]> => {
    const now = new Map<string, BlobDescriptor>();
    for (const one of all) if (!isAttestation(one)) now.set(one.digest, await walk(one, depth + 1));
    return all.flatMap((one) => {
      const about = one.annotations?.["vnd.docker.reference.digest"];
      if (!isAttestation(one)) return [now.get(one.digest) ?? one];
      // What was said of the image before is not true of another digest.
      if (about === undefined || now.get(about)?.digest === about) return [one];
      voided.push(one.digest);
      return [];
    });
  };

  const top = await walk(root, 0);
  return { root: top, blobs, configs, voided, missing };
}

/** What BuildKit adds to an index: https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
function isAttestation({ annotations }: BlobDescriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

function platformOf({ platform, digest }: BlobDescriptor): string {
  const { os, architecture, variant } = platform ?? {};
  return os === undefined ? digest : [os, architecture, variant].filter((part) => part !== undefined).join("/");
}

/** `sha256:…` of these bytes. */
export function blobDigest(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
