import { bech32Right, bech32Sum } from "./checksum.ts";
import { prefixed } from "./marked.ts";
import { named, shaped, type Rule } from "./rule.ts";

/** A private key block needs a body: a header alone, or dots in place of the body, opens nothing. */
const hasBody = (secret: string): "right" | "fake" => {
  const body = secret.replace(/-----[A-Z0-9 ]{5,60}-----/g, "").replace(/\\[nr]|\s/g, "");
  const solid = body.match(/[A-Za-z0-9+/=]{40,}/);
  return solid !== null && new Set(solid[0]).size > 8 ? "right" : "fake";
};

/** PEM in base64 is a private key, or the certificate or public key that usually stands beside one. */
const pemIsPrivate = (secret: string): "right" | "fake" => {
  const text = Buffer.from(secret.slice(0, 96), "base64").toString("latin1");
  return /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(text) ? "right" : "fake";
};

/** A JWT counts when its header decodes; one whose claims say `anon` is made to be published. */
const jwtDecodes = (secret: string): "right" | "wrong" | "fake" => {
  const [header = "", claims = ""] = secret.split(".");
  try {
    const head = JSON.parse(Buffer.from(header, "base64url").toString()) as { alg?: unknown };
    if (typeof head.alg !== "string") return "wrong";
    const body = Buffer.from(claims, "base64url").toString();
    return /"role":\s?"anon"/.test(body) ? "fake" : "right";
  } catch {
    return "wrong";
  }
};

