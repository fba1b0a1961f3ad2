import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import type { Secret } from "../../model/secret.ts";

/** The secret that an installation shares with the plugin that it has installed. 32 bytes. */
export type PluginKey = Buffer;

const IV = 12;
const TAG = 16;

/**
 * Data that passes through the engine's API, where anyone who may use the engine can read it: AES-256-GCM with the plugin's
 * key and a fresh initialization vector. Base64url.
 */
export function seal(data: Json, key: PluginKey): string {
  const iv = randomBytes(IV);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const bytes = Buffer.concat([cipher.update(JSON.stringify(data)), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), bytes]).toString("base64url");
}

/** Throws `denied` for what was sealed with another key, or changed. */
export function unseal(text: string, key: PluginKey): Json {
  try {
    const all = Buffer.from(text, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key, all.subarray(0, IV));
    decipher.setAuthTag(all.subarray(IV, IV + TAG));
    const bytes = Buffer.concat([decipher.update(all.subarray(IV + TAG)), decipher.final()]);
    return JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    throw foreignPlugin();
  }
}

/** Why a plugin with another key than this installation's is neither asked nor replaced. */
export const foreignPlugin = (): UnsprawlError =>
  new UnsprawlError(
    "denied",
    "the volume plugin of this engine was installed by somebody else",
    "use the state folder it was installed with; or once nobody uses it: unsprawl plugin uninstall",
  );

/** What shows in the plugin's settings whose it is. Nobody gets the key from it. */
export const pluginMark = (key: PluginKey): string =>
  createHmac("sha256", key).update("mark").digest("hex").slice(0, 32);

/** What stands for a value in a question: who has neither the key nor the value can make nothing of it. */
export function valueDigest(value: Secret, key: PluginKey): string {
  return createHmac("sha256", key).update("value\0").update(value.expose()).digest("base64url");
}
