import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Fault } from "../support/fault-proxy.ts";
import { secureVault } from "./secure-vault.ts";
import { forwarder } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type Network, type PlainVault } from "./vault-plain.ts";
import { roleFor, writerPolicy } from "./vault-world.ts";

let vault: PlainVault;
/** Beside the network that goes wrong. */
let direct: Provider;
beforeAll(async () => {
  vault = await plainVault();
  direct = await vault.open();
});
afterAll(() => vault?.stop());

const onReads = ({ proxy }: Network, fault: Fault, times = 1): void =>
  proxy.fault(fault, times, (seen) => seen.method === "GET" && seen.path.includes("/data/"));

describe.concurrent("a server that is busy", () => {
  const retryAfter = async (status: 429 | 503, asks: () => number | string): Promise<{ ms: number; done: unknown }> => {
    const [network, key] = [await vault.network(), keyAt()];
    await direct.put(key, fresh(), null, ORIGIN);
    onReads(network, { kind: "status", status, retryAfter: asks() as number });
    const began = Date.now();
    const done = await network.store.get(key).then(
      () => "read",
      (error: unknown) => error,
    );
    return { ms: Date.now() - began, done };
  };

  test("is left alone for as long as it asks, in seconds or until a date", async () => {
    const both = async (status: 429 | 503): Promise<void> => {
      const [asked, until] = await Promise.all([
        retryAfter(status, () => 2),
        retryAfter(status, () => new Date(Date.now() + 2500).toUTCString()),
      ]);
      expect([asked.done, until.done]).toEqual(["read", "read"]);
      expect(asked.ms).toBeGreaterThanOrEqual(1900);
      expect(until.ms).toBeGreaterThan(1000);
    };
    await Promise.all([both(429), both(503)]);
  });

  test("one that asks for longer than a caller waits is given up at once, with the time", async () => {
    const { ms, done } = await retryAfter(429, () => 3600);
    expect(done).toMatchObject({ code: "throttled", hint: expect.stringMatching(/in 3(600|599) s/) as string });
    expect(ms).toBeLessThan(100_000);
    const away = await retryAfter(503, () => 3600);
    expect(away.done).toMatchObject({ code: "unreachable" });
    expect(away.ms).toBeLessThan(100_000);
    // Another store's patience is not used up.
    expect(await direct.get(keyAt())).toBe(null);
  });

  test("a write that is throttled was not begun: it is done once, later", async () => {
    const { store, onWrites } = await vault.network();
    const [key, value] = [keyAt(), fresh()];
    onWrites({ kind: "status", status: 429, retryAfter: 1 }, 2);
    await store.put(key, value, null, ORIGIN);
    expect(await vault.versionAt(key.path)).toBe(1);
  });

  test("without a word of when, it is asked a few times, then it is throttled", async () => {
    const both = async (status: 429 | 503, code: string): Promise<void> => {
      const network = await vault.network();
      onReads(network, { kind: "status", status }, 1000);
      expect((await vault.failure(network.store.get(keyAt()))).code).toBe(code);
      expect(network.proxy.met).toBe(5);
    };
    await Promise.all([both(429, "throttled"), both(503, "unreachable")]);
  });
});

test.concurrent("no message quotes a credential or a value, whatever goes wrong at the login and after", async () => {
  const { roleIdFile, secretIdFile, secretId } = await roleFor(vault.bao, vault.dir, writerPolicy("secret", 2));
  const config = { auth: { method: "approle", roleIdFile, secretIdFile } };
  const value = fresh();
  const faults: readonly Fault[] = [
    { kind: "reset" },
    { kind: "lost" },
    { kind: "cut" },
    { kind: "status", status: 429, retryAfter: 60 },
    { kind: "status", status: 503 },
  ];
  const places = ["auth/approle/login", "sys/internal", "/data/"];
  await Promise.all(
    faults.flatMap((fault) =>
      places.map(async (at) => {
        const { proxy } = await vault.network();
        proxy.fault(fault, 1000, ({ path }) => path.includes(at));
        const role = await vault.open({ token: "", address: proxy.url, config });
        const error = await vault.failure(role.put(keyAt(), value, null, ORIGIN), secretId, value);
        expect(["unreachable", "throttled"]).toContain(error.code);
      }),
    ),
  );
}, 120_000);

test.concurrent("a certificate for another name, of another CA, and nobody at home", async () => {
  const secure = await secureVault();
  try {
    const onward = await forwarder(secure.bao.address, "127.0.0.2");
    const other = await secure.open({ env: { VAULT_ADDR: onward.url } });
    expect(await secure.failure(other.put(keyAt(), fresh(), null, ORIGIN))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("certificate for another name") as string,
    });
    onward.stop();
    const unknown = await secure.open({ env: { VAULT_CACERT: "" } });
    expect(await secure.failure(unknown.put(keyAt(), fresh(), null, ORIGIN))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("CA that is not trusted") as string,
    });
    const nobody = await secure.open({ env: { VAULT_ADDR: "https://127.0.0.1:1", VAULT_TOKEN: randomUUID() } });
    expect(await secure.failure(nobody.put(keyAt(), fresh(), null, ORIGIN))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("refuses the connection") as string,
    });
  } finally {
    await secure.stop();
  }
});
