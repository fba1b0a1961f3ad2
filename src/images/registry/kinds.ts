import type { Manifest } from "./client.ts";
import type { Descriptor } from "./digest.ts";
import { isDigest } from "./reference.ts";
import type { JsonObject } from "../../kit/json-object.ts";

/** What a manifest describes. A `signed` one is of Docker's first schema, which includes the configuration. */
export type ManifestKind = "index" | "image" | "attestation" | "artifact" | "signed";

/** A descriptor in a manifest, with its optional members. */
export type AnnotatedDescriptor = Descriptor & { readonly annotations: JsonObject; readonly platform: string | null };

const IMAGE_CONFIGS = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);
export const IN_TOTO = "application/vnd.in-toto+json";

/**
 * Determined from the manifest itself; null if it is not a known kind. Sources: OCI image spec 1.1 `manifest.md`,
 * `image-index.md`, "Guidelines for Artifact Usage"; BuildKit `docs/attestations/attestation-storage.md`; distribution
 * `deprecated-schema-v1.md`.
 */
export function manifestKind({ document, mediaType }: Manifest): ManifestKind | null {
  if (Array.isArray(document["manifests"])) return "index";
  if (Array.isArray(document["fsLayers"])) return "signed";
  const layers = descriptorsIn(document["layers"]);
  const artifact = typeof document["artifactType"] === "string" || Array.isArray(document["blobs"]);
  const [config] = descriptorsIn([document["config"]]);
  if (layers.some((layer) => layer?.mediaType === IN_TOTO)) return "attestation";
  if (config && IMAGE_CONFIGS.has(config.mediaType) && typeof document["artifactType"] !== "string") return "image";
  return config || artifact || /manifest/.test(mediaType) ? "artifact" : null;
}

/** The kind of artifact, as its maker names it: untrusted text. */
export function artifactType({ document }: Manifest): string {
  const type = document["artifactType"] ?? open(document["config"])["mediaType"];
  return typeof type === "string" ? type.slice(0, 200) : "of an unknown type";
}

/** The descriptors of a list; null for each entry that is not one. */
export function descriptorsIn(list: unknown): readonly (AnnotatedDescriptor | null)[] {
  if (!Array.isArray(list)) return [];
  return list.map((one: unknown) => {
    const { digest, size, mediaType, annotations, platform } = open(one);
    if (typeof digest !== "string" || !isDigest(digest) || !Number.isSafeInteger(size) || Number(size) < 0) return null;
    const type = typeof mediaType === "string" ? mediaType : "";
    return {
      digest,
      size: Number(size),
      mediaType: type,
      annotations: open(annotations),
      platform: platformOf(platform),
    };
  });
}

/** `linux/arm64/v8`; null if unknown. */
function platformOf(given: unknown): string | null {
  const { os, architecture, variant } = open(given);
  const parts = [os, architecture, variant].filter((one) => typeof one === "string" && one !== "" && one !== "unknown");
  return parts.length === 0 ? null : parts.join("/").slice(0, 100);
}

export function open(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
