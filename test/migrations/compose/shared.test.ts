import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withoutShared } from "../../../migrations/compose/delivery/shared.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-shared-"));
afterAll(() => rmSync(dir, { recursive: true }));
const script = join(dir, "unsprawl-entrypoint.sh");
const rewrite = { files: [{ file: script, before: null }], target: { name: "shop", dir } } as unknown as Rewrite;
const engine = { containers: () => Promise.resolve([]) } as unknown as Engine;
const undone = async (): Promise<number> => (await withoutShared(engine, rewrite)).files.length;

it("a plan saved beside the Compose file does not keep the run's script at a rollback; another project does", async () => {
  writeFileSync(join(dir, "plan.json"), JSON.stringify({ version: 1, steps: [{ script }], mac: "" }));
  expect(await undone()).toBe(1);
  const service = { entrypoint: ["/bin/sh", "./unsprawl-entrypoint.sh"] };
  for (const text of [JSON.stringify({ services: { web: service } }), `not JSON, ${script}`]) {
    writeFileSync(join(dir, "other.json"), text);
    expect(await undone()).toBe(0);
  }
});
