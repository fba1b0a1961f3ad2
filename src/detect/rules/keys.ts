import rows from "./keys.json" with { type: "json" };
import { armourLength } from "./armour.ts";
import { table } from "./table.ts";
import { bech32Right, bech32Sum } from "./checksum.ts";
import { byChecksum, byFormat, type Rule } from "./rule.ts";

/** A private key block needs a body: a header alone, or dots in place of the body, opens nothing. */
const hasBody = (secret: string): "right" | "fake" => {
  const body = secret.replace(/-----[A-Z0-9 ]{5,60}-----/g, "").replace(/\\[nr]|\s/g, "");
  // A manual's, of which dots stand for the middle.
  if (body.includes("...")) return "fake";
  const solid = body.match(/[A-Za-z0-9+/=]{40,}/);
  return solid !== null && new Set(solid[0]).size > 8 ? "right" : "fake";
};

/** PEM in base64 is a private key, or the certificate or public key that usually stands beside one. */
const pemIsPrivate = (secret: string): "right" | "fake" => {
  const text = Buffer.from(secret.slice(0, 96), "base64").toString("latin1");
  return /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(text) ? "right" : "fake";
};

/** A JWT counts when its header decodes; one whose claims say `anon` is made to be published, one of John Doe's is a manual's. */
const jwtDecodes = (secret: string): "right" | "wrong" | "fake" => {
  const [header = "", claims = ""] = secret.split(".");
  try {
    const head = JSON.parse(Buffer.from(header, "base64url").toString()) as { alg?: unknown };
    if (typeof head.alg !== "string") return "wrong";
    const body = Buffer.from(claims, "base64url").toString();
    return /"role":\s?"anon"|"sub":\s?"1234567890"/.test(body) ? "fake" : "right";
  } catch {
    return "wrong";
  }
};

/** Up to the last line of its kind, if it has one. */
function endOf(secret: string, last: RegExp): number {
  const match = last.exec(secret);
  return match === null ? secret.length : match.index + match[0].length;
}

/** Keys and signed tokens that belong to no vendor. */
export const KEYS: readonly Rule[] = table(rows, {
  "private-key": {
    validate: byFormat(hasBody),
    ends: armourLength,
    examples: (kit) => [
      kit.pem("RSA PRIVATE KEY"),
      kit.pem("PRIVATE KEY").replaceAll("\n", "\\n"),
      kit.pem("OPENSSH PRIVATE KEY").replaceAll("\n", " "),
      kit.pem("PGP PRIVATE KEY BLOCK"),
    ],
  },
  "putty-private-key": { ends: (secret) => endOf(secret, /Private-MAC: [0-9a-f]{40,64}/) },
  "openvpn-static-key": { ends: (secret) => endOf(secret, /-----END OpenVPN [A-Za-z0-9 -]{1,40}-----/) },
  "private-key-base64": {
    validate: byFormat(pemIsPrivate),
    examples: (kit) => [
      `client-key-data: ${Buffer.from(kit.pem("RSA PRIVATE KEY")).toString("base64")}`,
      Buffer.from(kit.pem("EC PRIVATE KEY")).toString("base64"),
    ],
    counterExamples: (kit) => [
      `certificate-authority-data: ${Buffer.from(kit.pem("CERTIFICATE")).toString("base64")}`,
      Buffer.from(kit.pem("PUBLIC KEY")).toString("base64"),
    ],
  },
  "private-jwk": {
    examples: (kit) => [
      JSON.stringify({ kty: "EC", crv: "P-256", x: kit.urlsafe(43), y: kit.urlsafe(43), d: kit.urlsafe(43) }),
      JSON.stringify({ keys: [{ k: kit.urlsafe(43), alg: "HS256", kty: "oct", kid: "1" }] }),
    ],
    counterExamples: (kit) => [
      JSON.stringify({ kty: "EC", crv: "P-256", x: kit.urlsafe(43), y: kit.urlsafe(43), kid: "d" }),
      JSON.stringify({ keys: [{ kty: "RSA", n: kit.urlsafe(342), e: "AQAB" }] }),
    ],
  },
  "age-secret-key": {
    make: (kit) => {
      const data = kit.of("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 52);
      return (data + bech32Sum("age-secret-key-", data)).toUpperCase();
    },
    validate: byChecksum(bech32Right),
  },
  jwt: {
    validate: byFormat(jwtDecodes),
    counterExamples: (kit) => [
      kit.jwt({ role: "anon", iss: "supabase" }),
      kit.jwt({ sub: "1234567890", name: "John Doe" }),
      "eyJhbGciOiJIUzI1NiJ9",
    ],
  },
  jwe: {
    examples: (kit) => {
      const head = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString("base64url");
      const token = [head, "", kit.urlsafe(16), kit.urlsafe(80), kit.urlsafe(22)].join(".");
      return [`Authorization: Bearer ${token}`, `Cookie: session=${token}`];
    },
  },
  "url-signature": {
    examples: (kit) => [
      `https://acct.blob.core.windows.net/c/f?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig=${encodeURIComponent(kit.base64(32))}`,
      `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=${kit.hex(64)}`,
    ],
  },
});
