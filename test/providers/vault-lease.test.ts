import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyAt, plainVault, type PlainVault } from "./vault-plain.ts";
import { roleFor, tokenFor, writerPolicy } from "./vault-world.ts";

let vault: PlainVault;
beforeAll(async () => {
  vault = await plainVault();
});
afterAll(() => vault?.stop());

type Seen = { readonly logins: number; readonly renewals: number; readonly seconds: number };

/** How often a store that is used until this holds logs in, and how often it renews. */
async function use(more: { readonly [key: string]: unknown }, until: (seen: Seen) => boolean): Promise<Seen> {
  const { roleIdFile, secretIdFile } = await roleFor(vault.bao, vault.dir, writerPolicy("secret", 2), more);
  const auth = { method: "approle", roleIdFile, secretIdFile };
  const { proxy } = await vault.network();
  const store = await vault.open({ token: "", address: proxy.url, config: { auth } });
  const seen: string[] = [];
  proxy.fault({ kind: "reset" }, 1, ({ path }) => {
    seen.push(path);
    return false;
  });
  const count = (end: string): number => seen.filter((path) => path.endsWith(end)).length;
  const began = Date.now();
  for (;;) {
    await Promise.all([store.get(keyAt()), store.get(keyAt()), store.get(keyAt())]);
    const seconds = (Date.now() - began) / 1000;
    const now = { logins: count("approle/login"), renewals: count("renew-self"), seconds };
    if (until(now)) return now;
    await sleep(500);
  }
}

describe.concurrent("leases", () => {
  test("one that can be renewed is renewed, at two thirds of its time", async () => {
    // For longer than it would live if nothing renewed it.
    const { logins, renewals, seconds } = await use(
      { token_ttl: "15s", token_max_ttl: "1h" },
      (seen) => seen.renewals >= 1 && seen.seconds > 16,
    );
    expect(logins).toBe(1);
    expect(renewals).toBeLessThanOrEqual(seconds / 10);
  });

  test("one that nears the end of its life is replaced by a fresh login", async () => {
    const { renewals } = await use({ token_ttl: "15s", token_max_ttl: "18s" }, ({ logins }) => logins >= 2);
    expect(renewals).toBeGreaterThanOrEqual(1);
  });

  test("one that cannot be renewed likewise", async () => {
    const { renewals } = await use({ token_ttl: "9s", token_type: "batch" }, ({ logins }) => logins >= 2);
    expect(renewals).toBe(0);
  });

  test("a given token that runs out in the middle is denied, with what to do", async () => {
    const token = await tokenFor(vault.bao, writerPolicy("secret", 2), { ttl: "10s", explicit_max_ttl: "10s" });
    const store = await vault.open({ token });
    expect(await store.get(keyAt())).toBe(null);
    await sleep(10_500);
    expect(await vault.failure(store.get(keyAt()), token)).toMatchObject({
      code: "denied",
      message: expect.stringContaining("wrong, expired or revoked") as string,
      hint: expect.stringContaining("bao login") as string,
    });
  });
});
