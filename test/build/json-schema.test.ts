import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { providers } from "../../providers/index.ts";
import { configJsonSchema } from "../../src/build/json-schema.ts";
import { parseConfig } from "../../src/core/config/file.ts";
import { loadOwnRules } from "../../src/detect/own/index.ts";
import { map, parse } from "../../src/kit/schema/index.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { channels } from "../../src/notify/index.ts";

type Node = { readonly [keyword: string]: unknown };

const shipped = (await configJsonSchema()) as Node;
const valid = new Ajv2020({ strict: false, unicodeRegExp: true }).compile(shipped);

/** What the program refuses beyond the shape: each is a relation, a time or a place that JSON Schema cannot word. */
const BEYOND: readonly RegExp[] = [
  /a password in its address/,
  /has certPath beside context/,
  /has a certPath that cannot be used/,
  /fingerprint is not one/,
  /until is not a date/,
  /metrics\.listen must be an address and a port/,
  /is not a schedule/,
  /has both every and cron/,
  /is not in whole minutes|every: not a duration/,
  /pattern is missing|secretGroup without a pattern|allow says nothing|empty stop word/,
  // A rule is compiled.
  /\(.*\): |is already taken|there is no rule/,
];

/** Null when it is accepted, as far as nothing but the configuration is looked at. */
async function refusal(config: unknown): Promise<string | null> {
  try {
    const { config: read, top } = await parseConfig(JSON.stringify(config), "unsprawl.yaml", []);
    for (const [name, { provider, keys }] of read.stores) {
      const module = Object.hasOwn(providers, provider) ? await providers[provider]?.() : undefined;
      if (module === undefined) return `stores.${name}: unknown provider`;
      parse(map(module.provider.settings), keys, "", `stores.${name}`);
    }
    for (const [name, { kind, keys }] of read.notify) {
      const channel = Object.hasOwn(channels, kind) ? await channels[kind]?.() : undefined;
      if (channel === undefined) return `notify.${name}: unknown kind`;
      parse(map(channel.settings), keys, "", `notify.${name}`);
    }
    const own = (top["rules"] as { readonly own?: unknown } | null | undefined)?.own;
    await loadOwnRules({ own, files: [], dir: ".", configFile: "unsprawl.yaml" });
    return null;
  } catch (error) {
    if (error instanceof UnsprawlError) return error.message;
    throw error;
  }
}

/** Whatever is of the wrong kind in most places. */
const ODD = fc.constantFrom<unknown>(0, 5, -1, 2.5, "", "text", "15m", true, null, [], ["a"], [5], {}, { a: 1 });
const NAME = fc.constantFrom("a", "web-1", "has space", "constructor", "");

/** Values that this part of the schema takes, mostly. */
function near(node: Node): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: right(node) }, { weight: 1, arbitrary: ODD });
}

function right(node: Node): fc.Arbitrary<unknown> {
  const { anyOf, enum: options, type, properties, additionalProperties, items, required = [] } = node;
  if ("const" in node) return fc.constant(node["const"]);
  if (Array.isArray(options)) return fc.constantFrom(...(options as unknown[]));
  if (Array.isArray(anyOf) && properties === undefined) return fc.oneof(...(anyOf as Node[]).map(near));
  if (properties !== undefined) {
    const keys = Object.entries(properties as { readonly [key: string]: Node });
    const known = fc.record(Object.fromEntries(keys.map(([key, one]) => [key, near(one)])), {
      requiredKeys: required as string[],
    });
    const few = fc
      .tuple(
        known,
        fc.subarray(
          keys.map(([key]) => key),
          { maxLength: Math.min(4, keys.length) },
        ),
      )
      .map(([all, some]) =>
        Object.fromEntries(
          Object.entries(all).filter(([key]) => some.includes(key) || (required as string[]).includes(key)),
        ),
      );
    return fc.oneof(
      { weight: 15, arbitrary: few },
      { weight: 1, arbitrary: fc.tuple(few, ODD).map(([all, odd]) => ({ ...all, unknownKey: odd })) },
      { weight: 1, arbitrary: fc.constant({}) },
    );
  }
  const kind = Array.isArray(type) ? (type as unknown[])[0] : type;
  if (kind === "object") return fc.dictionary(NAME, near(additionalProperties as Node), { maxKeys: 2 });
  if (kind === "array") return fc.array(near(items as Node), { maxLength: 3 });
  if (kind === "string") return textOf(node["pattern"]);
  if (kind === "boolean") return fc.boolean();
  if (kind === "integer") return fc.integer({ min: 0, max: 70_000 });
  if (kind === "number") return fc.constantFrom(0, 1, 2, 2.5, 587);
  return ODD;
}

function textOf(pattern: unknown): fc.Arbitrary<string> {
  const some = fc.constantFrom(
    "x",
    "a.prom",
    "15m",
    "docker:",
    "ref+vault://a#/b",
    "0 3 * * *",
    "age1abc",
    "2027-01-31",
  );
  return typeof pattern === "string" ? fc.oneof(fc.stringMatching(new RegExp(pattern, "u")), some) : some;
}

test("what ships calls a configuration valid exactly when the program accepts its shape", async () => {
  const properties = Object.entries(shipped["properties"] as { readonly [key: string]: Node });
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(...properties.map(([key, node]) => near(node).map((value) => ({ [key]: value })))),
      async (config) => {
        const said = await refusal(config);
        if (valid(config) && said === null) accepted++;
        if (!valid(config)) expect(said, JSON.stringify(config)).not.toBeNull();
        else if (said !== null)
          expect(
            BEYOND.some((one) => one.test(said)),
            `${said} ${JSON.stringify(config)}`,
          ).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(300);
});

test.each<[unknown, string]>([
  [{ stores: { v: { provider: "vault", kvVersion: "three" } } }, "stores.v.kvVersion must be 1 or 2"],
  [{ stores: { v: { provider: "vault", address: 5 } } }, "stores.v.address must be text"],
  [{ stores: { s: { provider: "local", file: ["a"] } } }, "stores.s.file must be the name of a file"],
  [{ hosts: { h: { address: 5 } } }, "unsprawl.yaml: hosts.h has no engine address"],
  [{ notify: { n: { kind: "webhook", url: 7 } } }, "notify.n.url must be a line of text"],
  [{ fleet: { sources: "docker" } }, "unsprawl.yaml: fleet.sources must be a list"],
  [{ ignore: [{ reason: 5 }] }, "unsprawl.yaml: ignore[0] names nothing to ignore"],
  [
    { verify: { endpoints: { github: "https://user@host" } } },
    "unsprawl.yaml: verify.endpoints.github must be a URL without a login",
  ],
])("%j is neither valid nor accepted", async (config, message) => {
  expect(valid(config)).toBe(false);
  expect(await refusal(config)).toBe(message);
});

test("each key of the schema says what it is for", () => {
  const mute: string[] = [];
  const look = (node: Node, path: string): void => {
    for (const [key, one] of Object.entries((node["properties"] ?? {}) as { readonly [key: string]: Node })) {
      if (!("const" in one) && typeof one["description"] !== "string") mute.push(`${path}.${key}`);
      look(one, `${path}.${key}`);
    }
    for (const one of [node["items"], node["additionalProperties"], ...((node["anyOf"] ?? []) as unknown[])])
      if (typeof one === "object" && one !== null) look(one as Node, path);
  };
  look(shipped, "");
  expect(mute).toEqual([]);
});
