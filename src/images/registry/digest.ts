import { createHash } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";

/** A reference to content: what OCI's image spec calls a descriptor. `size` in bytes. */
export type Descriptor = { readonly digest: string; readonly size: number; readonly mediaType: string };

const algorithmOf = (digest: string): string => digest.slice(0, digest.indexOf(":"));

/** `sha256:…` of these bytes, or of another algorithm. */
export function digestOfBytes(bytes: Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/**
 * A manifest's digest, with the algorithm of the expected one. A signed schema 1 manifest is digested without its
 * signatures, which say how (distribution `docs/content/spec/deprecated-schema-v1.md`, `protected`).
 */
export function manifestDigest(
  bytes: Buffer,
  document: { readonly [key: string]: unknown },
  wanted: string | null,
): string {
  const algorithm = wanted === null ? "sha256" : algorithmOf(wanted);
  const whole = digestOfBytes(bytes, algorithm);
  const signature: unknown = Array.isArray(document["signatures"]) ? document["signatures"][0] : undefined;
  if (document["schemaVersion"] !== 1 || signature === undefined || whole === wanted) return whole;
  try {
    const packed = (signature as { protected: string }).protected;
    const form = JSON.parse(Buffer.from(packed, "base64url").toString("utf8")) as {
      formatLength: number;
      formatTail: string;
    };
    const payload = Buffer.concat([bytes.subarray(0, form.formatLength), Buffer.from(form.formatTail, "base64url")]);
    return digestOfBytes(payload, algorithm);
  } catch {
    return whole;
  }
}

/** Throws `malformed` unless these bytes match the descriptor. */
export function asDescriptor(bytes: Uint8Array, { digest, size }: Descriptor, what: string): void {
  if (bytes.length !== size || digestOfBytes(bytes, algorithmOf(digest)) !== digest) throw wrong(what);
}

/** The same bytes, verified while they pass: the last chunk is passed on only if all are right. */
export async function* verifiedChunks(
  chunks: AsyncIterable<Buffer>,
  { digest, size }: Descriptor,
  what: string,
): AsyncGenerator<Buffer> {
  const hash = createHash(algorithmOf(digest));
  let length = 0;
  let held: Buffer | null = null;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > size) throw wrong(what);
    hash.update(chunk);
    if (held !== null) yield held;
    held = chunk;
  }
  if (length !== size || `${algorithmOf(digest)}:${hash.digest("hex")}` !== digest) throw wrong(what);
  if (held !== null) yield held;
}

function wrong(what: string): UnsprawlError {
  return new UnsprawlError("malformed", `${what} does not match its digest and size: it was changed, or cut short`);
}
