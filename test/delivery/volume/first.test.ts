import { afterAll, beforeAll, expect, it } from "vitest";
import { APP, BUSYBOX, makeImages } from "../../services/images.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { freePort } from "../../services/tls.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

let engine: TestEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  const port = await freePort();
  [engine, bao] = await Promise.all([
    startEngine({ args: ["--host", `tcp://127.0.0.1:${port}`, "--tls=false"] }),
    startOpenBao(),
  ]);
  await makeImages(engine);
  world = makeWorld(`tcp://127.0.0.1:${port}`, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

it("moves on a remote engine", async () => {
  const secrets = twelveSecrets();
  const [name, value] = Object.entries(secrets)[0] ?? ["", ""];
  engine.docker(
    "run",
    "-d",
    "--name",
    "web",
    "--network",
    "none",
    "--stop-timeout",
    "1",
    "-e",
    `${name}=${value}`,
    BUSYBOX,
    ...APP,
  );
  const before = await world.unsprawl(["plan", "docker:web", "--to", "vault"]);
  console.log(before.stdout, before.stderr);
  const installed = await world.unsprawl(["plugin", "install", "--to", "vault", "--yes"]);
  console.log(installed);
  const status = await world.unsprawl(["plugin", "status"]);
  console.log(status);
  const moved = await world.unsprawl(["migrate", "docker:web", "--to", "vault", "--yes"]);
  console.log(moved.stdout, moved.stderr);
  expect(moved.code).toBe(0);
  console.log(
    engine.docker("inspect", "web", "--format", "{{json .Config.Env}} {{json .Mounts}} {{json .HostConfig.Mounts}}"),
  );
  console.log(engine.docker("exec", "web", "ls", "-la", "/run/unsprawl"));
  console.log(engine.docker("restart", "web"));
  const back = await world.unsprawl(["rollback"]);
  console.log(back);
  console.log(engine.docker("volume", "ls"), engine.docker("inspect", "web", "--format", "{{json .Config.Env}}"));
});
