import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";

// The names of variables in a command, or as a value, are names: they stay readable, and nothing fails late for them.

let engine: WorkerEngine;
let world: World;
const { DB_PASSWORD: S3_SECRET_KEY = "", SESSION_SECRET: ADMIN_PASSWORD = "" } = twelveSecrets();
const SCRIPT = `for v in ADMIN_PASSWORD S3_SECRET_KEY OAUTH2_APP_CLIENT_SECRET; do echo "$v"; done; exec sleep 100000`;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  const env = { ADMIN_PASSWORD, S3_SECRET_KEY, TAKEN_PASSWORD: "S3_SECRET_KEY" };
  const given = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  engine.docker("run", "-d", "--name", "named", "--network", "none", ...given, BUSYBOX, "sh", "-c", SCRIPT);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it("a plan names them, is saved, and is carried out", async () => {
  const planned = await world.unsprawl([
    "plan",
    "docker:named",
    "--to",
    "local",
    "--grace",
    "100ms",
    "-o",
    "plan.json",
  ]);
  expect(planned.code, planned.stdout + planned.stderr).toBe(0);
  expect(planned.stdout).toContain("S3_SECRET_KEY");
  expect(planned.stdout + planned.stderr).not.toContain("[secret]");
  const moved = await world.unsprawl(["apply", "plan.json"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  await expectServed(engine.docker, "named", { ADMIN_PASSWORD, S3_SECRET_KEY, TAKEN_PASSWORD: "S3_SECRET_KEY" });
  const again = await world.unsprawl(["scan", "docker:named"]);
  expect(again.code, again.stdout + again.stderr).toBe(0);
});
