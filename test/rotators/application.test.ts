import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotator } from "../../src/rotators/application/index.ts";
import { evidenceOf } from "./evidence.ts";

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
const target = (name: string, value: string, beside: { readonly [name: string]: string } = {}) =>
  rotator.target(evidenceOf(name, value, beside));

/** A new value for an old one, and its public half. */
function made(value: string) {
  const at: RotationTarget = {
    ...{ rotator: "application", at: null, login: "", database: "", pair: null, previous: null, details: {} },
  };
  const next = rotator.make?.({ id: null, secret: Secret.of(value) }, at);
  if (next === undefined) throw new Error("nothing was made");
  expect(next.secret.exposeText()).not.toBe(value);
  return { text: next.secret.exposeText(), publicKey: next.id };
}

describe("what it takes", () => {
  test.each([
    ["APP_KEY", `base64:${randomBytes(32).toString("base64")}`, {}, "Laravel APP_KEY", "APP_PREVIOUS_KEYS"],
    ["APP_KEY", hex(16), {}, "application key", null],
    ["SECRET_KEY_BASE", hex(64), {}, "Rails secret_key_base", null],
    ["DJANGO_SECRET_KEY", hex(25), {}, "Django or Flask SECRET_KEY", null],
    ["SECRET_KEY", hex(25), { SECRET_KEY_FALLBACKS: "" }, "Django or Flask SECRET_KEY", "SECRET_KEY_FALLBACKS"],
    ["API_JWT_SECRET", hex(32), {}, "JWT secret", null],
    ["NEXTAUTH_SECRET", randomBytes(32).toString("base64"), {}, "session secret", null],
    ["WORDPRESS_NONCE_SALT", hex(20), {}, "WordPress key or salt", null],
  ])("%s: %s", (name, value, beside, kind, previous) => {
    expect(target(name, value, beside)).toMatchObject({
      at: null,
      details: { kind },
      previous: previous === null ? null : { variable: previous, separator: "," },
    });
  });

  test.each([
    ["STRIPE_SECRET_KEY", {}],
    ["SLACK_SIGNING_SECRET", {}],
    ["TAILSCALE_AUTH_KEY", {}],
    ["PUSHER_APP_KEY", {}],
    ["APP_SECRET_KEY", { APP_ACCESS_KEY: "x" }],
    ["DB_PASSWORD", {}],
  ])("%s is a vendor's or another's", (name, beside) => {
    expect(target(name, hex(20), beside)).toBeNull();
  });

  test.each([
    ["APP_ENCRYPTION_KEY", {}, /encrypts data/],
    ["RAILS_MASTER_KEY", {}, /rails credentials:edit/],
    ["JWT_SECRET", { ANON_KEY: "x" }, /others hold/],
  ])("%s is left to people", (name, beside, why) => {
    expect(target(name, hex(20), beside)).toMatch(why);
  });

  test("JSON is a form that is not made", () => {
    expect(target("JWT_SECRET", '{"kty":"oct"}')).toBe("is of a form that is not made here");
  });
});

describe("what it makes", () => {
  test.each([
    ["hex, as long", hex(64), /^[0-9a-f]{128}$/],
    ["upper-case hex", `A${hex(20).toUpperCase().slice(1)}`, /^[0-9A-F]{40}$/],
    ["hex that was too short", hex(12), /^[0-9a-f]{32}$/],
    ["Laravel's", `base64:${randomBytes(32).toString("base64")}`, /^base64:[A-Za-z0-9+/]{43}=$/],
    ["base64", randomBytes(32).toString("base64"), /^[A-Za-z0-9+/]{43}=$/],
    ["base64url", `${hex(8)}-_${hex(12)}`, /^[A-Za-z0-9][\w-]{41}$/],
    ["a UUID", randomUUID(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["what a person typed", `${hex(2)} $#'x`, /^[A-Za-z][A-Za-z0-9]{47}$/],
  ])("%s", (_, value, expected) => {
    expect(made(value)).toEqual({ text: expect.stringMatching(expected), publicKey: null });
  });

  test.each([
    ["rsa", "pkcs1", () => generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["ec", "sec1", () => generateKeyPairSync("ec", { namedCurve: "secp384r1" })],
    ["ec", "pkcs8", () => generateKeyPairSync("ec", { namedCurve: "prime256v1" })],
    ["ed25519", "pkcs8", () => generateKeyPairSync("ed25519")],
  ] as const)("a private key: %s in %s, and its public half", (type, form, pair) => {
    const old = pair().privateKey;
    const pem = old.export({ type: form, format: "pem" } as { type: "pkcs8"; format: "pem" }).toString();
    for (const value of [pem, pem.trimEnd(), pem.trimEnd().replaceAll("\n", "\\n")]) {
      const { text, publicKey } = made(value);
      const plain = text.replaceAll("\\n", "\n");
      expect(plain.split("\n", 1)).toEqual(pem.split("\n", 1));
      expect([text.includes("\n"), text.includes("\\n"), text.endsWith("\n")]).toEqual([
        value.includes("\n"),
        value.includes("\\n"),
        value.endsWith("\n"),
      ]);
      const read = createPublicKey(plain);
      expect(read.asymmetricKeyType).toBe(type);
      expect(read.asymmetricKeyDetails).toEqual(old.asymmetricKeyDetails);
      expect(read.equals(createPublicKey(publicKey?.replaceAll("\\n", "\n") ?? ""))).toBe(true);
    }
  });

  test("a signing key's public half is the variable beside it", () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(target("JWT_PRIVATE_KEY", pem, { JWT_PUBLIC_KEY: "x" })).toMatchObject({ pair: "JWT_PUBLIC_KEY" });
  });
});
