import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { random, Watch, type Canary } from "../support/canary.ts";
import { makeStage } from "./stage.ts";

// The agent hands on values: none of them in its output, arguments, environment, state or any file outside memory.

const stage = makeStage();

function canary(name: string): Canary {
  const value = random(28);
  return { name, value, parts: [value] };
}

it("supplies, restarts and repairs without showing a value, old or new", async () => {
  const { world, engine, bao, quiet, runContainer } = stage;
  const [before, after] = [canary("API_TOKEN"), canary("API_TOKEN")];
  const watch = new Watch([before, after]);
  runContainer("agent-served", [before]);
  const how = ["--to", "vault", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const moved = await world.unsprawl(["migrate", "docker:agent-served", ...how]);
  expect(moved.code, moved.stderr).toBe(0);
  const agent = ["agent", "--once", "--grace", "100ms"];
  expect((await quiet(watch, agent, { sampled: true })).code).toBe(0);

  await bao.api("PATCH", "secret/data/apps/agent-served", { data: { API_TOKEN: after.value } });
  const changed = await quiet(watch, agent, { sampled: true });
  expect(changed.code, changed.stderr).toBe(0);
  expect(changed.stdout).toContain("agent-served: restarted");
  expect(watch.find(engine.docker("inspect", "agent-served"))).toEqual([]);
  stage.expectQuietEngine(watch, stage.idOf("agent-served"));

  // After a boot, in JSON.
  rmSync(join(world.memory, "units"), { recursive: true });
  const boot = await quiet(watch, [...agent, "--boot-timeout", "20s", "--json"], { sampled: true });
  expect(boot.code, boot.stderr).toBe(0);
  expect(JSON.parse(boot.stdout)).toMatchObject({ version: 1, event: "written", names: ["API_TOKEN"] });

  // A store that refuses quotes nothing of what it was sent.
  const refused = await quiet(watch, agent, { env: { VAULT_TOKEN: random(24) } });
  expect(refused.code).toBe(5);
});
