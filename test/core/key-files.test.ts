import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mustBeBackedUp } from "../../src/core/key-files.ts";
import type { KeyFile, Step } from "../../src/model/plan.ts";

// What a run kept may be the last copy of its values.

const state = mkdtempSync(join(tmpdir(), "unsprawl-keys-"));
afterAll(() => rmSync(state, { recursive: true }));

const put = { kind: "put", move: { key: { path: "/secrets/web.sops.yaml", field: "DB_PASSWORD" } } };
const scrub = (key: KeyFile, answer: boolean): Promise<void> =>
  mustBeBackedUp(
    "run",
    [put as unknown as Step],
    { provider: { keyFiles: async () => [key] }, state },
    { ask: async () => answer },
  );

it("asks for a backup once a key, and for the key itself each time", async () => {
  const key = { file: "/keys.txt", id: "age1of-a-test", isThere: true };
  await expect(scrub(key, false)).rejects.toMatchObject({ code: "refused" });
  await scrub(key, true);
  await scrub(key, false);
  await expect(scrub({ ...key, isThere: false }, true)).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("what the run kept is the only other copy"),
  });
});
