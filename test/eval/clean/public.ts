import { createPublicKey, sign, type KeyObject } from "node:crypto";
import { ageKey, digest, ed25519, p256, rawPublic, rsa } from "../tools/crypto.ts";
import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { named, SERVICES } from "../tools/words.ts";

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}

/** A self-signed certificate that parses: Ed25519, a common name, ten years. */
export function certificate(random: Random): string {
  const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const length =
      body.length < 128
        ? [body.length]
        : body.length < 256
          ? [0x81, body.length]
          : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const key = ed25519(random);
  const algorithm = tlv(0x30, Buffer.from("06032b6570", "hex"));
  const common = tlv(
    0x30,
    Buffer.from("0603550403", "hex"),
    tlv(0x0c, Buffer.from(`${random.pick(SERVICES)}.example.org`)),
  );
  const subject = tlv(0x30, tlv(0x31, common));
  const dates = tlv(0x30, tlv(0x17, Buffer.from("250101000000Z")), tlv(0x17, Buffer.from("350101000000Z")));
  const open = createPublicKey(key).export({ type: "spki", format: "der" });
  const serial = tlv(0x02, Buffer.concat([Buffer.from([0x11]), random.bytes(15)]));
  const version = tlv(0xa0, tlv(0x02, Buffer.from([2])));
  const body = tlv(0x30, version, serial, algorithm, subject, dates, subject, open);
  const whole = tlv(0x30, body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), sign(null, body, key)])));
  return `-----BEGIN CERTIFICATE-----\n${(whole.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

function sshPublic(random: Random): string {
  const kind = Buffer.from("ssh-ed25519");
  const raw = rawPublic(ed25519(random));
  return `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), kind, Buffer.from([0, 0, 0, 32]), raw]).toString("base64")} deploy@ci`;
}

const keys: Kind = {
  kind: "clean-public-key",
  weight: 55,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => ["JWT_PUBLIC_KEY", publicPem(p256(random))],
      () => ["PUBLIC_KEY", publicPem(rsa(random)).trimEnd().replaceAll("\n", "\\n")],
      () => ["OIDC_PUBKEY_B64", Buffer.from(publicPem(ed25519(random))).toString("base64")],
      () => ["SSH_PUBLIC_KEY", sshPublic(random)],
      () => ["AUTHORIZED_KEYS", `${sshPublic(random)}\n${sshPublic(random)}`],
      () => ["SSH_KNOWN_HOSTS", `github.com ${sshPublic(random).replace(/ deploy@ci$/, "")}`],
      () => ["TLS_CERT", certificate(random)],
      () => ["CA_BUNDLE", certificate(random) + certificate(random)],
      () => ["SSL_CERTIFICATE", certificate(random).trimEnd().replaceAll("\n", "\\n")],
      () => ["CLIENT_CA_B64", Buffer.from(certificate(random)).toString("base64")],
      () => ["SAML_IDP_CERT", certificate(random).replaceAll(/-----.*-----|\n/g, "")],
      () => ["WG_PEER_PUBLIC_KEY", random.base64(32)],
      () => ["WIREGUARD_PUBLIC_KEY", random.base64(32)],
      () => ["VAPID_PUBLIC_KEY", `B${random.of("w", 86)}`],
      () => ["AGE_RECIPIENT", ageKey(random, "age")],
      () => ["SOPS_AGE_RECIPIENTS", `${ageKey(random, "age")},${ageKey(random, "age")}`],
      () => ["COSIGN_PUBLIC_KEY", publicPem(p256(random))],
      () => [
        "JWKS",
        JSON.stringify({
          keys: [{ ...createPublicKey(p256(random)).export({ format: "jwk" }), kid: random.hex(8), use: "sig" }],
        }),
      ],
      () => ["MINISIGN_PUBKEY", `RW${random.of("b", 54)}`],
    ]);
    return () => {
      const [name, value] = next()();
      return env(random, random.chance(0.2) ? `${random.pick(SERVICES).toUpperCase()}_${name}` : name, value);
    };
  },
};

const publishable: Kind = {
  kind: "clean-publishable",
  weight: 50,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => ["STRIPE_PUBLISHABLE_KEY", random.fill("pk_live_{99:n}")],
      () => ["NEXT_PUBLIC_STRIPE_KEY", random.fill("pk_test_{24:n}")],
      () => ["SENTRY_DSN", `https://${random.hex(32)}@o${random.of("d", 6)}.ingest.sentry.io/4${random.of("d", 15)}`],
      () => ["REACT_APP_SENTRY_DSN", `https://${random.hex(32)}@sentry.example.org/7`],
      () => ["RECAPTCHA_SITE_KEY", `6L${random.of("w", 38)}`],
      () => ["HCAPTCHA_SITEKEY", random.uuid()],
      () => ["TURNSTILE_SITE_KEY", random.fill("0x4AAAAAAA{14:w}")],
      () => ["GA_MEASUREMENT_ID", `G-${random.of("A", 10)}`],
      () => ["GOOGLE_ANALYTICS_ID", `UA-${random.of("d", 8)}-1`],
      () => ["GTM_ID", `GTM-${random.of("A", 7)}`],
      () => ["FACEBOOK_PIXEL_ID", random.of("d", 15)],
      () => ["HOTJAR_SITE_ID", random.of("d", 7)],
      () => [
        "MAPBOX_PUBLIC_TOKEN",
        `pk.${Buffer.from(JSON.stringify({ u: "acme", a: random.of("a", 25) })).toString("base64url")}.${random.of("w", 22)}`,
      ],
      () => ["ALGOLIA_APP_ID", random.of("A", 10)],
      () => [
        "CLERK_PUBLISHABLE_KEY",
        `pk_test_${Buffer.from(`${random.of("l", 8)}.clerk.accounts.dev$`).toString("base64")}`,
      ],
      () => ["GOOGLE_CLIENT_ID", `${random.of("d", 12)}-${random.of("a", 32)}.apps.googleusercontent.com`],
      () => ["OAUTH_CLIENT_ID", random.hex(20)],
      () => ["SUPABASE_PUBLISHABLE_KEY", random.fill("sb_publishable_{22:w}_{8:w}")],
      () => ["SEGMENT_PUBLIC_ID", random.of("a", 10)],
      () => ["DOCSEARCH_APP_ID", random.of("A", 10)],
      () => ["PLAID_PUBLIC_KEY", random.hex(30)],
      () => ["RAZORPAY_KEY_ID", `rzp_live_${random.of("n", 14)}`],
    ]);
    return () => env(random, ...next()());
  },
};

