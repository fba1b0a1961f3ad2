import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { UnsprawlError } from "../../model/error.ts";

/** What SOPS knows a plaintext as (getsops/sops aes/cipher.go). The text form is what is encrypted and hashed. */
export type Plaintext = { readonly type: string; readonly bytes: Buffer };

const FORM = /^ENC\[AES256_GCM,data:([\w+/=]+),iv:([\w+/=]+),tag:([\w+/=]+),type:(\w+)\]$/;
const IV_BYTES = 32;
const TAG_BYTES = 16;

/** `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]` of a value; SOPS leaves an empty one empty. */
export function encryptValue(plain: Plaintext, dataKey: Buffer, additional: string): string {
  if (plain.bytes.length === 0) return "";
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", dataKey, iv);
  cipher.setAAD(Buffer.from(additional, "utf8"));
  const data = Buffer.concat([cipher.update(plain.bytes), cipher.final()]);
  const part = (bytes: Buffer): string => bytes.toString("base64");
  return `ENC[AES256_GCM,data:${part(data)},iv:${part(iv)},tag:${part(cipher.getAuthTag())},type:${plain.type}]`;
}

/** The plaintext of a ciphertext; `what` names the value in the error. Throws `malformed` for a changed byte or another key. */
export function decryptValue(text: string, dataKey: Buffer, additional: string, what: string): Plaintext {
  if (text === "") return { type: "str", bytes: Buffer.alloc(0) };
  const [, data, iv, tag, type = ""] = FORM.exec(text) ?? [];
  if (!data || !iv || !tag)
    throw new UnsprawlError(
      "malformed",
      `${what} is not a value that SOPS encrypted`,
      "restore the file from a backup",
    );
  const authTag = Buffer.from(tag, "base64");
  try {
    // A shortened tag would be easier to forge.
    if (authTag.length !== TAG_BYTES) throw new Error("tag");
    const decipher = createDecipheriv("aes-256-gcm", dataKey, Buffer.from(iv, "base64"), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(additional, "utf8"));
    decipher.setAuthTag(authTag);
    const bytes = Buffer.concat([decipher.update(Buffer.from(data, "base64")), decipher.final()]);
    // Nothing authenticates the type, and a boolean is read in another case than it is stored in.
    if (type === "bool" && !/^(?:true|false)$/i.test(bytes.toString("latin1"))) throw new Error("type");
    return { type, bytes };
  } catch {
    throw new UnsprawlError(
      "malformed",
      `${what} was changed since it was encrypted`,
      "restore the file from a backup",
    );
  }
}
