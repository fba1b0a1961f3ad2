import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  acrossProcesses: true,
  checkAndSet: true,
  strangersCreate: true,
});
providerConformance("local, one file for all", () => localWorld("all.sops.yaml"), {
  server: false,
  acrossProcesses: true,
  checkAndSet: true,
});
