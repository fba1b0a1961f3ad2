import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";

// A platform makes its containers again from its own configuration: what is moved here comes back at its next deploy.

let engine: WorkerEngine;
let world: World;
let file: string;
const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();

beforeAll(async () => {
  const [started, program] = await Promise.all([workerEngine(), composeCli()]);
  engine = started;
  world = makeWorld(engine.host);
  const labels = ["--label", "coolify.managed=true", "--label", "coolify.type=application"];
  const args = ["--name", "owned", "--network", "none", "-e", `API_TOKEN=${API_TOKEN}`, ...labels];
  engine.docker("run", "-d", ...args, BUSYBOX, "sleep", "100000");
  const command = APP.map((word) => word.replaceAll("$", "$$$$"));
  const service = { image: BUSYBOX, command, network_mode: "none", stop_grace_period: "1s" };
  const web = { ...service, environment: { DB_PASSWORD }, labels: { "coolify.managed": "true" } };
  mkdirSync(join(world.dir, "shop"));
  file = join(world.dir, "shop/compose.yaml");
  writeFileSync(file, stringify({ name: "shop", services: { web, other: service } }));
  execFileSync(program, ["up", "-d"], { cwd: join(world.dir, "shop"), env: world.env, stdio: "ignore" });
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it.each([
  ["container", "docker:owned"],
  ["project", "compose:shop"],
  ["project", "docker:shop-*"],
])("a platform's %s stays, as %s, unless that is accepted", async (what, source) => {
  const refused = await world.unsprawl(["plan", source, "--to", "local"]);
  expect(refused.code, refused.stderr).toBe(3);
  const text = (refused.stdout + refused.stderr).replaceAll(/\s+/g, " ");
  expect(text).toContain(`its ${what} belongs to Coolify: the next deploy there creates it again`);
  expect(text).toContain("change it in Coolify (Environment Variables of the resource), and deploy");
  const accepted = await world.unsprawl(["plan", source, "--to", "local", "--accept", "platform"]);
  expect(accepted.code, accepted.stdout + accepted.stderr).toBe(0);
  expect(accepted.stdout.replaceAll(/\s+/g, " ")).toContain(
    `the ${what} belongs to Coolify: the next deploy there brings the values back`,
  );
});

it("is moved then", async () => {
  const args = ["--to", "local", "--accept", "platform", "--grace", "100ms", "--yes"];
  const moved = await world.unsprawl(["migrate", "compose:shop", ...args]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  await expectServed(engine.docker, "shop-web-1", { DB_PASSWORD });
  expect(readFileSync(file, "utf8")).toContain("x-unsprawl");
});