const digests: Kind = {
  kind: "clean-digest",
  weight: 75,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [named(random, "SHA256"), digest(random, "sha256")],
      () => [named(random, "SHA512"), digest(random, "sha512")],
      () => [named(random, "MD5"), digest(random, "md5")],
      () => [named(random, "CHECKSUM"), digest(random, "sha256")],
      () => [named(random, "CHECKSUM"), `sha256:${digest(random, "sha256")}`],
      () => ["IMAGE_DIGEST", `sha256:${digest(random, "sha256")}`],
      () => ["BASE_IMAGE", `debian:bookworm-slim@sha256:${digest(random, "sha256")}`],
      () => [
        random.pick([
          "GIT_COMMIT",
          "COMMIT_SHA",
          "GIT_SHA",
          "CI_COMMIT_SHA",
          "SOURCE_COMMIT",
          "VCS_REF",
          "REVISION",
          "BUILD_SHA",
          "RENDER_GIT_COMMIT",
          "GITHUB_SHA",
        ]),
        digest(random, "sha1"),
      ],
      () => ["GIT_COMMIT_SHORT", random.hex(7)],
      () => ["GPG_KEY", random.of("H", 40)],
      () => ["GPG_KEYS", `${random.of("H", 40)} ${random.of("H", 40)}`],
      () => ["NODE_RELEASE_KEY_ID", random.of("H", 16)],
      () => ["SIGNING_KEY_ID", `0x${random.of("H", 16)}`],
      () => ["KEY_FINGERPRINT", (random.hex(32).match(/../g) ?? []).join(":")],
      () => ["SSH_HOST_FINGERPRINT", `SHA256:${random.base64(32).replace("=", "")}`],
      () => ["SCRIPT_INTEGRITY", `sha384-${random.base64(48)}`],
      () => ["NPM_INTEGRITY", `sha512-${random.base64(64)}`],
      () => ["ETAG", `"${random.hex(32)}"`],
      () => ["NIX_HASH", `sha256-${random.base64(32)}`],
      () => ["CONFIG_HASH", digest(random, "sha256")],
      () => ["POD_TEMPLATE_HASH", random.of("a", 10)],
      () => ["CERT_THUMBPRINT", random.of("H", 40)],
      () => ["CACHE_BUSTER_HASH", random.hex(20)],
      () => ["TINI_SHA256SUM", digest(random, "sha256")],
    ]);
    return () => env(random, ...next()());
  },
};

