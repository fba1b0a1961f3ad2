import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { random } from "./support/canary.ts";
import { FORMATS, layFiles } from "./support/formats.ts";
import { resolved, savePlan } from "./support/in-process.ts";
import { killedAt } from "./support/kill.ts";
import { makeWorld } from "./support/world.ts";

let bao: OpenBao;
beforeAll(async () => void (bao = await startOpenBao()));
afterAll(() => bao?.stop());

it.each(FORMATS)("$name: values whose files somebody deleted stay in the store", async (format) => {
  const world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const dir = join(world.dir, "app");
  mkdirSync(dir);
  const [value, other] = [random(20), random(20)];
  layFiles(dir, format.files([["DB_PASSWORD", value]], [["API_TOKEN", other]]));
  const [, to, , deliver] = format.options;
  const run = await savePlan(world, "plan.json", [format.source.replace("DIR", dir)], { to, deliver });
  // Both are stored, and no file is touched yet.
  const at = { kind: "after intent rewrite", nth: 0 };
  expect((await killedAt(world, ["apply", "plan.json"], at)).signal).toBe("SIGKILL");
  rmSync(dir, { recursive: true });
  const back = await world.unsprawl(["rollback", run]);
  expect([back.code, back.stdout], back.stderr).toEqual([5, expect.stringContaining("✗ not as before")]);
  const kept = [...back.stdout.matchAll(/(\w+) stays in the store at (ref\+\S+): nothing else was seen to hold it/g)];
  expect(new Set(kept.map(([, name]) => name))).toEqual(new Set(["API_TOKEN", "DB_PASSWORD"]));
  const references = Object.fromEntries(kept.map(([, name = "", reference = ""]) => [name, reference]));
  expect(await resolved(world, references)).toEqual({ DB_PASSWORD: value, API_TOKEN: other });
  world.remove();
});
