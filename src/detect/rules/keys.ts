import { named, prefixed, shaped, type Rule } from "./rule.ts";

/** A private key block needs a body: a header alone, or dots in place of the body, opens nothing. */
const hasBody = (secret: string): "right" | "fake" => {
  const body = secret.replace(/-----[A-Z0-9 ]{5,60}-----/g, "").replace(/\\[nr]|\s/g, "");
  const solid = body.match(/[A-Za-z0-9+/=]{40,}/);
  return solid !== null && new Set(solid[0]).size > 8 ? "right" : "fake";
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
    pattern: /(?<secret>PuTTY-User-Key-File-[23]: [^\0]{10,16384}Private-Lines: \d{1,4}[^\0]{10,16384})/d,
    severity: "critical",
    examples: (kit) => [
      `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\n${kit.base64(51)}\nPrivate-Lines: 1\n${kit.base64(36)}\nPrivate-MAC: ${kit.hex(64)}`,
    ],
    counterExamples: () => ["PuTTY-User-Key-File-3: ssh-ed25519"],
    reference: "https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html",
  }),
  prefixed({
    id: "age-secret-key",
    vendor: "age",
    description: "age identity",
    prefix: ["AGE-SECRET-KEY-1", "AGE-SECRET-KEY-PQ-1"],
    body: "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,80}",
    make: (kit) => kit.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
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
    description: "Encrypted JSON Web Token, a bearer token all the same",
    keywords: ["eyj"],
    pattern:
      /(?<![A-Za-z0-9_-])(?<secret>eyJ[A-Za-z0-9_-]{20,2000}\.[A-Za-z0-9_-]{0,1400}\.[A-Za-z0-9_-]{12,32}\.[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,64})(?![A-Za-z0-9_-])/d,
    prefixes: ["eyJ"],
    confidence: "medium",
    examples: (kit) => [
      [
        Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString("base64url"),
        "",
        kit.urlsafe(16),
        kit.urlsafe(80),
        kit.urlsafe(22),
      ].join("."),
    ],
    reference: "https://www.rfc-editor.org/rfc/rfc7516",
  }),
  shaped({
    id: "password-hash",
    vendor: "crypt",
    description:
      "Password hash (bcrypt, apr1, SHA-crypt, yescrypt, argon2, scrypt, LDAP or Django): weak ones are guessed offline",
    keywords: [
      "$2a$",
      "$2b$",
      "$2x$",
      "$2y$",
      "$2$",
      "$apr1$",
      "$1$",
      "$5$",
      "$6$",
      "$y$",
      "$argon2",
      "{sha}",
      "{ssha",
      "{crypt}",
      "pbkdf2",
      "$scrypt",
      "scrypt:",
      "$7$",
      "bcrypt_sha256$",
      "grub.pbkdf2",
      "scram-sha-",
      ' "md5',
    ],
    pattern:
      /(?<secret>\$2[abxy]?\$\d\d\$[A-Za-z0-9./]{53}|\$apr1\$[A-Za-z0-9./]{1,8}\$[A-Za-z0-9./]{22}|\$1\$[A-Za-z0-9./]{1,8}\$[A-Za-z0-9./]{22}|\$5\$(?:rounds=\d{1,9}\$)?[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{43}|\$6\$(?:rounds=\d{1,9}\$)?[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{86}|\$y\$[A-Za-z0-9./]{1,8}\$[A-Za-z0-9./]{1,86}\$[A-Za-z0-9./]{43}|\$argon2(?:id|i|d)\$(?:v=\d{1,3}\$)?[a-z0-9=,]{3,60}\$[A-Za-z0-9+/]{8,128}\$[A-Za-z0-9+/]{16,128}|\{SHA\}[A-Za-z0-9+/]{27}=|\{SSHA(?:256|512)?\}[A-Za-z0-9+/]{32,128}={0,2}|pbkdf2_sha(?:1|256|512)\$\d{1,8}\$[A-Za-z0-9./+-]{1,64}\$[A-Za-z0-9+/]{27,128}={0,2}|\$pbkdf2(?:-sha(?:256|512))?\$[A-Za-z0-9=,]{1,40}\$[A-Za-z0-9./+]{8,128}\$[A-Za-z0-9./+]{20,128}|pbkdf2:sha(?:256|512)(?::\d{1,8})?\$[A-Za-z0-9./+-]{1,64}\$[0-9a-f]{40,128}|grub\.pbkdf2\.sha512\.\d{3,7}\.[0-9A-F]{64,256}\.[0-9A-F]{64,256}|SCRAM-SHA-(?:1|256)\$\d{3,7}:[A-Za-z0-9+/=]{16,64}\$[A-Za-z0-9+/=]{20,64}:[A-Za-z0-9+/=]{20,64}|[\w.-]{1,64}" "md5[0-9a-f]{32}|\$?scrypt[:$][A-Za-z0-9=,:]{3,60}\$[A-Za-z0-9+/.=_-]{8,128}\$[A-Za-z0-9+/.=_-]{16,180})/d,
    examples: (kit) => [
      `$2y$10$${kit.base62(53)}`,
      `admin:$apr1$${kit.base62(8)}$${kit.base62(22)}`,
      `root:$6$${kit.base62(16)}$${kit.base62(86)}:19000:0:99999:7:::`,
      `user:{SHA}${kit.base62(27)}=`,
      `$argon2id$v=19$m=65536,t=3,p=4$${kit.base62(22)}$${kit.base62(43)}`,
      `pbkdf2_sha256$260000$${kit.base62(22)}$${kit.base62(43)}=`,
    ],
    counterExamples: () => ["$2y$10$", "argon2id", "$1 and $2", "{SHA}"],
    reference: "https://httpd.apache.org/docs/current/misc/password_encryptions.html",
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
  prefixed({
    id: "extended-private-key",
    vendor: "Bitcoin",
    description: "BIP-32 extended private key",
    prefix: ["xprv", "yprv", "zprv", "tprv"],
    body: "[1-9A-HJ-NP-Za-km-z]{107}",
    make: (kit) => kit.base62(107).replaceAll("0", "1").replaceAll("O", "P").replaceAll("I", "J").replaceAll("l", "m"),
    severity: "critical",
    reference: "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki",
  }),
  named({
    id: "wallet-private-key",
    vendor: "Ethereum",
    description: "Private key of a wallet",
    keywords: ["private", "wallet", "deployer", "signer", "eth", "pk"],
    names: /(?:private|wallet|deployer|signer|eth|mnemonic|account).{0,40}key|_pk$/,
    shape: "(?:0x)?[0-9a-fA-F]{64}|[5KL][1-9A-HJ-NP-Za-km-z]{50,51}",
    as: "DEPLOYER_PRIVATE_KEY",
    make: (kit) => `0x${kit.hex(64)}`,
    severity: "critical",
    reference: "https://ethereum.org/en/developers/docs/accounts/",
  }),
];
