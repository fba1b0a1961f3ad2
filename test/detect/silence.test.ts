import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kit, rules } from "../../src/detect/index.ts";
import { ask, masked, urlOf } from "./ask.ts";

const make = kit(7);

const NAMES = ["DB_PASSWORD", "API_KEY", "JWT_SECRET", "BASIC_AUTH", "X", "NPM_TOKEN", "ADMIN_PIN", "CONFIG"];

/** True when four characters in a row of the secret stand in the text. */
function tells(text: string, secret: string): boolean {
  const all = text.toLowerCase();
  const low = secret.toLowerCase();
  if (low.length < 4) return false;
  for (let at = 0; at + 4 <= low.length; at++) if (all.includes(low.slice(at, at + 4))) return true;
  return false;
}

const words = fc.constantFrom(
  "password",
  "secret",
  "token",
  "name says",
  "literal",
  "looks random",
  "PASSWORD",
  "user",
  "hunter2",
  "image",
);
const value = fc.oneof(
  fc.string({ minLength: 1, maxLength: 60 }),
  words,
  fc.tuple(words, words).map((two) => two.join("-")),
);

describe("why", () => {
  test("never holds a piece of a secret that is the whole value, even one that is a word of ours", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES.slice(0, 4)), value, (name, text) => {
        const verdict = ask(name, text);
        if (
          !verdict.secret ||
          verdict.rule === "user-password" ||
          verdict.rule === "assignment" ||
          verdict.rule.startsWith("url")
        )
          return;
        const secret = text.trim();
        for (const line of verdict.why) expect(tells(line, secret)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test.each<[string, (secret: string) => string]>([
    ["DATABASE_URL", (secret) => `postgres://api:${secret}@db/api`],
    ["CONFIG", (secret) => JSON.stringify({ db: { password: secret } })],
    ["CONFIG", (secret) => Buffer.from(JSON.stringify({ smtp: { pass: secret } })).toString("base64")],
    ["ADO", (secret) => `Server=db;User Id=sa;Password=${secret}`],
    ["JAVA_OPTS", (secret) => `-Ddb.password=${secret}`],
    ["BASIC_AUTH", (secret) => `admin:${secret}`],
  ])("never holds a piece of a secret inside %s", (name, wrap) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const secret = kit(seed).base62(14);
        const verdict = ask(name, wrap(secret));
        expect(verdict.secret).toBe(true);
        expect(tells(verdict.why.join("\n"), secret)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test("does not tell a key of a document that is itself a token", () => {
    const token = `ghp_${make.base62(36)}`;
    const verdict = ask("CONFIG", JSON.stringify({ [token]: { password: "hunter22" } }));
    expect(verdict.secret).toBe(true);
    expect(tells(verdict.why.join("\n"), token.slice(4))).toBe(false);
  });

  test("shows the way through the layers", () => {
    const wrapped = Buffer.from(JSON.stringify({ db: { password: "hunter22" } })).toString("base64");
    expect(ask("CONFIG", wrapped).why.slice(0, 2)).toEqual(["base64 → json → db.password", "name says PASSWORD"]);
  });
});

describe("mask", () => {
  test("shows a vendor's public prefix and no more", () => {
    expect(masked("A", `ghp_${make.base62(36)}`)).toBe("ghp_••••••••");
    expect(masked("A", `sk_live_${make.base62(24)}`)).toBe("sk_live_••••••••");
    expect(masked("DB_PASSWORD", "hunter2")).toBe("••••••••");
    expect(masked("DB_PASSWORD", "x".repeat(300))).toBe("••••••••");
  });

  test("shows a URL without its password, unless the rest repeats it", () => {
    expect(masked("DATABASE_URL", `postgres://api:${make.base62(14)}@db:5432/api?sslmode=off&token=abc`)).toBe(
      "postgres://api:••••@db:5432/api",
    );
    expect(masked("DATABASE_URL", urlOf("postgres", "postgres", "postgres", "postgres/postgres"))).toBe("••••••••");
    expect(masked("DATABASE_URL", urlOf("amqp", "guest", "guest", "mq//"))).toBe("••••••••");
    expect(masked("REMOTE", `https://${make.base62(32)}:x-oauth-basic@git.example.org/a`)).toBe("••••••••");
    expect(
      masked("A", `https://hooks.slack.com/services/T${make.base32(8)}/B${make.base32(10)}/${make.base62(24)}`),
    ).toBe("••••••••");
  });

  test("never reveals a piece of any rule's example beyond its prefix", () => {
    const prefixes = rules.flatMap((rule) => rule.prefixes);
    const shown = rules
      .flatMap((rule) => rule.examples(kit(11)))
      .map((example) => (typeof example === "string" ? { value: example } : example))
      .map(({ name = "A", value }: { name?: string; value: string }) => masked(name, value));
    const allowed = new Set(["", ...prefixes].map((prefix) => `${prefix}••••••••`));
    const more = ["postgres://api:••••@db:5432/api", "redis-server --requirepass ••••"];
    expect(shown.filter((text) => !allowed.has(text))).toEqual(more);
  });

  test("has the same length whatever the value's", () => {
    const same = (text: string): boolean => /^.{0,24}•{8}$/u.test(masked("DB_PASSWORD", text.replaceAll(":", "")));
    expect(fc.check(fc.property(fc.string({ minLength: 1, maxLength: 40 }), same)).failed).toBe(false);
  });

  test("of a URL never holds four characters in a row of its password", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{4,12}$/),
        fc.constantFrom("api", "postgres", "guest"),
        fc.constantFrom("db", "redis.example.org"),
        (secret, user, host) => {
          const shown = masked("URL", `postgres://${user}:${secret}@${host}/app`);
          expect(shown.includes(secret)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});
