import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { objectOf, type Answer } from "./key-vault-answers.ts";
import { rpcRefusal, type Account } from "./secret-manager-login.ts";

/*
 * Two calls of Cloud KMS, projects.locations.keyRings.cryptoKeys.encrypt and .decrypt, as the discovery document of cloudkms v1
 * has them: a double, since no real one is to be had. A key is there once a test makes it; `users` are the accounts that hold
 * roles/cloudkms.cryptoKeyEncrypterDecrypter for it.
 */

export type CryptoKeys = Map<string, { readonly bytes: Buffer; readonly users: readonly string[] }>;

const FORM = /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/:]+):(encrypt|decrypt)$/;
const FIELDS = { encrypt: "plaintext", decrypt: "ciphertext" } as const;

/** A key that these accounts may use; its resource id. */
export function makeCryptoKey(keys: CryptoKeys, projectId: string, name: string, users: readonly Account[]): string {
  const id = `projects/${projectId}/locations/europe-west3/keyRings/apps/cryptoKeys/${name}`;
  keys.set(id, { bytes: randomBytes(32), users: users.map(({ email }) => email) });
  return id;
}

/** Null for a path of another service. Throws the service's refusal. */
export function answerCryptoKey(
  keys: CryptoKeys,
  { email }: Account,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: string },
): Answer | null {
  const [, id = "", verb] = FORM.exec(path) ?? [];
  if (verb === undefined) return null;
  const known = FIELDS[verb as keyof typeof FIELDS];
  const fields = objectOf(JSON.parse(body));
  const bytes = typeof fields?.[known] === "string" ? Buffer.from(fields[known], "base64") : null;
  const extra = Object.keys(fields ?? {}).filter((name) => name !== known);
  if (method !== "POST" || bytes === null || extra.length > 0)
    throw rpcRefusal(400, "INVALID_ARGUMENT", `Invalid JSON payload received. Unknown name "${extra.join()}"`);
  const key = keys.get(id);
  if (key === undefined || !key.users.includes(email))
    throw rpcRefusal(
      403,
      "PERMISSION_DENIED",
      `Permission '…${verb}' denied on resource '${id}' (or it may not exist).`,
    );
  if (verb === "encrypt") {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key.bytes, iv);
    const sealed = Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    return { status: 200, body: { name: `${id}/cryptoKeyVersions/1`, ciphertext: sealed.toString("base64") } };
  }
  try {
    const decipher = createDecipheriv("aes-256-gcm", key.bytes, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    return { status: 200, body: { plaintext: plain.toString("base64") } };
  } catch {
    throw rpcRefusal(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.");
  }
}
