import {
  constants,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import { objectOf, refusal, type Answer } from "./key-vault-answers.ts";

/*
 * Get, encrypt and decrypt of the keys API (REST 7.4, with RSA-OAEP-256 alone): a double, since no real one is to be had. A key is
 * there once a test makes it; `users` are the clients that hold the role "Key Vault Crypto User".
 */

export type VaultKeys = Map<string, VaultKey>;
type VaultKey = {
  readonly version: string;
  readonly users: readonly string[];
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
};

const FORM = /^\/keys\/(?<name>[^/]+)(\/(?<version>[^/]+)(\/(?<verb>encrypt|decrypt))?)?$/;

/** A key that these clients may use. */
export function makeVaultKey(keys: VaultKeys, name: string, users: readonly string[]): void {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  keys.set(name, { pair, users, version: randomBytes(16).toString("hex") });
}

/** Null for a path of another API. Throws the service's refusal. */
export function answerKey(
  keys: VaultKeys,
  client: string,
  { method, url, body }: { readonly method: string; readonly url: URL; readonly body: string },
): Answer | null {
  if (!url.pathname.startsWith("/keys/")) return null;
  const { name = "", version, verb } = FORM.exec(url.pathname)?.groups ?? {};
  const key = keys.get(name);
  if (url.searchParams.get("api-version") !== "7.4") throw refusal(400, "BadParameter", "api-version");
  if (key === undefined || (version !== undefined && version !== key.version))
    throw refusal(404, "KeyNotFound", `A key with (name/id) ${name} was not found in this key vault.`);
  if (!key.users.includes(client))
    throw refusal(403, "Forbidden", "Caller is not authorized to perform action on resource.", {
      inner: "ForbiddenByRbac",
    });
  const kid = `${url.origin}/keys/${name}/${key.version}`;
  if (verb === undefined && method === "GET") return { status: 200, body: { key: { kid, kty: "RSA" } } };
  const { alg, value, ...more } = objectOf(JSON.parse(body)) ?? {};
  const isSound = method === "POST" && alg === "RSA-OAEP-256" && Object.keys(more).length === 0;
  if (!isSound || typeof value !== "string" || !/^[\w-]+$/.test(value))
    throw refusal(400, "BadParameter", "Property  has invalid value\r\n");
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const bytes = Buffer.from(value, "base64url");
  try {
    const result =
      verb === "encrypt"
        ? publicEncrypt({ key: key.pair.publicKey, ...padding }, bytes)
        : privateDecrypt({ key: key.pair.privateKey, ...padding }, bytes);
    return { status: 200, body: { kid, value: result.toString("base64url") } };
  } catch {
    throw refusal(400, "BadParameter", "The parameter is incorrect.\r\n");
  }
}
