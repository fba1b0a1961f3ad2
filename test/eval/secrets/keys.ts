import { createPublicKey, type KeyObject } from "node:crypto";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { entropyToMnemonic } from "@scure/bip39";
import { ageKey, ed25519, p256, rawPublic, rsa } from "../tools/crypto.ts";
import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { named } from "../tools/words.ts";

const PEM_NAMES =
  "PRIVATE_KEY SSH_PRIVATE_KEY TLS_KEY SSL_KEY JWT_PRIVATE_KEY SIGNING_KEY DEPLOY_KEY GITHUB_APP_PRIVATE_KEY SERVER_KEY CLIENT_KEY SSH_KEY KEY_PEM APPLE_PRIVATE_KEY SAML_PRIVATE_KEY RSA_KEY TLS_CERT_AND_KEY";

/** A private key in PEM: PKCS#8, SEC1, PKCS#1 or OpenSSH's own form. */
export function pem(random: Random): string {
  return random.pick([
    () => text(ed25519(random), "pkcs8"),
    () => text(p256(random), "pkcs8"),
    () => text(p256(random), "sec1"),
    () => text(rsa(random), "pkcs1"),
    () => text(rsa(random), "pkcs8"),
    () => openssh(random),
  ])();
}

function text(key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string {
  return key.export({ type, format: "pem" }).toString();
}

/** PROTOCOL.key of OpenSSH: an unencrypted Ed25519 key. */
function openssh(random: Random): string {
  const key = ed25519(random);
  const open = rawPublic(key);
  const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  const field = (data: Buffer | string): Buffer => {
    const bytes = Buffer.from(data);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const shown = Buffer.concat([field("ssh-ed25519"), field(open)]);
  const check = random.bytes(4);
  const hidden = Buffer.concat([check, check, shown, field(Buffer.concat([secret, open])), field("deploy@ci")]);
  const padded = Buffer.concat([hidden, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8].slice(0, (8 - (hidden.length % 8)) % 8))]);
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(shown),
    field(padded),
  ]);
  const title = ["OPENSSH", "PRIVATE", "KEY"].join(" ");
  return `-----BEGIN ${title}-----\n${(whole.toString("base64").match(/.{1,70}/g) ?? []).join("\n")}\n-----END ${title}-----\n`;
}

const wrapped: Kind = {
  kind: "private-key",
  weight: 50,
  make: (random) => {
    const name = random.deck(PEM_NAMES.split(" "));
    const wrap = random.deck<(key: string) => string>([
      (key) => key,
      (key) => key.trimEnd().replaceAll("\n", "\\n"),
      (key) => `"${key.trimEnd().replaceAll("\n", "\\n")}"`,
      (key) => Buffer.from(key).toString("base64"),
      (key) => key.replaceAll("\n", "\r\n"),
      (key) => key.trimEnd().replaceAll("\n", " "),
    ]);
    return () => env(random, random.chance(0.5) ? name() : named(random, name()), wrap()(pem(random)));
  },
};

const other: Kind = {
  kind: "private-key-other",
  weight: 35,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "JWT_SIGNING_JWK",
        JSON.stringify({
          ...p256(random).export({ format: "jwk" }),
          kid: random.of("a", 12),
          use: "sig",
          alg: "ES256",
        }),
      ],
      () => [
        "JWKS_PRIVATE",
        JSON.stringify({ keys: [{ ...ed25519(random).export({ format: "jwk" }), kid: random.hex(8) }] }),
      ],
      () => [random.pick(["WG_PRIVATE_KEY", "WIREGUARD_PRIVATE_KEY", "WIREGUARD_PRESHARED_KEY"]), random.base64(32)],
      () => [
        random.pick(["WG_CONF", "WG0_CONFIG"]),
        `[Interface]\nPrivateKey = ${random.base64(32)}\nAddress = 10.8.0.2/24\n[Peer]\nPublicKey = ${random.base64(32)}\nEndpoint = vpn.example.org:51820\n`,
      ],
      () => [random.pick(["SOPS_AGE_KEY", "AGE_IDENTITY", "BACKUP_IDENTITY"]), ageKey(random)],
      () => [
        "AGE_KEY_TXT",
        `# created: 2025-03-02T10:11:12Z\n# public key: ${ageKey(random, "age")}\n${ageKey(random)}\n`,
      ],
      () => ["DEPLOY_PPK", putty(random)],
      () => [random.pick(["ETH_PRIVATE_KEY", "DEPLOYER_PRIVATE_KEY", "WALLET_PRIVATE_KEY"]), `0x${random.hex(64)}`],
      () => ["VAPID_PRIVATE_KEY", random.base64url(32)],
      () => ["SSH_HOST_KEY_DER", p256(random).export({ type: "pkcs8", format: "der" }).toString("base64")],
      () => [random.pick(["TS_NODE_PRIVATE_KEY", "TAILSCALE_NODE_KEY"]), `privkey:${random.hex(64)}`],
      () => ["NOSTR_SECRET_KEY", random.hex(64)],
      () => [
        "TLS_BUNDLE",
        `${createPublicKey(p256(random)).export({ type: "spki", format: "pem" }).toString()}${pem(random)}`,
      ],
    ]);
    return () => env(random, ...next()());
  },
};

/** PuTTY's PPK version 3, unencrypted. */
function putty(random: Random): string {
  const lines = (bytes: number): string => (random.base64(bytes).match(/.{1,64}/g) ?? []).join("\n");
  return `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: deploy\nPublic-Lines: 2\n${lines(51)}\nPrivate-Lines: 1\n${lines(36)}\nPrivate-MAC: ${random.hex(64)}\n`;
}

/** BIP-39 words with their checksum. */
export function mnemonic(random: Random): string {
  return entropyToMnemonic(random.bytes(random.pick([16, 32])), wordlist);
}

const seed: Kind = {
  kind: "mnemonic",
  weight: 14,
  make: (random) => () =>
    env(
      random,
      random.pick([
        "MNEMONIC",
        "SEED_PHRASE",
        "WALLET_MNEMONIC",
        "RECOVERY_PHRASE",
        "HD_WALLET_SEED",
        "FAUCET_WORDS",
        "WALLET",
      ]),
      mnemonic(random),
    ),
};

export const KEYS: readonly Kind[] = [wrapped, other, seed];
