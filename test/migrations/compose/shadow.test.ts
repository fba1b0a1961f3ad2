import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withShadow } from "../../../migrations/compose/engine/shadow.ts";
import type { ComposeProject } from "../../../migrations/compose/syntax/project.ts";
import { filesBelow, random } from "../../support/canary.ts";

const memory = mkdtempSync("/dev/shm/unsprawl-test-");
afterAll(() => rmSync(memory, { recursive: true }));

const SHADOW = new URL("../../../migrations/compose/engine/shadow.ts", import.meta.url).href;
const PROJECT = {
  dir: "/app",
  outer: null,
  yaml: new Map(),
  services: new Map(),
  dotenv: [],
} as unknown as ComposeProject;
const held = (): string[] => readdirSync(join(memory, "units"));

it("the copies of a process that was killed go with the next that makes some, and those of a living one stay", async () => {
  const files = [{ file: "/app/compose.yaml", text: random(20), diff: [] }];
  const script = `import { withShadow } from ${JSON.stringify(SHADOW)};
    await withShadow(${JSON.stringify(memory)}, { dir: "/app", outer: null, yaml: new Map(), services: new Map(), dotenv: [] }, ${JSON.stringify(files)},
      () => process.kill(process.pid, "SIGKILL"));`;
  const killed = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect([killed.signal, killed.stderr]).toEqual(["SIGKILL", ""]);
  expect(filesBelow(memory)).toEqual([expect.stringMatching(/\/app\/compose\.yaml$/)]);
  const [old] = held();
  await withShadow(memory, PROJECT, files, async () => {
    const [own] = held();
    expect([held().length, own === old]).toEqual([1, false]);
    await withShadow(memory, PROJECT, files, async () => expect(held()).toHaveLength(2));
  });
  expect(held()).toEqual([]);
});
