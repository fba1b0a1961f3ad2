import { describe, expect, test } from "vitest";
import { rotationFor, rules } from "../../src/detect/index.ts";
import { HOW } from "../../src/detect/rotation/how.ts";
import { AT_SERVICE } from "../../src/detect/rotation/services.ts";
import { rotationKey } from "../../src/model/secret-service.ts";
import { PAGE_BY_RULE, PAGE_BY_VENDOR } from "../../src/detect/rotation/pages.ts";

const all = rules.map((rule) => ({ rule, ...rotationFor(rule.id) }));

describe("rotation advice", () => {
  test("every rule has a whole sentence, and no placeholder in it", () => {
    const wrong = all.filter(
      ({ text }) =>
        !/^[A-Z].{20,300}\.$/.test(text) || /\b(?:todo|tbd|fixme|example|various|undefined|null)\b/i.test(text),
    );
    expect(wrong).toEqual([]);
  });

  test("a page is https at a named host, with no login, and none of an example", () => {
    const urls = [
      ...all.flatMap(({ url }) => url ?? []),
      ...Object.values(PAGE_BY_RULE),
      ...Object.values(PAGE_BY_VENDOR),
    ];
    for (const url of new Set(urls)) {
      const { protocol, hostname, username, port, href } = new URL(url);
      expect({ protocol, username, port }, url).toEqual({ protocol: "https:", username: "", port: "" });
      expect(hostname, url).toMatch(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
      expect(hostname, url).not.toMatch(/example|localhost|\.test$/);
      expect(href, url).not.toMatch(/[{}<>…]|\.\.\//);
    }
  });

  test("a password's is for the service that its URL, or its name, shows", () => {
    const of = (name: string, masked = "••••••••", rule = "password"): string => rotationKey({ rule, name, masked });
    expect(of("REDIS_URL", "redis://:••••@cache:6379", "url-password")).toBe("url-password:redis");
    expect(of("DATABASE_URL", "mysql+pymysql://u:••••@db/x", "url-password")).toBe("url-password:mysql");
    expect(of("REDIS_URL", "postgres://u:••••@db/x", "url-password")).toBe("url-password:postgresql");
    expect(of("REPO", "https://u:••••@git/x", "url-password")).toBe("url-password:other");
    expect(
      ["REDIS_PASSWORD", "PGPASSWORD", "MARIADB_ROOT_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD"].map((one) => of(one)),
    ).toEqual([...["password:redis", "password:postgresql", "password:mysql", "password:mongodb"]]);
    expect([of("DB_PASSWORD"), of("REDIS_TOKEN", "••••••••", "secret")]).toEqual(["password", "secret"]);
    for (const [service, { text, url }] of Object.entries(AT_SERVICE)) {
      expect(text, service).toMatch(/^[A-Z].{20,300}\.$/);
      expect(url ?? "https://", service).toMatch(/^https:\/\//);
    }
    expect(rotationFor("url-password", "redis").text).not.toContain("PostgreSQL");
  });

  test("what is said is said of rules and vendors that there are", () => {
    const ids = new Set(rules.map(({ id }) => id));
    const vendors = new Set(rules.map(({ vendor }) => vendor));
    expect([...HOW.keys(), ...Object.keys(PAGE_BY_RULE)].filter((id) => !ids.has(id))).toEqual([]);
    expect(Object.keys(PAGE_BY_VENDOR).filter((vendor) => !vendors.has(vendor))).toEqual([]);
    expect(all.filter(({ rule, url }) => !rule.publishable && url !== null).length).toBeGreaterThan(250);
  });

  test("who issues nothing is not named as the issuer", () => {
    // Formats, standards and frameworks: a new one comes from nobody's console.
    const formats =
      /^(?:PEM|PuTTY|JOSE|Java|JWT|Flask|SAS|crypt|Kerberos|cryptography|Web Push|OATH|age|Rails|Django|Netscape|Bitcoin|Ethereum|Nostr|shoutrrr|Matrix|LoRa.*|MySQL.*|OpenVPN|WireGuard|Laravel)$/;
    const named = all.filter(({ rule, text }) => formats.test(rule.vendor) && text.startsWith("Issue a new one"));
    expect(named.map(({ rule }) => rule.id)).toEqual([]);
  });

  test.each([
    ["stripe-key", /new one at Stripe/, "https://docs.stripe.com/keys-best-practices"],
    [
      "url-password",
      /ALTER ROLE … PASSWORD.*Vault's database secrets engine/,
      "https://developer.hashicorp.com/vault/docs/secrets/databases",
    ],
    ["hosting-token", /at the service that it is for/, null],
    ["high-entropy", /at the service that it is for/, null],
    ["a-rule-of-ones-own", /at the service that it is for/, null],
    ["constructor", /at the service that it is for/, null],
    ["sentry-token", /new one at Sentry/, "https://docs.sentry.io/account/auth-tokens/"],
    ["private-key", /^Create a new key pair/, null],
  ])("%s", (id, text, url) => {
    expect(rotationFor(id)).toEqual({ text: expect.stringMatching(text) as string, url });
  });
});
