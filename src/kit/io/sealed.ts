import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { fingerprint, type FingerprintKey } from "../../model/fingerprint.ts";
import { Secret } from "../../model/secret.ts";
import { atomicWrite } from "./atomic.ts";
import { makeFolders } from "./folders.ts";
import { mustBeKnownForm } from "./form.ts";

/**
 * The cost of one guess at the values: 32 MiB of memory and about 100 ms. Weak values are among those that the key is
 * derived from, and anyone with the installation's key can try guesses, so each must be slow.
 */
const COST = { N: 2 ** 15, r: 8, p: 1 } as const;
const MOST_MEMORY = 64 * 1024 * 1024;

/**
 * Encrypts bytes that contain secrets so that only a holder of those secrets can open them: AES-256-GCM with a key
 * derived (scrypt) from all the values and the installation's key, and a fresh initialization vector for each file. After
 * a migration the values are in the store, so anyone who can read the store can recover the bytes. Written atomically,
 * 0600.
 */
export async function writeSealed(
  file: string,
  bytes: Uint8Array,
  values: Iterable<Secret>,
  key: FingerprintKey,
): Promise<void> {
  makeFolders(dirname(file), 0o700);
  const { salt, sealing } = derived(values, key, null);
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sealing, iv);
  const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const parts = { version: 2, kdf: "scrypt", ...COST, salt, iv, tag: cipher.getAuthTag(), data };
  const text = JSON.stringify(parts, (_name, value: unknown) => base64(value));
  await atomicWrite(file, Buffer.from(`${text}\n`), { mode: 0o600 });
}

/** Opens a sealed file; null if it does not exist. Throws `malformed` if it was not sealed with these values. */
export function readSealed(file: string, values: Iterable<Secret>, key: FingerprintKey): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new UnsprawlError("denied", `cannot read ${file}`, "run as its owner");
  }
  try {
    const parts = JSON.parse(text) as { readonly [name: string]: unknown };
    // The costs are constants: the file must not choose how much memory is used or how cheap a guess is.
    const form = parts["version"];
    mustBeKnownForm(form, 2, file);
    if (form !== 1 && form !== 2) throw new TypeError("not sealed");
    const part = (name: string): Buffer => {
      const held = parts[name];
      return Buffer.from(typeof held === "string" ? held : "", "base64");
    };
    const sealing = form === 1 ? firstForm(values, key, part("salt")) : derived(values, key, part("salt")).sealing;
    const decipher = createDecipheriv("aes-256-gcm", sealing, part("iv"));
    decipher.setAuthTag(part("tag"));
    return Buffer.concat([decipher.update(part("data")), decipher.final()]);
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    throw new UnsprawlError(
      "malformed",
      `${file} cannot be opened with the values that the store holds now`,
      "put the values back into the store as the run wrote them, then try again",
    );
  }
}

type Derived = { readonly digests: string; readonly salt: Buffer; readonly isOurs: boolean; readonly sealing: Buffer };

/** All files of a step are sealed with the same values, so one slow derivation serves them: a guess would open each anyway. */
let latest: Derived | null = null;

/** The key that these values and this salt give. With `null`, the salt is one that this process has chosen. */
function derived(values: Iterable<Secret>, key: FingerprintKey, given: Buffer | null): Derived {
  const digests = digestsOf(values, key);
  const fits = given === null ? latest?.isOurs : latest?.salt.equals(given);
  if (latest?.digests === digests && fits === true) return latest;
  const salt = given ?? randomBytes(16);
  const sealing = scryptSync(digests, salt, 32, { ...COST, maxmem: MOST_MEMORY });
  return (latest = { digests, salt, isOurs: given === null, sealing });
}

/** Of copies that early versions made: with a key that guesses cost little, as they lie there anyway. */
function firstForm(values: Iterable<Secret>, key: FingerprintKey, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", digestsOf(values, key), salt, "unsprawl sealed file", 32));
}

function digestsOf(values: Iterable<Secret>, key: FingerprintKey): string {
  // Not the plain fingerprint, since journals contain fingerprints unencrypted.
  const prints = [...values].map((value) =>
    fingerprint(Secret.of(Buffer.concat([Buffer.from("sealed\0"), value.expose()])), key),
  );
  return prints.sort().join();
}

function base64(value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === "Buffer" && Array.isArray(data) ? Buffer.from(data as number[]).toString("base64") : value;
}
