import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import { providerConformance, type StoreWorld } from "../conformance/provider.ts";
import { openSpec } from "../conformance/spec.ts";
import { Secret } from "../../src/model/secret.ts";

async function localWorld(file?: string): Promise<StoreWorld> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const spec = (key: string) => ({
    provider: "local",
    config: file === undefined ? {} : { file },
    env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, key) },
    dir,
  });
  const writer = spec("age/keys.txt");
  const { files } = await (await openSpec(writer)).issueReader();
  // A nested file is there before the stranger comes: it cannot even add to it.
  const store = await openSpec(writer);
  await store.put(store.key({ subject: "first", project: "shop", name: "FIRST" }), Secret.of("1"), null, {
    runId: "r",
    subject: "first",
  });
  return {
    writer,
    operator: writer,
    stranger: spec("other/keys.txt"),
    forbidden: null,
    unreachable: null,
    credentials: files.map(({ content }) => content.expose().toString("utf8").trim().split("\n").at(-1) ?? ""),
    stop: async () => rmSync(dir, { recursive: true, force: true }),
  };
}

providerConformance("local, a file a subject", () => localWorld(), {
  server: false,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  acrossProcesses: true,
  checkAndSet: true,
  strangersCreate: true,
});
providerConformance("local, one file for all", () => localWorld("all.sops.yaml"), {
  server: false,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  acrossProcesses: true,
  checkAndSet: true,
});

test("the check leaves no file, no folder and no identity behind", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const store = await openSpec({
    provider: "local",
    config: { file: "a/b/{subject}.sops.yaml" },
    env: { HOME: dir },
    dir,
  });
  expect((await store.check()).every((line) => line.ok)).toBe(true);
  expect(readdirSync(dir)).toEqual([]);
  rmSync(dir, { recursive: true });
});

test("modes: what is made is for the owner alone, what was there keeps its own", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const store = await openSpec({ provider: "local", config: {}, env: { HOME: dir }, dir });
  const key = store.key({ subject: "api", project: "", name: "A" });
  const origin = { runId: "r", subject: "api" };
  await store.put(key, Secret.of("a"), null, origin);
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  expect([mode(join(dir, "secrets")), mode(key.path)]).toEqual(["700", "600"]);
  chmodSync(key.path, 0o640);
  await store.put({ ...key, field: "B" }, Secret.of("b"), null, origin);
  expect(mode(key.path)).toBe("640");
  rmSync(dir, { recursive: true });
});

test("references: relative ones from the configuration's folder, those outside the store's folder are another's", async () => {
  const store = await openSpec({ provider: "local", config: {}, env: { HOME: "/nowhere" }, dir: "/srv/my app" });
  const key = store.key({ subject: "api", project: "", name: "A B" });
  expect(store.reference(key)).toBe("ref+sops:///srv/my%20app/secrets/api.sops.yaml#/A%20B");
  expect(store.parse("ref+sops://secrets/api.sops.yaml#/A%20B")).toEqual(key);
  expect(store.parse("ref+sops://secrets/api.sops.yaml?key_type=filepath#/db/password")).toEqual({
    ...key,
    field: "db/password",
  });
  expect(store.parse("ref+sops:///etc/other.sops.yaml#/A")).toBe(null);
  expect(store.parse("ref+sops://secrets/../other.sops.yaml#/A")).toBe(null);
  expect(() => store.parse("ref+sops://secrets/api.sops.yaml?key_type=base64#/A")).toThrow(UnsprawlError);
});

test("a configuration that makes no sense is named", async () => {
  for (const config of [{ file: 5 }, { file: "" }, { readOnly: "true" }]) {
    await expect(openSpec({ provider: "local", config, env: {}, dir: "/" })).rejects.toMatchObject({ code: "config" });
  }
});
