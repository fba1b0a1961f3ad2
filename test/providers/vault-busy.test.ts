import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Fault } from "../support/fault-proxy.ts";
import { secureVault } from "./secure-vault.ts";
import { forwarder } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { roleFor, writerPolicy } from "./vault-world.ts";

let vault: PlainVault;
/** Behind the network that goes wrong, and beside it. */
let store: Provider;
let direct: Provider;
beforeAll(async () => {
  vault = await plainVault();
  store = await vault.open({ address: vault.proxy.url });
  direct = await vault.open();
});
afterEach(() => vault.proxy.fault({ kind: "reset" }, 0));
afterAll(() => vault?.stop());

const onReads = (fault: Fault, times = 1): void =>
  vault.proxy.fault(fault, times, (seen) => seen.method === "GET" && seen.path.includes("/data/"));

describe("a server that is busy", () => {
  const retryAfter = async (status: 429 | 503, seconds: number | string): Promise<{ ms: number; done: unknown }> => {
    const key = keyAt();
    await direct.put(key, fresh(), null, ORIGIN);
    onReads({ kind: "status", status, retryAfter: seconds as number });
    const began = Date.now();
    const done = await store.get(key).then(
      () => "read",
      (error: unknown) => error,
    );
    return { ms: Date.now() - began, done };
  };

  test("is left alone for as long as it asks, in seconds or until a date", async () => {
    for (const status of [429, 503] as const) {
      const { ms, done } = await retryAfter(status, 2);
      expect(done).toBe("read");
      expect(ms).toBeGreaterThanOrEqual(1900);
      const until = await retryAfter(status, new Date(Date.now() + 2500).toUTCString());
      expect(until.done).toBe("read");
      expect(until.ms).toBeGreaterThan(1000);
    }
  });

  test("one that asks for longer than a caller waits is given up at once, with the time", async () => {
    const { ms, done } = await retryAfter(429, 3600);
    expect(done).toMatchObject({ code: "throttled", hint: expect.stringMatching(/in 3(600|599) s/) as string });
    expect(ms).toBeLessThan(2000);
    const away = await retryAfter(503, 3600);
    expect(away.done).toMatchObject({ code: "unreachable" });
    expect(away.ms).toBeLessThan(2000);
    // Another store's patience is not used up.
    expect(await direct.get(keyAt())).toBe(null);
  });

  test("a write that is throttled was not begun: it is done once, later", async () => {
    const [key, value] = [keyAt(), fresh()];
    vault.onWrites({ kind: "status", status: 429, retryAfter: 1 }, 2);
    await store.put(key, value, null, ORIGIN);
    expect(await vault.versionAt(key.path)).toBe(1);
  });

  test("without a word of when, it is asked a few times, then it is throttled", { timeout: 30_000 }, async () => {
    onReads({ kind: "status", status: 429 }, 1000);
    expect((await vault.failure(store.get(keyAt()))).code).toBe("throttled");
    expect(vault.proxy.met).toBe(5);
    onReads({ kind: "status", status: 503 }, 1000);
    expect((await vault.failure(store.get(keyAt()))).code).toBe("unreachable");
    expect(vault.proxy.met).toBe(5);
  });
});

test("no message quotes a credential or a value, whatever goes wrong at the login and after", async () => {
  const { roleIdFile, secretIdFile, secretId } = await roleFor(vault.bao, vault.dir, writerPolicy("secret", 2));
  const config = { auth: { method: "approle", roleIdFile, secretIdFile } };
  const value = fresh();
  for (const fault of [
    { kind: "reset" },
    { kind: "lost" },
    { kind: "cut" },
    { kind: "status", status: 429, retryAfter: 60 },
    { kind: "status", status: 503 },
  ] as const)
    for (const at of ["auth/approle/login", "sys/internal", "/data/"]) {
      vault.proxy.fault(fault, 1000, ({ path }) => path.includes(at));
      const role = await vault.open({ token: "", address: vault.proxy.url, config });
      const error = await vault.failure(role.put(keyAt(), value, null, ORIGIN), secretId, value);
      expect(["unreachable", "throttled"]).toContain(error.code);
    }
}, 120_000);

test("a certificate for another name, of another CA, and nobody at home", async () => {
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
