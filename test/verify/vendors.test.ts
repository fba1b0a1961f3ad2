import { describe, expect, test } from "vitest";
import { ruleById, rules } from "../../src/detect/rules/index.ts";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { ENDPOINTS, verifiable, verify, verifyAll, type Liveness, type VerifyOptions } from "../../src/verify/index.ts";
import { UNTOLD, VENDORS } from "../../src/verify/vendors/index.ts";
import { listening, replying, withDouble, type Double, type Reply } from "./double.ts";
import { itemOf, made, SAMPLES, type Made, type Sample } from "./samples.ts";

const never = new AbortController().signal;

function options(endpoints: VerifyOptions["endpoints"], timeoutMs = 60_000): VerifyOptions {
  return { timeoutMs, concurrency: 4, endpoints, env: {} };
}

/** What `why` would have to be if it held the value, or a piece of it, in any form. */
function expectNoValue({ why }: Liveness, { part, others }: Made): void {
  const redactor = new Redactor();
  for (const value of [part, ...others]) redactor.know(Secret.of(value));
  expect(redactor.foreign(why)).toBe(why);
}

const ODD: Reply = { status: 418, body: "{" };

const ALL = VENDORS.map(({ id, name }) => ({ id, name, sample: SAMPLES[id] as Sample }));

type Asked = { readonly said: Liveness; readonly received: readonly string[] };

async function askAt(double: Promise<Double>, id: string, secret: Made, timeoutMs?: number): Promise<Asked> {
  return withDouble(double, async ({ url, received }) => {
    const said = await verify(secret.item, options({ [id]: url }, timeoutMs), never);
    expectNoValue(said, secret);
    return { said, received };
  });
}

describe.each(ALL)("$id", ({ id, name, sample }) => {
  const secret = made(sample);
  const ask = (double: Promise<Double>, timeoutMs?: number): Promise<Asked> => askAt(double, id, secret, timeoutMs);

  test("live", async () => {
    expect(verifiable(secret.item)).toBe(true);
    const { said, received } = await ask(replying(sample.live));
    expect(said).toEqual({ state: "live", why: expect.stringContaining(`${name} accepts it (`) as string });
    expect(received).toHaveLength(1);
    expect(received[0]?.startsWith(sample.asks)).toBe(true);
  });

  test("dead, and asked once", async () => {
    const { said, received } = await ask(replying(sample.dead));
    expect(said.state).toBe(sample.doubtful ? "unknown" : "dead");
    expect(said.why).toContain(`${name} refuses it (`);
    expect(received).toHaveLength(1);
  });

  test("an answer that says neither", async () => {
    expect((await ask(replying(ODD))).said.state).toBe("unknown");
  });

  test("a redirect is not followed", async () => {
    await withDouble(replying(sample.live), async (thief) => {
      for (const status of [301, 302, 307, 308]) {
        const { said } = await ask(replying({ status, headers: { location: `${thief.url}/user` } }));
        expect(said).toEqual({ state: "unknown", why: expect.stringContaining("not followed") as string });
      }
      expect(thief.received).toEqual([]);
    });
  });

  test("silence, a closed connection, and no end of a body", async () => {
    const silent = await ask(
      listening(() => {}),
      150,
    );
    expect(silent.said).toEqual({ state: "unknown", why: `${name}: no answer within 0.2 s` });
    const closed = await ask(listening((request) => request.socket.destroy()));
    expect(closed.said).toEqual({ state: "unknown", why: `${name}: it closed the connection without an answer` });
    let written = 0;
    const endless = await ask(
      listening((_, response) => {
        response.writeHead(ODD.status);
        const more = (): void => {
          while (!response.destroyed && written < 100_000_000 && response.write("x".repeat(65_536))) written += 65_536;
        };
        response.on("drain", more);
        more();
      }),
    );
    expect(endless.said.state).toBe("unknown");
    expect(written).toBeLessThan(50_000_000);
  });

  test("asked to wait: once more, when it is not for long", async () => {
    const busy = { status: 429, headers: { "retry-after": "0" } };
    const again = await ask(replying(busy, sample.live));
    expect(again.said.state).toBe("live");
    expect(again.received).toHaveLength(2);
    const broken = await ask(replying({ ...busy, status: 503 }));
    expect(broken.said).toEqual({ state: "unknown", why: `${name} has an internal error (503)` });
    expect(broken.received).toHaveLength(2);
    const long = await ask(replying({ status: 429, headers: { "retry-after": "3600" } }));
    expect(long.said).toEqual({ state: "unknown", why: `${name} asks to wait (429)` });
    expect(long.received).toHaveLength(1);
  });
});

test.each(ALL.filter(({ sample }) => sample.limited !== undefined))(
  "$id: known, but not allowed to ask",
  async ({ id, sample }) => {
    const { said } = await askAt(replying(sample.limited as Reply), id, made(sample));
    expect(said).toEqual({ state: "live", why: expect.stringContaining("too few rights") as string });
  },
);

