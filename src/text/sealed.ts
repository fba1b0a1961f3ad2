import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import { Secret } from "../model/secret.ts";
import { atomicWrite } from "./atomic-file.ts";

/**
 * Writes bytes that hold secrets to a file which only the holder of those secrets can open: AES-256-GCM under a key that is
 * derived (HKDF-SHA-256) from the values and the installation's key. Once the values are gone from where they were, they
 * are in the store, and so whoever may read the store can have the bytes back. 0600, whole or not at all.
 */
export async function writeSealed(
  file: string,
  bytes: Uint8Array,
  values: Iterable<Secret>,
  key: FingerprintKey,
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", derived(values, salt, key), iv);
  const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const parts = { version: 1, salt, iv, tag: cipher.getAuthTag(), data };
  const text = JSON.stringify(parts, (_name, value: unknown) => base64(value));
  await atomicWrite(file, Buffer.from(`${text}\n`), { mode: 0o600 });
}

/** The bytes again; null when there is no such file. Throws `malformed` when these are not the values it was sealed with. */
export function readSealed(file: string, values: Iterable<Secret>, key: FingerprintKey): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new UnsprawlError("denied", `cannot read ${file}`, "run as its owner");
  }
  try {
    const parts = JSON.parse(text) as { readonly [name: string]: string };
    const part = (name: string): Buffer => Buffer.from(parts[name] ?? "", "base64");
    const decipher = createDecipheriv("aes-256-gcm", derived(values, part("salt"), key), part("iv"));
    decipher.setAuthTag(part("tag"));
    return Buffer.concat([decipher.update(part("data")), decipher.final()]);
  } catch {
    throw new UnsprawlError(
      "malformed",
      `${file} cannot be opened with the values that the store holds now`,
      "put back the store's values as the run wrote them, then try again",
    );
  }
}

function derived(values: Iterable<Secret>, salt: Buffer, key: FingerprintKey): Buffer {
  // Another digest than the fingerprint, which journals hold in the open.
  const digests = [...values].map((value) =>
    fingerprint(Secret.of(Buffer.concat([Buffer.from("sealed\0"), value.expose()])), key),
  );
  return Buffer.from(hkdfSync("sha256", digests.sort().join(), salt, "unsprawl sealed file", 32));
}

function base64(value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === "Buffer" && Array.isArray(data) ? Buffer.from(data as number[]).toString("base64") : value;
}
