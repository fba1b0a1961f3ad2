import { afterAll, beforeAll, expect, it } from "vitest";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { migrate, password, printed } from "../files-world.ts";

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

const shown = (name: string, what: string): string => engine.docker("inspect", "-f", `{{${what}}}`, name).trim();

it("a health check that uses no moved value stays as it is, and one that does still has it", async () => {
  const [alone, read] = ["ls / | grep -q bin || exit 1", 'test -n "$READ_PASSWORD"'];
  const secrets = [password(), password()] as const;
  const run = (name: string, entry: string, check: string): string =>
    engine.docker(
      ...["run", "-d", "--name", name, "--network", "none", "-e", entry],
      ...["--health-cmd", check, "--health-interval", "1s", BUSYBOX, ...APP],
    );
  run("alone", `ALONE_PASSWORD=${secrets[0]}`, alone);
  run("read", `READ_PASSWORD=${secrets[1]}`, read);
  const { ran } = await migrate(world, ["docker:alone", "docker:read"], ["--grace", "100ms"]);
  expect(ran.code, printed(ran)).toBe(0);
  expect(JSON.parse(shown("alone", "json .Config.Healthcheck.Test"))).toEqual(["CMD-SHELL", alone]);
  expect(JSON.parse(shown("read", "json .Config.Healthcheck.Test"))).toEqual([
    ...["CMD", "/bin/sh", "/run/unsprawl/entrypoint", "/bin/sh", "-c", read],
  ]);
  expect([shown("alone", ".State.Health.Status"), shown("read", ".State.Health.Status")]).toEqual([
    ...["healthy", "healthy"],
  ]);
});
