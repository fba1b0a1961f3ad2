import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { APP, BUSYBOX, makeImages } from "../../services/images.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { freePort } from "../../services/tls.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { need } from "../../services/apt.ts";

let engine: TestEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;
let host = "";

beforeAll(async () => {
  const port = await freePort();
  host = `tcp://127.0.0.1:${port}`;
  [engine, bao] = await Promise.all([startEngine({ args: ["--host", host, "--tls=false"] }), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

it("moves a project on a remote engine", async () => {
  const compose = await need("docker-compose", ["docker-compose"]);
  const secrets = Object.entries(twelveSecrets());
  const [[name, value] = ["", ""], [other, also] = ["", ""]] = secrets;
  const dir = join(world.dir, "shop");
  mkdirSync(dir);
  const file = join(dir, "compose.yaml");
  const text = `services:
  db:
    image: ${BUSYBOX}
    command: ${JSON.stringify(APP)}
    network_mode: none
    stop_grace_period: 1s
    environment:
      ${name}: ${JSON.stringify(value.replaceAll("$", "$$$$"))}
      ${other}: ${JSON.stringify(also.replaceAll("$", "$$$$"))}
    volumes:
      - data:/data
volumes:
  data: {}
`;
  writeFileSync(file, text);
  const up = (...args: string[]): string =>
    execFileSync(compose, ["-f", file, ...args], { env: { ...process.env, DOCKER_HOST: host }, encoding: "utf8" });
  up("up", "-d");
  console.log(await world.unsprawl(["plugin", "install", "--to", "vault", "--yes"]));
  const moved = await world.unsprawl(["migrate", `compose:${file}`, "--only", name, "--to", "vault", "--yes"]);
  console.log(moved.stdout, moved.stderr, moved.code);
  console.log(readFileSync(file, "utf8"));
  const again = await world.unsprawl(["migrate", `compose:${file}`, "--to", "vault", "--yes"]);
  console.log(again.stdout, again.stderr, again.code);
  console.log(readFileSync(file, "utf8"));
  console.log(
    engine.docker(
      "inspect",
      "shop-db-1",
      "--format",
      "{{json .Config.Env}} {{json .HostConfig.Binds}} {{json .HostConfig.Mounts}} {{json .Mounts}}",
    ),
  );
  console.log(up("up", "-d", "--force-recreate"));
  console.log(engine.docker("volume", "ls"));
  console.log(await world.unsprawl(["rollback"]), (await world.unsprawl(["runs"])).stdout);
  console.log(await world.unsprawl(["rollback"]));
  console.log(engine.docker("volume", "ls"), engine.docker("inspect", "shop-db-1", "--format", "{{json .Config.Env}}"));
  expect(readFileSync(file, "utf8")).toBe(text);
});