test("every vendor has a sample and real rules, and its own servers are https", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual([...ENDPOINTS].sort());
  expect(VENDORS.flatMap(({ rules }) => rules).filter((rule) => ruleById(rule) === null)).toEqual([]);
  expect(Object.keys(UNTOLD).filter((rule) => ruleById(rule) === null)).toEqual([]);
  for (const { bases } of VENDORS) {
    const urls = bases({ part: "", name: "", beside: () => null });
    expect(urls.length).toBeGreaterThan(0);
    expect(urls.filter((url) => !/^https:\/\/[a-z0-9.-]+(?:\/[a-z0-9/]+)?$/.test(url))).toEqual([]);
  }
});

test("each secret reaches its own vendor and no other", async () => {
  const doubles = new Map<string, Double>();
  try {
    for (const { id } of VENDORS) doubles.set(id, await replying((SAMPLES[id] as Sample).live));
    const endpoints = Object.fromEntries([...doubles].map(([id, { url }]) => [id, url]));
    const secrets = VENDORS.map(({ id }, seed) => ({ id, ...made(SAMPLES[id] as Sample, seed + 10) }));
    const said = await verifyAll(
      secrets.map(({ item }) => item),
      options(endpoints),
      never,
      () => {},
    );
    expect(said.filter(({ state }) => state !== "live")).toEqual([]);
    for (const { id, part } of secrets) {
      const got = [...doubles].filter(([, { received }]) => received.some((text) => holds(text, part)));
      expect(got.map(([to]) => to)).toEqual([id]);
    }
  } finally {
    for (const double of doubles.values()) await double.stop();
  }
});

/** As it is, in JSON, or as the password of HTTP Basic. A webhook's address arrives as its path. */
function holds(text: string, part: string): boolean {
  const login = /authorization: Basic (\S+)/.exec(text)?.[1] ?? "";
  return (
    text.includes(part.replace(/^https:\/\/[^/]+/, "")) || Buffer.from(login, "base64").toString().endsWith(`:${part}`)
  );
}

test("a server of one's own: the vendor is not asked when another variable names one", async () => {
  const { part } = made(SAMPLES["github"] as Sample);
  const item = itemOf("github-token", "GH_TOKEN", part, { GITHUB_API_URL: "https://ghe.example.org/api/v3" });
  const said = await verify(item, options({}), never);
  expect(said).toEqual({
    state: "unknown",
    why: 'another variable names a server that is not GitHub\'s: give it as the endpoint "github"',
  });
  await withDouble(replying((SAMPLES["github"] as Sample).live), async ({ url, received }) => {
    expect((await verify(item, options({ github: `${url}/api/v3/` }), never)).state).toBe("live");
    expect(received[0]).toMatch(/^GET \/api\/v3\/user\n/);
  });
});

test.each([
  ["docker-hub-token", "DOCKER_TOKEN", {}, "needs the Docker Hub user name beside it (DOCKERHUB_USERNAME)"],
  [
    "docker-hub-token",
    "DOCKER_TOKEN",
    { DOCKER_USER: "1000" },
    "needs the Docker Hub user name beside it (DOCKERHUB_USERNAME)",
  ],
  ["twilio-auth-token", "TWILIO_AUTH_TOKEN", {}, "needs the account's SID beside it (TWILIO_ACCOUNT_SID)"],
  ["aws-access-key-id", "AWS_ACCESS_KEY_ID", {}, "needs the secret access key beside it"],
  ["aws-secret-access-key", "AWS_SECRET_ACCESS_KEY", {}, "needs the access key id beside it"],
  ["slack-webhook", "HOOK", {}, "a Slack webhook can be tried only by posting to it"],
  ["google-api-key", "KEY", {}, "Google has no call that checks a key without using one of its services"],
  ["vault-token", "VAULT_TOKEN", {}, "there is no check for this kind of secret"],
] as const)("%s with %o: says what is missing, and asks nobody", async (rule, name, others, why) => {
  const example = exampleOf(rule);
  expect(await verify(itemOf(rule, name, example, others), options({}), never)).toEqual({ state: "unknown", why });
});

test.each([
  ["stripe-key", "CLERK_SECRET_KEY", "sk_live_", 42],
  ["openai-legacy-key", "DEEPSEEK_API_KEY", "sk-", 32],
  ["notion-token", "APP_TOKEN", "secret_", 43],
])("%s under another's name is not sent to the vendor that writes the same prefix", (rule, name, prefix, length) => {
  const value = prefix + exampleOf("openrouter-key").slice(-length);
  expect(verifiable(itemOf(rule, name, value))).toBe(false);
});

test("no vendor's entry claims a kind that is made to be public", () => {
  const open = new Set(rules.filter(({ publishable }) => publishable).map(({ id }) => id));
  expect(VENDORS.flatMap(({ rules }) => rules).filter((rule) => open.has(rule))).toEqual([]);
});

function exampleOf(rule: string): string {
  return made({ rule, part: undefinedPart(rule), live: ODD, dead: ODD, asks: "" }).part;
}

function undefinedPart(rule: string): NonNullable<Sample["part"]> {
  return (make) => {
    const [example] = ruleById(rule)?.examples(make) ?? [];
    return typeof example === "string" ? example : (example?.value ?? "");
  };
}
