import { describe, expect, test } from "vitest";
import { explain, kit, ruleById, rules, type Example, type Rule } from "../../src/detect/index.ts";
import { families } from "../../src/detect/rules/index.ts";
import { askExample } from "./ask.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const made = (rule: Rule, kind: "examples" | "counterExamples"): readonly Example[] =>
  SEEDS.flatMap((seed) => rule[kind](kit(seed)));

/** What a rule does to an example: `secret` at medium or more, `public` when the rule cleared it, else `nothing`. */
function effect(rule: Rule, example: Example): "secret" | "public" | "nothing" {
  const verdict = askExample(example);
  if (verdict.secret) return verdict.score >= 0.6 ? "secret" : "nothing";
  return verdict.rule === rule.id ? "public" : "nothing";
}

describe("the table of rules", () => {
  test("ids are unique and plain", () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    expect(rules.filter((rule) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(rule.id))).toEqual([]);
  });

  test("every rule has a description and a reference; a pattern has keywords in lower case", () => {
    const typed = rules.filter((rule) => rule.pattern !== null);
    expect(rules.filter((rule) => !rule.reference.startsWith("https://") || rule.description.length < 6)).toEqual([]);
    expect(typed.filter((rule) => rule.keywords.length === 0 && rule.lengths === null)).toEqual([]);
    expect(rules.flatMap((rule) => rule.keywords).filter((word) => word !== word.toLowerCase())).toEqual([]);
    expect(typed.length).toBeGreaterThan(250);
  });

  test.each(rules.map((rule) => [rule.id, rule] as const))("%s fires on its examples", (_id, rule) => {
    const effects = made(rule, "examples").map((example) => effect(rule, example));
    expect(effects).toEqual(effects.map(() => (rule.publishable ? "public" : "secret")));
  });

  test.each(rules.map((rule) => [rule.id, rule] as const))("%s does not fire on its counter-examples", (_id, rule) => {
    const fired = made(rule, "counterExamples").filter((example) => askExample(example).rule === rule.id);
    expect(fired).toEqual([]);
  });

  test("typed rules name themselves; where two vendors share a shape, the surer one answers", () => {
    const typed = rules.filter((rule) => rule.pattern !== null && !rule.publishable);
    const other = typed.filter((rule) =>
      made(rule, "examples").some((example) => askExample(example).rule !== rule.id),
    );
    expect(other.map((rule) => rule.id)).toEqual(["notification-url"]);
  });

  test("a rule is told with an example that is made up each time", () => {
    const rule = ruleById("github-token");
    expect(rule && explain(rule)).toMatchObject({ id: "github-token", vendor: "GitHub", verdict: "secret" });
    expect(ruleById("no-such-rule")).toBeNull();
  });
});

describe("marks that vendors built into their tokens", () => {
  const make = kit(11);
  const first = (id: string): string => {
    const example = ruleById(id)?.examples(make)[0];
    return typeof example === "string" ? example : (example?.value ?? "");
  };
  /** Another letter or digit of the same alphabet, so that only the checksum can tell. */
  const spoiled = (text: string): string => {
    const at = text.length - 12;
    const other = /[qQ]/.test(text.charAt(at)) ? "p" : "q";
    return text.slice(0, at) + (/[a-z]/.test(text) ? other : other.toUpperCase()) + text.slice(at + 1);
  };

  test.each([
    "github-token",
    "npm-token",
    "netbird-token",
    "gitlab-routable-token",
    "bitbucket-app-password",
    "bitbucket-access-token",
    "atlassian-api-token",
    "age-secret-key",
    "nostr-secret-key",
    "sui-private-key",
    "extended-private-key",
  ])("%s: a right checksum proves it, a wrong one only looks like it", (id) => {
    const token = first(id);
    expect(askExample(token)).toMatchObject({ secret: true, rule: id, score: 0.99 });
    const wrong = askExample(spoiled(token));
    expect(wrong.secret).toBe(true);
    expect(wrong.score).toBeLessThan(0.97);
  });

  test("base64 that only begins like a token, a key or a key pair is none", () => {
    const loose = [
      Buffer.from(`reftkn:xx:${make.base62(38)}`).toString("base64"),
      Buffer.from(make.pem("CERTIFICATE")).toString("base64"),
      JSON.stringify({ kty: "RSA", n: make.urlsafe(342), e: "AQAB", kid: "d", use: "sig" }),
    ];
    expect(loose.filter((value) => askExample({ name: "THING", value }).score >= 0.6)).toEqual([]);
  });

  test("what the documentation shows to everyone is not alarmed about", () => {
    const emulator = `AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFl${make.base62(70)}==`;
    expect(askExample({ name: "THING", value: emulator }).rule).not.toBe("azure-account-key");
    const join = ["abcdef", make.hex(16)].join(".");
    expect(askExample({ name: "KUBEADM_JOIN_TOKEN", value: join }).rule).not.toBe("kubernetes-bootstrap-token");
  });

  test("the newer forms of known tokens are known", () => {
    expect(askExample(`ghs_${make.digits(6)}_${make.jwt()}`).rule).toBe("github-app-token");
    expect(askExample(`acme-glpat-${make.urlsafe(20)}`).rule).toBe("gitlab-token");
    expect(askExample(`cfat_${make.urlsafe(40)}${make.hex(8)}`).rule).toBe("cloudflare-scannable-token");
    expect(askExample(`FlyV1 fm2_${make.base62(300)},fm2_${make.base62(200)}`).rule).toBe("fly-token");
    expect(askExample(`vcr_${make.base62(56)}`).rule).toBe("vercel-token");
  });

  test("a vendor's name over another shape, and a vendor's shape under another name, prove nothing", () => {
    const uuid = make.uuid();
    for (const name of ["THING", "AZURE_TENANT_ID", "RAILWAY_PROJECT_ID", "SNYK_ORG_ID", "SCW_DEFAULT_PROJECT_ID"]) {
      expect(askExample({ name, value: uuid }).secret).toBe(false);
    }
    for (const name of ["BUILD_REVISION", "GITHUB_SHA", "SONAR_SCANNER_SHA1"]) {
      expect(askExample({ name, value: make.hex(40) }).secret).toBe(false);
    }
    expect(askExample({ name: "PACKET_ROUTING_KEY", value: "orders-and-invoices-of-today" }).rule).not.toBe(
      "hosting-token",
    );
  });

  test("a prefix before words is no token", () => {
    const words = "user service deploy config build release image cache worker queue".split(" ");
    const own = ["keys", "cloud", "vcs", "ci", "infra", "registries", "databases"].map((name) => families[name] ?? []);
    const typed = own.flat().filter((rule) => rule.pattern !== null && rule.names === null);
    expect(typed.length).toBeGreaterThan(100);
    const loud = typed.filter((rule) =>
      rule.prefixes.some((prefix) =>
        [1, 3, 7, 9].some((step) =>
          ["-", "_", "", "-2"].some((mark) => {
            const phrase = words.map((_, at) => words[(at * step) % words.length]).slice(0, 3 + step);
            return (
              askExample(prefix + phrase.join(mark.replace("2", "")) + (mark === "-2" ? "2" : "")).rule === rule.id
            );
          }),
        ),
      ),
    );
    expect(loud.map((rule) => rule.id)).toEqual([]);
  });
});
