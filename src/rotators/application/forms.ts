import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  type KeyObject,
} from "node:crypto";
import { lettersAndDigits } from "../passwords.ts";

/** A value like the old one, and its public half if it is a private key. */
export type MadeValue = { readonly text: string; readonly publicKey: string | null };

/** A form that values have: what it is called, and how another one is made. */
export type ApplicationForm = { readonly name: string; readonly make: () => MadeValue };

/** 128 bits, below which no value is made, whatever the old one had. */
const LEAST = 16;

const lone = (name: string, make: () => string): ApplicationForm => ({
  name,
  make: () => ({ text: make(), publicKey: null }),
});

/** The form of a value; null if another value of its form cannot be made here. */
export function formOf(value: string): ApplicationForm | null {
  if (value.includes("-----BEGIN ")) return pemForm(value);
  if (/^[[{]/.test(value.trim())) return null;
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return lone("UUID", () => randomUUID());
  const [, prefix = "", text = ""] = /^(base64:)?([^]*)$/.exec(value) ?? [];
  if (prefix === "" && /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text) && text.length >= 24 && text.length % 2 === 0)
    return lone("hex", () => {
      const made = randomBytes(Math.max(LEAST, text.length / 2)).toString("hex");
      return /[A-F]/.test(text) ? made.toUpperCase() : made;
    });
  const count = Buffer.from(text, "base64").length;
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(text) && /[+/=]/.test(text);
  if (prefix !== "" || isBase64)
    return lone(
      "base64",
      () => prefix + randomBytes(prefix === "" ? Math.max(LEAST, count) : count).toString("base64"),
    );
  if (/^[\w-]{22,}$/.test(text) && /[-_]/.test(text) && /\d/.test(text))
    return lone("base64url", () => base64url(count));
  // What a person typed, or of an alphabet that would want quoting: letters and digits, no fewer.
  return lone("letters and digits", () => lettersAndDigits(Math.max(48, Math.min(value.length, 128))));
}

/** Begins with a letter or a digit, so that nothing takes it for an option. */
function base64url(count: number): string {
  for (;;) {
    const text = randomBytes(Math.max(LEAST, count)).toString("base64url");
    if (/^[A-Za-z0-9]/.test(text)) return text;
  }
}

/** A private key of the same algorithm, size and encoding; null for one that cannot be read. */
function pemForm(value: string): ApplicationForm | null {
  const escaped = value.includes("\\n");
  const pem = escaped ? value.replaceAll("\\n", "\n") : value;
  const label = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----/.exec(pem)?.[1];
  const key = keyIn(pem);
  if (label === undefined || key === null) return null;
  const made = generated(key);
  const type = label === "RSA PRIVATE KEY" ? "pkcs1" : label === "EC PRIVATE KEY" ? "sec1" : "pkcs8";
  if (made === null) return null;
  return {
    name: `PEM (${key.asymmetricKeyType ?? ""})`,
    make() {
      const next = made();
      const shaped = (text: string): string => {
        const trimmed = pem.trimEnd() === pem ? text.trimEnd() : text;
        return escaped ? trimmed.replaceAll("\n", "\\n") : trimmed;
      };
      return {
        text: shaped(next.export({ type, format: "pem" }).toString()),
        publicKey: shaped(createPublicKey(next).export({ type: "spki", format: "pem" }).toString()),
      };
    },
  };
}

function keyIn(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function generated({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): (() => KeyObject) | null {
  const { modulusLength = 2048, namedCurve } = details ?? {};
  if (type === "rsa")
    return () => generateKeyPairSync("rsa", { modulusLength: Math.max(2048, modulusLength) }).privateKey;
  if (type === "ec" && namedCurve !== undefined) return () => generateKeyPairSync("ec", { namedCurve }).privateKey;
  if (type === "ed25519") return () => generateKeyPairSync("ed25519").privateKey;
  return null;
}