const ids: Kind = {
  kind: "clean-id",
  weight: 75,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [random.pick(["AZURE_TENANT_ID", "ARM_TENANT_ID", "TENANT_ID"]), random.uuid()],
      () => [random.pick(["AZURE_CLIENT_ID", "ARM_CLIENT_ID"]), random.uuid()],
      () => ["AZURE_SUBSCRIPTION_ID", random.uuid()],
      () => ["AWS_ACCOUNT_ID", random.of("d", 12)],
      () => ["CLOUDFLARE_ACCOUNT_ID", random.hex(32)],
      () => ["CF_ZONE_ID", random.hex(32)],
      () => ["TWILIO_ACCOUNT_SID", `AC${random.hex(32)}`],
      () => [named(random, "INSTANCE_ID"), random.uuid()],
      () => [named(random, "REQUEST_ID"), random.uuid()],
      () => ["CLUSTER_UUID", random.uuid()],
      () => ["KAFKA_CLUSTER_ID", random.base64url(16)],
      () => ["EC2_INSTANCE_ID", `i-0${random.hex(16)}`],
      () => ["SUBNET_ID", `subnet-0${random.hex(16)}`],
      () => ["VPC_SECURITY_GROUPS", `sg-0${random.hex(16)},sg-0${random.hex(16)}`],
      () => ["COGNITO_USER_POOL_ID", `eu-west-1_${random.of("n", 9)}`],
      () => ["COGNITO_CLIENT_ID", random.of("a", 26)],
      () => ["SLACK_CHANNEL_ID", `C0${random.of("A", 9)}`],
      () => ["DISCORD_GUILD_ID", random.of("d", 18)],
      () => ["TELEGRAM_CHAT_ID", `-100${random.of("d", 10)}`],
      () => ["AWS_ROLE_ARN", `arn:aws:iam::${random.of("d", 12)}:role/deploy`],
      () => ["KMS_KEY_ID", random.uuid()],
      () => ["VERCEL_PROJECT_ID", `prj_${random.of("n", 28)}`],
      () => ["STRIPE_PRICE_ID", `price_1${random.of("n", 23)}`],
      () => ["STRIPE_ACCOUNT", `acct_1${random.of("n", 15)}`],
      () => ["MONGO_OBJECT_ID", random.hex(24)],
      () => ["ULID", `01${random.of("A", 24)}`],
      () => ["TRACEPARENT", `00-${random.hex(32)}-${random.hex(16)}-01`],
      () => ["CONTAINER_ID", random.hex(64)],
      () => ["MACHINE_ID", random.hex(32)],
      () => ["SENTRY_PROJECT", random.of("d", 7)],
      () => ["APPLE_TEAM_ID", random.of("A", 10)],
      () => ["AUTH0_CLIENT_ID", random.of("n", 32)],
      () => ["GITHUB_APP_ID", random.of("d", 6)],
      () => ["ETH_CONTRACT_ADDRESS", `0x${random.hex(40)}`],
      () => ["OKTA_CLIENT_ID", `0oa${random.of("n", 17)}`],
    ]);
    return () => env(random, ...next()());
  },
};

export const PUBLIC: readonly Kind[] = [keys, publishable, digests, ids];
