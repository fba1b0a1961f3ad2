import { expect, test } from "vitest";
import { providers } from "../../providers/index.ts";
import { startKeyVault } from "../services/key-vault.ts";
import { startKeywhiz } from "../services/keywhiz.ts";

/** What a provider tells a person besides results: that it waits, and that its store has no future. */

test("Key Vault: that it waits because the vault asked for it", async () => {
  const vault = await startKeyVault();
  try {
    const said: string[] = [];
    const { provider } = await (providers["azure-key-vault"] ?? (() => Promise.reject(new Error("none"))))();
    const store = await provider.open(
      "store",
      { url: vault.url, challengeResourceVerification: false, caFile: vault.caFile },
      { env: vault.env("writer"), dir: vault.dir, say: (text) => said.push(text) },
    );
    vault.fault({ method: /GET/, path: /^\/secrets\//, times: 1, fail: { status: 429, retryAfter: 1 } });
    expect(await store.get(store.key({ subject: "api", project: "", name: "A" }))).toBe(null);
    expect(said).toEqual([expect.stringMatching(/^the Key Vault is throttling requests: waiting 1 s for api-A$/)]);
  } finally {
    await vault.stop();
  }
});

test("Keywhiz: once a command, that it is retired, and what to do", async () => {
  const keywhiz = await startKeywhiz();
  try {
    const said: string[] = [];
    const { provider } = await (providers["keywhiz"] ?? (() => Promise.reject(new Error("none"))))();
    const { certFile, keyFile } = keywhiz.clients.automation;
    const config = { url: keywhiz.url, certFile, keyFile, caFile: keywhiz.caFile };
    const context = { env: {}, dir: "/", say: (text: string) => void said.push(text) };
    for (const store of [await provider.open("a", config, context), await provider.open("b", config, context)]) {
      await store.get({ path: "absent", field: "" });
      expect(said).toHaveLength(store.target.name === "a" ? 0 : 1);
      await store.list("");
    }
    expect(said).toEqual([expect.stringMatching(/retired upstream.*unsprawl migrate keywhiz: --to STORE/)]);
  } finally {
    await keywhiz.stop();
  }
});
