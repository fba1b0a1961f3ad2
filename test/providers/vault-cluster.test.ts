import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { openSpec } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { forwarder, relay, type Said } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";

// Servers that are not the active one of their cluster. OpenBao's standby is a real one; HashiCorp's performance standbys and
// replication are in Enterprise alone, so what they say of themselves comes from a double (Vault API, sys/health).

describe("a standby, of a real cluster", () => {
  let active: OpenBao;
  let standby: OpenBao;
  let dir: string;
  beforeAll(async () => {
    active = await startOpenBao({ tls: true });
    standby = await startOpenBao({ standbyOf: active });
    dir = mkdtempSync(join(tmpdir(), "unsprawl-cluster-"));
    const cas = [active, standby].map(({ caFile }) => readFileSync(caFile ?? "", "utf8"));
    writeFileSync(join(dir, "ca.crt"), cas.join(""));
  });
  afterAll(async () => {
    await Promise.all([standby?.stop(), active?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });
  const open = (address: string): Promise<Provider> =>
    openSpec({
      provider: "vault",
      config: {},
      env: {
        HOME: dir,
        VAULT_ADDR: address,
        VAULT_CACERT: join(dir, "ca.crt"),
        VAULT_TOKEN: active.token,
      },
      dir,
    });

  test("is named as one, and every right works through it", async () => {
    const lines = await (await open(standby.address)).check();
    expect(lines[0]).toMatchObject({
      right: "reach",
      ok: true,
      text: `${standby.address} (a standby: it passes writes on to the active server)`,
    });
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    expect((await (await open(active.address)).check())[0]?.text).toBe(active.address);
  });

  test("what was written is what comes back, from whichever server of the cluster", async () => {
    const balanced = await forwarder([active.address, standby.address], "127.0.0.1");
    const store = await open(balanced.url);
    const work = Array.from({ length: 20 }, async () => {
      const [key, first, second] = [keyAt(), fresh(), fresh()];
      const { version } = await store.put(key, first, null, ORIGIN);
      expect((await store.get(key))?.value).toEqual(first);
      await store.put(key, second, version, ORIGIN);
      expect((await store.get(key))?.value).toEqual(second);
      expect(await store.remove(key, (one) => one.equals(second))).toBe(true);
      expect(await store.get(key)).toBe(null);
    });
    await Promise.all(work);
    balanced.stop();
  });

  test("without its active server is told apart from a server that is down", async () => {
    await active.kill();
    const lines = await (await open(standby.address)).check();
    expect(lines.at(-1)).toMatchObject({
      ok: false,
      text: `the Vault at ${standby.address} is a standby that does not reach an active server`,
      hint: expect.stringContaining("operator raft list-peers") as string,
    });
  });
});

describe("what a server says of itself", () => {
  let vault: PlainVault;
  beforeAll(async () => void (vault = await plainVault()));
  afterAll(() => vault?.stop());

  const saying = (health: object) =>
    relay(vault.bao.address, async ({ url = "" }, pass): Promise<Said> => {
      const said = await pass();
      if (!url.includes("sys/health")) return said;
      return {
        status: 473,
        text: JSON.stringify({ ...(JSON.parse(said.text) as object), ...health }),
      };
    });

  test.for<[string, object, { readonly ok: boolean; readonly text: RegExp; readonly hint: RegExp | null }]>([
    [
      "a performance standby",
      { standby: true, performance_standby: true },
      {
        ok: true,
        text: /\(a performance standby: it passes writes on to the active server\)$/,
        hint: null,
      },
    ],
    [
      "a disaster recovery secondary",
      { standby: true, replication_dr_mode: "secondary" },
      {
        ok: false,
        text: /disaster recovery secondary: it serves nobody/,
        hint: /sys\/replication\/dr\/status.*VAULT_ADDR/,
      },
    ],
    ["one that is sealed", { sealed: true }, { ok: false, text: /is sealed$/, hint: /operator unseal/ }],
    [
      "one that is not initialised",
      { initialized: false, sealed: true },
      { ok: false, text: /is not initialised$/, hint: /operator init/ },
    ],
    ["a primary cluster", { replication_dr_mode: "primary" }, { ok: true, text: /:\d+$/, hint: null }],
  ])("%s", async ([, health, { ok, text, hint }]) => {
    const server = await saying(health);
    const lines = await (await vault.open({ address: server.url })).check();
    expect(lines[0]).toMatchObject({
      right: "reach",
      ok,
      text: expect.stringMatching(text) as string,
    });
    expect(lines[0]?.hint ?? null).toEqual(hint === null ? null : expect.stringMatching(hint));
    expect(lines.length > 1).toBe(ok);
    server.stop();
  });

  test("the state after a write goes along with what follows, the newest of several; behind it, a read waits", async () => {
    const states = [7, 9, 8].map((value) => Buffer.from(`v1:cluster:${value}:0:${randomBytes(8).toString("hex")}`));
    const [asked, given] = [[] as (string | undefined)[], states.map((one) => one.toString("base64"))];
    const left = [...given];
    let behind = 2;
    const server = await relay(vault.bao.address, async ({ method, headers }, pass): Promise<Said> => {
      asked.push(headers["x-vault-index"] as string | undefined);
      if (method === "GET" && left.length === 0 && behind-- > 0) return { status: 412, text: `{"errors":["behind"]}` };
      const next = method === "GET" ? undefined : left.shift();
      return {
        ...(await pass()),
        ...(next === undefined ? {} : { headers: { "X-Vault-Index": next } }),
      };
    });
    const store = await vault.open({ address: server.url });
    const [key, value] = [keyAt(), fresh()];
    await store.put(key, value, null, ORIGIN);
    await store.put({ ...key, field: "B" }, value, null, ORIGIN);
    expect((await store.get(key))?.value).toEqual(value);
    expect([asked[0], asked.at(-1), behind]).toEqual([undefined, given[1], -1]);
    behind = 1000;
    expect(await vault.failure(store.get(key))).toMatchObject({
      code: "unreachable",
      cause: "412",
    });
    server.stop();
  });
});
