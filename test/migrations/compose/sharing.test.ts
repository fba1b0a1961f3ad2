import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// A VPN client with a secret, and the services in its network: a namespace goes with its container, so they follow it.

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;
const KEY = password();
const APP = `["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $$!; done"]`;
const COMPOSE = `name: vpn
services:
  client:
    image: ${BUSYBOX}
    container_name: gluetun
    network_mode: none
    command: ${APP}
    environment:
      - WIREGUARD_PRIVATE_KEY=\${WIREGUARD_PRIVATE_KEY}
    healthcheck: { test: ["CMD", "true"], interval: 1s }
  torrent:
    image: ${BUSYBOX}
    network_mode: service:client
    command: ${APP}
    depends_on: { client: { condition: service_healthy } }
  # By its name: Compose itself would leave it behind.
  indexer: { image: "${BUSYBOX}", network_mode: "container:gluetun", command: ${APP} }
  watch: { image: "${BUSYBOX}", network_mode: none, pid: "service:client", command: ${APP} }
  named: { image: "${BUSYBOX}", network_mode: none, pid: "container:gluetun", command: ${APP} }
  still: { image: "${BUSYBOX}", network_mode: "container:gluetun", command: ${APP} }
  other: { image: "${BUSYBOX}", network_mode: none, command: ${APP} }
`;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  dir = join(world.dir, "vpn");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `WIREGUARD_PRIVATE_KEY=${KEY}\n`);
  compose("up", "-d", "client");
  compose("up", "-d");
  compose("stop", "-t", "0", "still");
});
afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const compose = (...args: string[]): string =>
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();
const shown = (name: string, format: string): string => engine.docker("inspect", "-f", format, name);
const id = (name: string): string => shown(name, "{{.Id}}");

function expectTogether(): void {
  const client = id("gluetun");
  const mode = "{{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.State.Running}}";
  expect(shown("vpn-torrent-1", mode)).toBe(`container:${client}  true`);
  expect(shown("vpn-indexer-1", mode)).toBe(`container:${client}  true`);
  expect(shown("vpn-watch-1", mode)).toBe(`none container:${client} true`);
  expect(shown("vpn-named-1", mode)).toBe(`none container:${client} true`);
  expect(shown("vpn-still-1", mode)).toBe(`container:${client}  false`);
}

async function planOf(): Promise<Plan> {
  return JSON.parse((await world.unsprawl(["plan", `compose:${dir}`, "--to", "local", "--json"])).stdout) as Plan;
}

it("who shares a network or processes with a service that moves is created again after it, and nobody else", async () => {
  const before = { files: filesOf(dir), client: id("gluetun"), other: id("vpn-other-1") };
  expectTogether();
  const moved = await world.unsprawl([
    "migrate",
    `compose:${dir}`,
    "--to",
    "local",
    "--diff",
    "--yes",
    "--grace",
    "500ms",
  ]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  const [, then = ""] = /; then (.*), which depend on it/.exec(moved.stdout) ?? [];
  expect(then.split(", ").toSorted()).toEqual([
    "vpn-indexer-1",
    "vpn-named-1",
    "vpn-still-1",
    "vpn-torrent-1",
    "vpn-watch-1",
  ]);
  expect(moved.stdout).toMatch(
    /~ torrent +docker compose up torrent, unchanged, since it shares a namespace with client/,
  );
  expect(moved.stdout).toContain("6 containers restart");
  expect(engine.docker("inspect", "gluetun")).not.toContain(KEY);
  expect([id("gluetun") === before.client, id("vpn-other-1")]).toEqual([false, before.other]);
  expectTogether();
  const now = engine.docker("ps", "-q", "--no-trunc").split("\n").toSorted();
  compose("up", "-d", "--no-recreate", "client", "torrent", "other");
  expect(engine.docker("ps", "-q", "--no-trunc").split("\n").toSorted()).toEqual(now);
  const back = await world.unsprawl(["rollback", /unsprawl rollback (\S+)/.exec(moved.stdout)?.[1] ?? ""]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(shown("gluetun", "{{json .Config.Env}}")).toContain(KEY);
  expectTogether();
  expect(id("vpn-other-1")).toBe(before.other);
  expect(filesOf(dir)).toEqual(before.files);
});

it("a service stays if one in its network would not be the same again, or is not of its project", async () => {
  engine.docker("run", "-d", "--name", "stranger", "--network", "container:gluetun", BUSYBOX, "sleep", "1000");
  const [stranger] = (await planOf()).notMoved;
  expect(`${stranger?.reason ?? ""}; ${stranger?.hint ?? ""}`).toBe(
    "stranger, which is not of this project, shares a namespace with client, and would lose it; docker rm -f stranger, then plan again; create it again afterwards",
  );
  engine.docker("rm", "-f", "stranger");
  engine.docker(
    "run",
    "-d",
    "--name",
    "tracer",
    "--network",
    "none",
    "--pid",
    "container:gluetun",
    BUSYBOX,
    "sleep",
    "1000",
  );
  expect((await planOf()).notMoved[0]?.reason).toBe(
    "tracer, which is not of this project, shares a namespace with client, and would lose it",
  );
  engine.docker("rm", "-f", "tracer");
  const ready = await planOf();
  expect(ready.notMoved).toEqual([]);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE.replace("service:client\n", "service:client\n    user: '5'\n"));
  const [changed] = (await planOf()).notMoved;
  expect(changed?.reason).toMatch(
    /^torrent shares a namespace with client, and cannot be created again: the container of torrent does not match its Compose files/,
  );
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  const file = join(world.dir, "plan.json");
  expect((await world.unsprawl(["plan", `compose:${dir}`, "--to", "local", "-o", file])).code).toBe(0);
  engine.docker("rm", "-f", "vpn-watch-1");
  compose("up", "-d", "watch");
  const late = await world.unsprawl(["apply", file, "--yes"]);
  expect(late.code).toBe(1);
  expect(late.stderr).toContain("vpn-watch-1 has changed since the plan was made");
  expectTogether();
});
