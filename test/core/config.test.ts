import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig, type Config } from "../../src/core/config/config.ts";
import { NO_TUNING } from "../../src/core/config/tuning.ts";
import { trustFolder } from "../support/world.ts";

let dir: string;
const load = (explicit: string | null = null): Promise<Config> =>
  loadConfig({ XDG_CONFIG_HOME: join(dir, "config") }, join(dir, "project"), explicit);

function put(file: string, text: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
}

const USER = "config/unsprawl/config.yaml";
const PROJECT = "project/unsprawl.yaml";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-config-"));
  mkdirSync(join(dir, "project"));
  trustFolder(join(dir, "config"), join(dir, "project"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const EMPTY = {
  stores: new Map(),
  minConfidence: null,
  failOn: null,
  tuning: NO_TUNING,
  endpoints: {},
  hosts: new Map(),
  notify: new Map(),
  watch: null,
  fleet: null,
  rotate: null,
  ui: null,
  untrusted: null,
};

test("none at all is an empty one, and so is an empty file", async () => {
  expect(await load()).toEqual(EMPTY);
  put(PROJECT, "# nothing yet\n");
  expect(await load()).toEqual(EMPTY);
});

test("the project's wins over the user's, store by store and key by key", async () => {
  put(
    USER,
    "minConfidence: high\nfailOn: low\nstores:\n  a: { provider: vault, mount: user }\n  b: { provider: local }\n",
  );
  put(PROJECT, "failOn: never\nstores:\n  a: { provider: local, file: x.yaml }\n");
  const { stores, minConfidence, failOn } = await load();
  expect({ minConfidence, failOn }).toEqual({ minConfidence: "high", failOn: "never" });
  expect(stores.get("a")).toEqual({ provider: "local", dir: join(dir, "project"), keys: { file: "x.yaml" } });
  expect(stores.get("b")).toEqual({ provider: "local", dir: join(dir, "config/unsprawl"), keys: {} });
});

test("hosts: an address, with certificates beside the file, or a context", async () => {
  put(USER, "hosts: { a: { address: ssh://a }, b: { context: prod } }\n");
  put(PROJECT, "hosts: { a: { address: tcp://a:2376, certPath: certs/a } }\n");
  const { hosts } = await load();
  expect([...hosts]).toEqual([
    ["a", { address: "tcp://a:2376", certPath: join(dir, "project/certs/a") }],
    ["b", { context: "prod", certPath: null }],
  ]);
});

test("rotate: how often, for all, a rule or a name", async () => {
  put(PROJECT, "rotate: { every: 90d, rules: { stripe-key: 30d }, names: { DB_PASSWORD: 7d } }\n");
  const { rotate } = await load();
  expect(rotate).toEqual({ every: 90, rules: new Map([["stripe-key", 30]]), names: new Map([["DB_PASSWORD", 7]]) });
});

test("fleet: each source says when, or all of them do", async () => {
  put(
    PROJECT,
    "fleet: { every: 15m, database: { urlFile: db.url }, sources: ['docker:', { source: 'registry:a.b/*', cron: '0 3 * * *' }] }\n",
  );
  const { fleet } = await load();
  expect(fleet).toEqual({
    sources: [
      { source: "docker:", recurrence: "FREQ=MINUTELY;INTERVAL=15", when: "every 15m", layers: false },
      { source: "registry:a.b/*", recurrence: "0 3 * * *", when: "cron 0 3 * * *", layers: false },
    ],
    urlFile: join(dir, "project/db.url"),
    key: null,
    perRegistry: 4,
  });
});

test("--config stands in place of both", async () => {
  put(USER, "failOn: low\n");
  put(PROJECT, "failOn: high\nbroken: 1\n");
  put("other/mine.yaml", "stores: { c: { provider: vault } }\n");
  const config = await load("../other/mine.yaml");
  expect(config.failOn).toBeNull();
  expect([...config.stores]).toEqual([["c", { provider: "vault", dir: join(dir, "other"), keys: {} }]]);
});

describe("what is wrong is named with its file, its key and what to do", () => {
  test.each([
    ["an unknown key", "stors: {}\n", "unknown key stors", "did you mean stores?"],
    ["a mistyped key", "minConfidense: low\n", "unknown key minConfidense", "did you mean minConfidence?"],
    ["a key that is like none", "zzz: 1\n", "unknown key zzz", "known keys: stores, minConfidence, failOn"],
    [
      "a value that is not allowed",
      "failOn: sometimes\n",
      "failOn must be one of low, medium, high, critical, severity:low",
      null,
    ],
    ["a number for a level", "minConfidence: 1\n", "minConfidence must be one of low, medium, high", null],
    ["a store without a provider", "stores: { a: { mount: x } }\n", "stores.a has no provider", "provider:"],
    ["a store that is no map", "stores: { a: vault }\n", "stores.a must be a map", "README"],
    ["stores as a list", "stores: [a]\n", "stores must be a map", "README"],
    ["a host without an engine", "hosts: { a: {} }\n", "hosts.a needs an address or a context", "address:"],
    ["a host of two engines", "hosts: { a: { address: ssh://a, context: b } }\n", "and not both", "address:"],
    ["a host of no address", "hosts: { a: { address: web1 } }\n", "has no engine address", "ssh://"],
    ["a host with a password", "hosts: { a: { address: ssh://u:p@h } }\n", "has a password in its address", "SSH key"],
    ["a host with a mistyped key", "hosts: { a: { adress: x } }\n", "unknown key hosts.a.adress", "hosts.a.address?"],
    ["a host's certificates over SSH", "hosts: { a: { address: ssh://a, certPath: c } }\n", "a certPath", "tcp://"],
    ["a host's name", "hosts: { 'a b': { context: x } }\n", "is not a valid name for a host", "letters"],
    ["a mistyped key of the fleet", "fleet: { sorces: [] }\n", "unknown key fleet.sorces", "fleet.sources?"],
    [
      "a fleet's source of no kind",
      "fleet: { sources: [env:x] }\n",
      "sources[0] is not a source for a fleet",
      "registry:HOST",
    ],
    ["a time that is not in days", "rotate: { every: 3h }\n", "rotate.every must be a number of days", "every: 90d"],
    ["half a minute", "fleet: { every: 30s }\n", "every 30s is not in whole minutes", "every: 15m"],
    [
      "every and cron",
      "fleet: { sources: [{ source: 'docker:', every: 1h, cron: '0 3 * * *' }] }\n",
      "both",
      "one of them",
    ],
    ["half a schedule", "fleet: { cron: '0 3' }\n", '"0 3" is not a schedule', "0 3 * * *"],
    ["a key in the open", "fleet: { key: abc }\n", "key must be a reference", "ref+vault"],
    ["a number that is none", "fleet: { perRegistry: 0 }\n", "perRegistry must be a number", "perRegistry: 4"],
    ["a URL in the open", "fleet: { database: { url: x } }\n", "unknown key fleet.database.url", "urlFile"],
    ["a list", "- a\n", "the file must be a map", "README"],
    ["text", "hello\n", "the file must be a map", "README"],
    ["no YAML", 'a: "b\nc: [\n', "not valid YAML", "--config"],
    ["a key given twice", "failOn: low\nfailOn: high\n", "line 2", "--config"],
  ])("%s", async (_what, text, message, hint) => {
    put(PROJECT, text);
    const error = (await load().catch((thrown: unknown) => thrown)) as {
      code: string;
      message: string;
      hint: string | null;
    };
    expect(error).toMatchObject({ code: "config", message: expect.stringContaining(message) as string });
    expect(error.message).toContain(join(dir, PROJECT));
    if (hint !== null) expect(error.hint).toContain(hint);
  });

  test("a file of --config that is not there", async () => {
    await expect(load("nowhere.yaml")).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("nowhere.yaml") as string,
    });
  });
});

test("a file that cannot be read is an error of the configuration, not a stack trace", async () => {
  mkdirSync(join(dir, PROJECT));
  await expect(load()).rejects.toMatchObject({ code: "config" });
});
