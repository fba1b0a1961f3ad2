import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import type { Scope } from "./auth.ts";
import { manifestDigest, digestOfBytes } from "./digest.ts";
import type { EndpointClient } from "./place.ts";
import { uploadTarget } from "./redirect.ts";
import { repositoryText } from "./reference.ts";

/** Operations that change a registry. */
export type Push = {
  /**
   * Uploads a blob in one piece; a stream is digested while it is sent. With `from`, the blob is reused from that
   * repository of the same registry if it is there, and nothing is sent. Returns the digest, and for a stream the size.
   */
  putBlob(
    repository: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    from?: { readonly repository: string; readonly digest: string },
  ): Promise<string>;
  /** Puts a manifest under a tag, or under its digest. Returns its digest, which the registry has confirmed. */
  putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<string>;
  /** Deletes a manifest by its digest, with all its tags. False if this registry deletes nothing. */
  deleteManifest(repository: string, digest: string, signal: AbortSignal): Promise<boolean>;
  /** Deletes a tag, and nothing of what it points to. False if this registry cannot do that. */
  deleteTag(repository: string, tag: string, signal: AbortSignal): Promise<boolean>;
};

const ANSWER_LIMIT = 64 * 1024;

/** Source: OCI Distribution Specification 1.1, "Push", "Content Management". */
export function pusher(
  place: EndpointClient,
  host: string,
  check: (repository: string, reference: string | null) => void,
): Push {
  const push = (repository: string): Exclude<Scope, "catalog"> => ({ repository, actions: "pull,push" });
  const deleting = (repository: string): Scope => ({ repository, actions: "pull,push,delete" });
  return {
    async putBlob(repository, content, signal, from) {
      check(repository, null);
      const what = `a blob for ${repositoryText(host, repository)}`;
      const need = { scope: push(repository), signal, what, limit: ANSWER_LIMIT };
      const mounting = from ? { ...need, scope: { ...need.scope, from: from.repository } } : need;
      if (from) check(from.repository, from.digest);
      const mount = from ? `?${String(new URLSearchParams({ mount: from.digest, from: from.repository }))}` : "";
      const begun = await place.read({ method: "POST", path: `${repository}/blobs/uploads/${mount}` }, mounting);
      return from && begun.status === 201 ? from.digest : upload(place, uploadTarget(begun), content, need);
    },
    async putManifest(repository, reference, mediaType, bytes, signal) {
      check(repository, reference);
      const what = `the manifest ${repositoryText(host, repository)}:${reference}`;
      const document = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly [key: string]: unknown };
      const digest = manifestDigest(Buffer.from(bytes), document, null);
      const { headers } = await place.read(
        {
          method: "PUT",
          path: `${repository}/manifests/${reference}`,
          headers: { "content-type": mediaType },
          body: bytes,
        },
        { scope: push(repository), signal, what, limit: ANSWER_LIMIT },
      );
      const told = headers["docker-content-digest"];
      if (typeof told === "string" && told.startsWith("sha256:") && told !== digest)
        throw new UnsprawlError("malformed", `${host} stores ${what} under a different digest`);
      return digest;
    },
    async deleteManifest(repository, digest, signal) {
      check(repository, digest);
      const what = `manifest ${repositoryText(host, repository)}@${digest}`;
      const { status } = await place.read(
        { method: "DELETE", path: `${repository}/manifests/${digest}` },
        { scope: deleting(repository), signal, what, limit: ANSWER_LIMIT, or: [405] },
      );
      return status !== 405;
    },
    async deleteTag(repository, tag, signal) {
      check(repository, tag);
      const what = `the tag ${repositoryText(host, repository)}:${tag}`;
      // Registries older than the specification's 1.1 require a digest, and say so in different ways.
      const { status } = await place.read(
        { method: "DELETE", path: `${repository}/manifests/${tag}` },
        { scope: deleting(repository), signal, what, limit: ANSWER_LIMIT, or: [400, 404, 405] },
      );
      return status < 300;
    },
  };
}

/** Sends a blob to where the registry takes it, and returns its digest. */
async function upload(
  place: EndpointClient,
  target: URL,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  need: Parameters<EndpointClient["read"]>[1],
): Promise<string> {
  const octets = { "content-type": "application/octet-stream" };
  let to = target;
  let digest: string;
  let body: Uint8Array = new Uint8Array();
  if (content instanceof Uint8Array) {
    digest = digestOfBytes(content);
    body = content;
  } else {
    const hash = createHash("sha256");
    const request = { method: "PATCH", path: to, headers: octets, body: hashed(content, hash) } as const;
    to = uploadTarget(await place.read(request, need));
    digest = `sha256:${hash.digest("hex")}`;
  }
  to.searchParams.set("digest", digest);
  await place.read({ method: "PUT", path: to, headers: octets, body }, need);
  return digest;
}

async function* hashed(
  content: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
}
