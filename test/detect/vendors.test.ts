import { describe, expect, test } from "vitest";
import { kit, ruleById } from "../../src/detect/index.ts";
import { families } from "../../src/detect/rules/index.ts";
import { alarms, ask, askExample } from "./ask.ts";

const SEEDS = Array.from({ length: 40 }, (_, at) => at * 7 + 3);
const WORDS = "user service deploy config build release image cache worker queue login profile backend live test".split(
  " ",
);
const phrase = (seed: number, mark: string): string =>
  Array.from({ length: 3 + (seed % 3) }, (_, at) => WORDS[(seed * (at + 3)) % WORDS.length]).join(mark);

describe("what no vendor's rule may take for a key", () => {
  test.each(SEEDS)("digests, ids, pictures and words (%i)", (seed) => {
    const make = kit(seed);
    const values = [
      ...[7, 12, 32, 40, 64, 96, 128].map((length) => make.hex(length)),
      make.uuid(),
      `sha256-${make.base64(32)}`,
      `registry.test/app@sha256:${make.hex(64)}`,
      make.base64(900),
      Buffer.from(make.base64(600), "base64").toString("base64url"),
      `data:image/png;base64,iVBORw0KGgo${make.base64(900)}`,
      phrase(seed, "-"),
      phrase(seed, "_"),
      phrase(seed, ""),
    ];
    expect(values.filter((value) => alarms("THING", value))).toEqual([]);
  });

  const bought = ["ai", "payments", "messaging", "monitoring", "work", "saas"].flatMap((name) => families[name] ?? []);
  const prefixes = [...new Set(bought.filter((rule) => rule.names === null).flatMap((rule) => rule.prefixes))];
  test.each(SEEDS)("a prefix before words (%i)", (seed) => {
    const loud = prefixes.filter((prefix) => !/[:|~@]/.test(prefix) && alarms("THING", prefix + phrase(seed, "-")));
    expect(loud).toEqual([]);
  });

  test.each(["CACHE_KEY", "PARTITION_KEY", "KEY_ID", "TOKEN_TTL", "SECRET_NAME", "COMMIT_SHA"])(
    "a vendor's name before %s",
    (tail) => {
      const vendors = ["DD", "OKTA", "COHERE", "PAGERDUTY", "SLACK", "ZENDESK", "SPLIT", "MUX", "PLAID", "SENTRY"];
      const make = kit(5);
      const loud = vendors.flatMap((vendor) =>
        [make.hex(32), make.hex(40), make.uuid()].filter((value) => alarms(`${vendor}_${tail}`, value)),
      );
      expect(loud).toEqual([]);
    },
  );
});

describe("a rule's own check", () => {
  const scores = (id: string, name = "THING"): number[] =>
    SEEDS.flatMap((seed) => ruleById(id)?.examples(kit(seed)) ?? []).map((example) => {
      const verdict = askExample(typeof example === "string" ? { name, value: example } : example);
      expect(verdict.rule).toBe(id);
      return verdict.score;
    });

  test.each([
    "openai-key",
    "grafana-api-key",
    "grafana-cloud-token",
    "discord-bot-token",
    "intercom-token",
    "workos-key",
    "neptune-token",
    "miro-token",
    "mapbox-secret-token",
    "supabase-service-role-key",
    "lemonsqueezy-key",
    "calendly-token",
    "monday-token",
  ])("proves %s", (id) => {
    expect(Math.min(...scores(id))).toBe(0.99);
  });

  test("a Grafana token with a wrong checksum is less sure than one with the right one", () => {
    const [right, wrong] = scores("grafana-service-account-token");
    expect([right, wrong]).toEqual([0.99, 0.88]);
  });

  test("text that only begins like base64 of a vendor's document is none", () => {
    const make = kit(3);
    for (const start of ["eyJrIjoi", "dG9rO", "eyJhcGlfYWRkcmVzcyI6"]) {
      expect(ask("THING", start + make.base62(80)).rule).not.toMatch(/grafana|intercom|neptune/);
    }
  });
});

describe("which of two vendors with one prefix", () => {
  const make = kit(12);
  test.each([
    ["stripe-key", "THING", `sk_live_${make.base62(24)}`],
    ["paystack-key", "THING", `sk_live_${make.hex(40)}`],
    ["uploadthing-token", "THING", `sk_live_${make.hex(64)}`],
    ["clerk-key", "CLERK_SECRET_KEY", `sk_live_${make.base62(42)}`],
    ["elevenlabs-key", "THING", `sk_${make.hex(48)}`],
    ["klaviyo-key", "THING", `pk_${make.hex(34)}`],
    ["clickup-token", "THING", `pk_${make.digits(8)}_${make.base32(32)}`],
    ["lob-key", "THING", `live_${make.hex(35)}`],
    ["deepseek-key", "DEEPSEEK_API_KEY", `sk-${make.hex(32)}`],
  ])("%s", (id, name, value) => {
    expect(ask(name, value).rule).toBe(id);
  });
});

describe("what browsers see", () => {
  const make = kit(21);
  test.each<[string, string, string]>([
    ["STRIPE_PUBLISHABLE_KEY", `pk_live_${make.base62(99)}`, "stripe-publishable-key"],
    ["POSTHOG_KEY", `phc_${make.base62(43)}`, "posthog-project-key"],
    ["MAPBOX_TOKEN", `pk.eyJ${make.base62(70)}.${make.base62(22)}`, "mapbox-public-token"],
    ["DD_CLIENT_TOKEN", `pub${make.hex(32)}`, "datadog-client-token"],
    ["SUPABASE_KEY", make.jwt({ iss: "supabase", ref: make.lower(20), role: "anon", iat: 1 }), "supabase-anon-key"],
    ["RAZORPAY_KEY", `rzp_live_${make.base62(14)}`, "razorpay-key-id"],
    ["LD_MOBILE_KEY", `mob-${make.uuid()}`, "launchdarkly-mobile-key"],
  ])("%s is public", (name, value, id) => {
    const verdict = ask(name, value);
    expect([verdict.secret, verdict.rule]).toEqual([false, id]);
  });

  test("the service role of Supabase is critical, whatever its name", () => {
    const value = make.jwt({ iss: "supabase", ref: make.lower(20), role: "service_role", iat: 1 });
    expect(ask("SUPABASE_ANON_KEY_OLD_1", value)).toMatchObject({ secret: true, severity: "critical" });
  });

  test("a secret beside a Firebase configuration is still found", () => {
    const config = { apiKey: `AIzaSy${make.urlsafe(33)}`, authDomain: "a.firebaseapp.com", projectId: "a" };
    expect(alarms("FIREBASE_CONFIG", JSON.stringify(config))).toBe(false);
    expect(alarms("FIREBASE_CONFIG", JSON.stringify({ ...config, password: "hunter22" }))).toBe(true);
  });
});
