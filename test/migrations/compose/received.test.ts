import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { makeServerImage } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { makeWorld, type World } from "../../support/world.ts";

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it("a database and its backup, of one image whose entrypoint reads NAME_FILE for the database alone, both have the value", async () => {
  const value = random(20);
  world.plant({ DB_PASSWORD: value });
  await makeServerImage(engine, "sidecar:1", `if [ "$1" = serverd ]; then file_env DB_PASSWORD; fi\nexec "$@"`);
  const service = (command: string): string =>
    `{ image: "sidecar:1", network_mode: none, command: ${command}, environment: { DB_PASSWORD: "${value}" } }`;
  const file = join(world.dir, "compose.yaml");
  writeFileSync(file, `name: sidecar\nservices:\n  db: ${service("serverd")}\n  backup: ${service("backup")}\n`);
  const compose = await composeCli();
  execFileSync(compose, ["-f", file, "up", "-d"], { env: { ...process.env, DOCKER_HOST: engine.host }, stdio: "pipe" });
  const moved = await world.unsprawl([...["migrate", `compose:${file}`, "--to", "local", "--grace", "300ms", "--yes"]]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  for (const name of ["sidecar-db-1", "sidecar-backup-1"])
    await expect.poll(() => engine.docker("exec", name, "cat", "/tmp/seen")).toBe(`${value}.`);
  const text = readFileSync(file, "utf8");
  expect(text).toContain("DB_PASSWORD_FILE");
  expect(text).not.toContain(value);
});
