import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// One container of a Compose project is named, and a line of `.env` fills in another service too.

const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const key = password();
const COMPOSE = `name: shop
x-app: &app { image: ${BUSYBOX}, network_mode: none, command: ${COMMAND} }
services:
  web:
    <<: *app
    environment: { DATABASE_URL: "postgres://shop:\${DB_PASSWORD}@db:5432/shop" }
  db:
    <<: *app
    environment: { POSTGRES_PASSWORD: "\${DB_PASSWORD}" }
`;

let engine: WorkerEngine;
let world: World;
let dir: string;

beforeAll(async () => {
  const [made, program] = await Promise.all([workerEngine(), composeCli()]);
  engine = made;
  world = makeWorld(engine.host);
  world.plant({ DB_PASSWORD: key });
  dir = join(world.dir, "shop");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `DB_PASSWORD=${key}\n`);
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] });
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it("the plan of one container leads to that of its project, which moves all", async () => {
  const one = await world.unsprawl(["plan", "docker:shop-web-1", "--to", "local"]);
  expect(one.stdout + one.stderr).toContain(
    `next: unsprawl plan compose:${dir} --to STORE plans all services together`,
  );
  const all = await world.unsprawl(["plan", `compose:${dir}`, "--to", "local"]);
  expect(all.code, all.stderr).toBe(0);
});
