import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import { parseExact, stringifyExact } from "../../kit/text/exact-json.ts";
import { cleanConfig, cleanTexts, type Cleaned, type RemovedValue, type Stays } from "./clean.ts";

/** A reference to a blob: OCI image-spec, descriptor.md. */
export type BlobDescriptor = {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: { readonly [key: string]: string };
  readonly platform?: { readonly architecture?: string; readonly os?: string; readonly variant?: string };
};

/** A document to store, and its digest. */
export type Blob = {
  readonly descriptor: BlobDescriptor;
  readonly kind: "config" | "manifest";
  readonly bytes: Buffer;
};

export type CleanTree = {
  /** What the tag must point to from now on; equal to the input if it contained no value. */
  readonly root: BlobDescriptor;
  /** In the order in which they must be stored: each after those it refers to. */
  readonly blobs: readonly Blob[];
  readonly configs: readonly Cleaned[];
  /** Manifests of signatures and attestations about a digest that no longer exists. */
  readonly voided: readonly string[];
  /** Platforms that are not available here and could not be checked. */
  readonly missing: readonly string[];
};

type ReadBlob = (descriptor: BlobDescriptor, kind: Blob["kind"]) => Promise<Buffer | null>;
type EditableManifest = { [key: string]: unknown };

const DEEPEST = 3;
/** Sources: OCI image-spec, manifest.md; Docker's image manifest, version 2, schema 2. */
const CONFIGS = new Set(["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"]);

/**
 * An image without the values, from its config up: new configs, the manifests that name them, the index above. Layers
 * are neither read nor changed. `read` returns a document by its descriptor, null if it is not available. Throws as
 * `cleanConfig`.
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
      if (depth >= DEEPEST) throw new UnsprawlError("malformed", "the index nests indexes too deep", "docker pull it");
      document["manifests"] = await children(document["manifests"] as BlobDescriptor[], depth);
    } else {
      const config = document["config"] as BlobDescriptor | undefined;
      if (config === undefined || !isImageConfig(config)) return was;
      const held = await read(config, "config");
      if (held === null) {
        missing.push(platformOf(was));
        return was;
      }
      const cleaned = cleanConfig(held, leaving, stays);
      // Documents without a removed value keep their bytes.
      if (cleaned.diff.length > 0) {
        configs.push(cleaned);
        document["config"] = stored(config, "config", cleaned.bytes);
      }
    }
    cleanTexts(document["annotations"], leaving);
    const after = stringifyExact(document);
    return after === before ? was : stored(was, "manifest", Buffer.from(after));
  };

  const children = async (all: readonly BlobDescriptor[], depth: number): Promise<BlobDescriptor[]> => {
    const now = new Map<string, BlobDescriptor>();
    for (const one of all) if (!isAttestation(one)) now.set(one.digest, await walk(one, depth + 1));
    const untrue = all.filter((one) => isAttestation(one) && !isStillTrue(one, now));
    voided.push(...untrue.map(({ digest }) => digest));
    return all.flatMap((one) => (untrue.includes(one) ? [] : isAttestation(one) ? one : (now.get(one.digest) ?? one)));
  };

  const top = await walk(root, 0);
  return { root: top, blobs, configs, voided, missing };
}

/** The configs of signatures, charts and the like are of other kinds. */
function isImageConfig({ mediaType }: BlobDescriptor): boolean {
  return mediaType === undefined || CONFIGS.has(mediaType);
}

/** What BuildKit adds to an index: https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
function isAttestation({ annotations }: BlobDescriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

/** What was attested about the old image is not true of another digest. */
function isStillTrue({ annotations }: BlobDescriptor, now: ReadonlyMap<string, BlobDescriptor>): boolean {
  const about = annotations?.["vnd.docker.reference.digest"];
  return about === undefined || now.get(about)?.digest === about;
}

function platformOf({ platform, digest }: BlobDescriptor): string {
  const { os, architecture, variant } = platform ?? {};
  return os === undefined ? digest : [os, architecture, variant].filter((part) => part !== undefined).join("/");
}

/** `sha256:…` of these bytes. */
export function blobDigest(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