/** Keys and signed tokens that belong to no vendor. */
export const KEYS: readonly Rule[] = [
  shaped({
    id: "private-key",
    vendor: "PEM",
    description: "Private key in PEM, OpenSSH or PGP armour, real or escaped line ends",
    keywords: ["private key"],
    pattern: /(?<secret>-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^\0]{0,16384})/d,
    prefixes: ["-----BEGIN"],
    validate: hasBody,
    severity: "critical",
    examples: (kit) => [
      kit.pem("RSA PRIVATE KEY"),
      kit.pem("PRIVATE KEY").replaceAll("\n", "\\n"),
      kit.pem("OPENSSH PRIVATE KEY").replaceAll("\n", " "),
      kit.pem("PGP PRIVATE KEY BLOCK"),
    ],
    counterExamples: (kit) => [
      kit.pem("PUBLIC KEY"),
      kit.pem("CERTIFICATE"),
      "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    ],
    reference: "https://www.rfc-editor.org/rfc/rfc7468",
  }),
  shaped({
    id: "putty-private-key",
    vendor: "PuTTY",
    description: "PuTTY private key file",
    keywords: ["putty-user-key-file"],
    pattern: /(?<secret>PuTTY-User-Key-File-[23]: [^\0]{10,8192}Private-Lines: \d{1,4}[^\0]{10,16384})/d,
    severity: "critical",
    examples: (kit) => [
      `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\n${kit.base64(51)}\nPrivate-Lines: 1\n${kit.base64(36)}\nPrivate-MAC: ${kit.hex(64)}`,
    ],
    counterExamples: () => ["PuTTY-User-Key-File-3: ssh-ed25519"],
    reference: "https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html",
  }),
  shaped({
    id: "private-key-base64",
    vendor: "PEM",
    description: "Private key in PEM, in base64 (kubeconfig, Helm values, secrets of a cluster)",
    keywords: ["ls0tls1crudjti"],
    pattern: /(?<![A-Za-z0-9+/])(?<secret>LS0tLS1CRUdJTi[A-Za-z0-9+/]{120,24000}={0,2})/d,
    validate: pemIsPrivate,
    severity: "critical",
    examples: (kit) => [
      `client-key-data: ${Buffer.from(kit.pem("RSA PRIVATE KEY")).toString("base64")}`,
      Buffer.from(kit.pem("EC PRIVATE KEY")).toString("base64"),
    ],
    counterExamples: (kit) => [
      `certificate-authority-data: ${Buffer.from(kit.pem("CERTIFICATE")).toString("base64")}`,
      Buffer.from(kit.pem("PUBLIC KEY")).toString("base64"),
    ],
    reference: "https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/",
  }),
  shaped({
    id: "private-jwk",
    vendor: "JOSE",
    description: "Private or symmetric key as a JSON Web Key",
    keywords: ['"kty"'],
    pattern:
      /\{(?=[^{}]{0,6000}"kty"\s{0,4}:)[^{}]{0,6000}"(?:d|k)"\s{0,4}:\s{0,4}"(?<secret>[A-Za-z0-9_-]{16,1400})"/d,
    severity: "critical",
    examples: (kit) => [
      JSON.stringify({ kty: "EC", crv: "P-256", x: kit.urlsafe(43), y: kit.urlsafe(43), d: kit.urlsafe(43) }),
      JSON.stringify({ keys: [{ k: kit.urlsafe(43), alg: "HS256", kty: "oct", kid: "1" }] }),
    ],
    counterExamples: (kit) => [
      JSON.stringify({ kty: "EC", crv: "P-256", x: kit.urlsafe(43), y: kit.urlsafe(43), kid: "d" }),
      JSON.stringify({ keys: [{ kty: "RSA", n: kit.urlsafe(342), e: "AQAB" }] }),
    ],
    reference: "https://www.rfc-editor.org/rfc/rfc7517",
  }),
  shaped({
    id: "keystore",
    vendor: "Java",
    description: "Java key store or Kerberos keytab in base64",
    keywords: ["/u3+7qaaaai", "bqiaaa"],
    pattern:
      /(?<![A-Za-z0-9+/])(?<secret>\/u3\+7QAAAAI[A-Za-z0-9+/]{200,40000}={0,2}|BQIAAAB[A-Za-z0-9+/]{60,8000}={0,2})(?![A-Za-z0-9+/=])/d,
    confidence: "medium",
    severity: "critical",
    examples: (kit) => [`/u3+7QAAAAIAAAAB${kit.base62(800)}`, `BQIAAABE${kit.base62(120)}`],
    counterExamples: () => ["/u3+7QAAAAI", "BQIAAAB"],
    reference: "https://docs.oracle.com/en/java/javase/21/docs/specs/man/keytool.html",
  }),
  shaped({
    id: "openvpn-static-key",
    vendor: "OpenVPN",
    description: "OpenVPN static key (tls-auth, tls-crypt)",
    keywords: ["openvpn static key", "openvpn tls-crypt"],
    pattern: /(?<secret>-----BEGIN OpenVPN (?:Static key V1|tls-crypt-v2 (?:client|server) key)-----[^\0]{64,4096})/d,
    severity: "critical",
    examples: (kit) => [
      `-----BEGIN OpenVPN Static key V1-----\n${kit.hex(32)}\n${kit.hex(32)}\n-----END OpenVPN Static key V1-----`,
    ],
    counterExamples: () => ["-----BEGIN OpenVPN Static key V1-----"],
    reference: "https://openvpn.net/community-resources/hardening-openvpn-security/",
  }),
  prefixed({
    id: "age-secret-key",
    vendor: "age",
    description: "age identity",
    prefix: ["AGE-SECRET-KEY-1", "AGE-SECRET-KEY-PQ-1"],
    body: "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,80}",
    make: (kit) => {
      const data = kit.of("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 52);
      return (data + bech32Sum("age-secret-key-", data)).toUpperCase();
    },
    validate: bech32Right,
    severity: "critical",
    reference: "https://age-encryption.org/v1",
  }),
  shaped({
    id: "jwt",
    vendor: "JWT",
    description: "Signed JSON Web Token",
    keywords: ["eyj"],
    pattern:
      /(?<![A-Za-z0-9_-])(?<secret>eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,1400})(?![A-Za-z0-9_-])/d,
    prefixes: ["eyJ"],
    validate: jwtDecodes,
    examples: (kit) => [kit.jwt()],
    counterExamples: (kit) => [kit.jwt({ role: "anon", iss: "supabase" }), "eyJhbGciOiJIUzI1NiJ9"],
    reference: "https://www.rfc-editor.org/rfc/rfc7519",
  }),
  shaped({
    id: "signed-cookie",
    vendor: "Flask",
    description: "Signed session of Flask, itsdangerous or Django",
    keywords: ["eyj"],
    pattern:
      /(?<![A-Za-z0-9_-])(?<secret>eyJ[A-Za-z0-9_-]{4,2000}[.:][A-Za-z0-9_-]{6}[.:][A-Za-z0-9_-]{27,43})(?![A-Za-z0-9_.:-])/d,
    prefixes: ["eyJ"],
    confidence: "medium",
    examples: (kit) => [`eyJ${kit.base62(20)}.${kit.base62(6)}.${kit.base62(27)}`],
    counterExamples: () => ["eyJhIjoxfQ"],
    reference: "https://flask.palletsprojects.com/en/stable/api/#sessions",
  }),
  shaped({
    id: "jwe",
    vendor: "JWT",
    description: "Encrypted JSON Web Token in a header or a cookie: a bearer token all the same",
    keywords: ["eyj"],
    pattern:
      /(?<![A-Za-z0-9_-])(?<secret>eyJ[A-Za-z0-9_-]{20,2000}\.[A-Za-z0-9_-]{0,1400}\.[A-Za-z0-9_-]{12,32}\.[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,64})(?![A-Za-z0-9_-])/d,
    prefixes: ["eyJ"],
    confidence: "medium",
    examples: (kit) => {
      const head = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString("base64url");
      const token = [head, "", kit.urlsafe(16), kit.urlsafe(80), kit.urlsafe(22)].join(".");
      return [`Authorization: Bearer ${token}`, `Cookie: session=${token}`];
    },
    counterExamples: () => ["eyJhbGciOiJkaXIifQ....", "a.b.c.d.e"],
    reference: "https://www.rfc-editor.org/rfc/rfc7516",
  }),
  shaped({
    id: "url-signature",
    vendor: "SAS",
    description: "Signed URL: whoever holds it may do what it was signed for",
    keywords: ["sig=", "signature=", "sharedaccesssignature"],
    pattern:
      /(?:[?&; ](?:X-Amz-Signature|X-Goog-Signature|Signature|sig)=|SharedAccessSignature[= ][^\s"']{0,400}sig=)(?<secret>[A-Za-z0-9%+/=_~-]{20,1024})/d,
    examples: (kit) => [
      `https://acct.blob.core.windows.net/c/f?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig=${encodeURIComponent(kit.base64(32))}`,
      `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=${kit.hex(64)}`,
    ],
    counterExamples: () => ["https://example.com/?sig=short", "https://example.com/docs#signature=none"],
    reference: "https://learn.microsoft.com/azure/storage/common/storage-sas-overview",
  }),
  named({
    id: "wireguard-key",
    vendor: "WireGuard",
    description: "WireGuard private or preshared key",
    keywords: ["wireguard", "wg", "privatekey", "private", "preshared", "psk"],
    names:
      /(?:wireguard|wg)_(?:[a-z0-9]{1,20}_){0,2}(?:private_key|preshared_key|psk|key)|^private_key$|^preshared_key$/,
    shape: "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=",
    as: "WG_PRIVATE_KEY",
    make: (kit) => kit.base64(32),
    severity: "critical",
    reference: "https://www.wireguard.com/quickstart/",
  }),
];
