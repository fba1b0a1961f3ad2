import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { forwarder } from "./vault-forwarder.ts";
import { plainVault, type PlainVault } from "./vault-plain.ts";
import { tokenFor } from "./vault-world.ts";

let vault: PlainVault;
beforeAll(async () => {
  vault = await plainVault();
});
afterAll(() => vault?.stop());

const text = (keys: readonly StoreKey[]): string[] => keys.map(({ path, field }) => `${path}#${field}`);

describe.for([
  { version: 1, mount: "kv1", data: "kv1/", list: "kv1/" },
  { version: 2, mount: "secret", data: "secret/data/", list: "secret/metadata/" },
])("list, KV v$version", ({ version, mount, data, list }) => {
  const config: { readonly [key: string]: Json } = { mount };
  const listed = async (what: string, more: { readonly [key: string]: Json } = {}): Promise<string[]> =>
    text(await (await vault.open({ config: { ...config, ...more } })).list(what));
  const write = (path: string, fields: object): Promise<unknown> =>
    vault.bao.api("POST", `${data}${path}`, version === 2 ? { data: fields } : fields);

  beforeAll(async () => {
    await write("apps/api", { B: "2", A: "1", a: "3", number: 5, nested: { x: "y" }, none: null, on: true, empty: "" });
    await write("apps/api/deep/er", { A: "1" });
    await write("apps/api-2", { A: "1" });
    await write("apps/größe x", { "a/b": "1", "": "2", __proto__: null });
    await write("other", { A: "1" });
    await write("team/a/one", { A: "1" });
    await write("team/b/two", { A: "1" });
  });

  test("everything below the template's fixed part, in order, text fields only", async () => {
    expect(await listed("")).toEqual([
      "apps/api#A",
      "apps/api#B",
      "apps/api#a",
      "apps/api#empty",
      "apps/api-2#A",
      "apps/api/deep/er#A",
      "apps/größe x#",
      "apps/größe x#a/b",
    ]);
    expect(await listed("/", { path: "team/{project}/{subject}" })).toEqual(["team/a/one#A", "team/b/two#A"]);
    expect((await listed("", { path: "{project}/{subject}" })).length).toBeGreaterThan(10);
    expect(await listed("", { path: "apps/api" })).toEqual(["A", "B", "a", "empty"].map((one) => `apps/api#${one}`));
    expect(await listed("", { path: "apps/ap" })).toEqual([]);
    expect(await listed("", { path: "apps/api-{subject}" })).toEqual(["apps/api-2#A"]);
  });

  test("a path, the beginning of one, a folder", async () => {
    expect(await listed("apps/api-2")).toEqual(["apps/api-2#A"]);
    expect(await listed("/apps/api")).toHaveLength(6);
    expect(await listed("apps/api/")).toEqual(["apps/api/deep/er#A"]);
    expect(await listed("apps/api/deep/e")).toEqual(["apps/api/deep/er#A"]);
    expect(await listed("te")).toEqual(["team/a/one#A", "team/b/two#A"]);
    expect(await listed("team/b")).toEqual(["team/b/two#A"]);
    for (const none of ["nothing", "nothing/at/all", "apps/api/deep/er/", "apps/apix"])
      expect(await listed(none)).toEqual([]);
  });

  test("each key leads to its value", async () => {
    const store = await vault.open({ config });
    for (const key of await store.list("apps/")) expect(await store.get(key)).not.toBe(null);
  });

  test("a path that a URL would bend is refused", async () => {
    for (const what of ["../sys", "a/../b", "a//b", "apps/*", "a\nb"])
      expect((await vault.failure(listed(what))).code).toBe("config");
  });

  test("many secrets are asked for side by side, eight at once", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, at) => write(`many/${at % 5}/s${at}`, { A: "1", B: "2" })));
    let [now, most] = [0, 0];
    const counting = await forwarder(vault.bao.address, "127.0.0.1", (open) => {
      now += open;
      most = Math.max(most, now);
    });
    const store = await vault.open({ address: counting.url, config });
    expect(await store.list("many/")).toHaveLength(80);
    expect(most).toBeGreaterThan(2);
    // A connection is counted for a moment longer than its request.
    expect(most).toBeLessThanOrEqual(12);
    counting.stop();
  });

  test("without the right to list, or to read what is listed: denied, with the rule", async () => {
    const lister = await tokenFor(vault.bao, `path "${list}apps/*" { capabilities = ["list"] }`);
    const reader = await tokenFor(vault.bao, `path "${data}apps/*" { capabilities = ["read"] }`);
    expect(await vault.failure((await vault.open({ token: reader, config })).list(""), reader)).toMatchObject({
      code: "denied",
      message: expect.stringContaining(`list`) as string,
      hint: expect.stringContaining(
        version === 2
          ? 'path "secret/metadata/apps/*" { capabilities = ["list"] }'
          : 'path "kv1/apps/*" { capabilities = ["list", "read"] }',
      ) as string,
    });
    expect(await vault.failure((await vault.open({ token: lister, config })).list(""), lister)).toMatchObject({
      code: "denied",
      hint: expect.stringContaining('["read"]') as string,
    });
    const both = await tokenFor(
      vault.bao,
      `path "${list}apps/*" { capabilities = ["list", "read"] }\npath "${data}apps/*" { capabilities = ["list", "read"] }`,
    );
    expect(await (await vault.open({ token: both, config })).list("")).toHaveLength(8);
  });
});

test("KV v2: what is soft-deleted or destroyed is left out", async () => {
  const store = await vault.open();
  for (const [path, end] of [
    ["gone/deleted", "delete"],
    ["gone/destroyed", "destroy"],
  ] as const) {
    await vault.bao.api("POST", `secret/data/${path}`, { data: { A: "1" } });
    await vault.bao.api("POST", `secret/${end}/${path}`, { versions: [1] });
  }
  await vault.bao.api("POST", "secret/metadata/gone/bare", { max_versions: 3 });
  await vault.bao.api("POST", "secret/data/gone/there", { data: { A: "1" } });
  expect(text(await store.list("gone/"))).toEqual(["gone/there#A"]);
  expect(await store.list("gone/deleted")).toEqual([]);
});
