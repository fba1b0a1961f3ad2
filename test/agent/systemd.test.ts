import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootSystemd, enableUnits, unitsOf, type BootedSystemd } from "../services/booted.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { installProgram } from "../services/installed.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { plantedIn } from "../support/planted.ts";
import { makeWorld, type World } from "../support/world.ts";
import { change, emptyMemory, migrated, valueIn } from "./stage.ts";

// The installed unit under a real systemd: in its sandbox, before the engine, with credentials of its own.

const temporary = process.env["TMPDIR"];
let home: string;
let engine: TestEngine;
let bao: OpenBao;
let world: World;
let booted: BootedSystemd | null = null;
let value = "";

beforeAll(async () => {
  // The unit has a /tmp of its own, as the engine's socket and the state of a real host are not in /tmp.
  home = mkdtempSync("/var/lib/unsprawl-test-");
  process.env["TMPDIR"] = home;
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.env["UNSPRAWL_AGENT_HOME"] = join(home, "agent");
  value = await migrated(engine, world, {
    name: "web",
    image: BUSYBOX,
    deliver: "shim",
    more: ["--stop-timeout", "1"],
  });
  const flags = ["--grace", "200ms", "--every", "500ms"];
  const install = ["agent", "install", "systemd", "--yes", "-o", unitsOf(home), ...flags];
  const made = await world.unsprawl(install, { program: installProgram() });
  expect(made.code, made.stderr).toBe(0);
  const dropIns = join(unitsOf(home), "unsprawl-agent.service.d");
  mkdirSync(dropIns);
  const log = ["StandardOutput", "StandardError"].map((stream) => `${stream}=append:${join(home, "log")}\n`).join("");
  writeFileSync(join(dropIns, "log.conf"), `[Service]\n${log}`);
  // What each of these finds when it starts stands in a file.
  for (const name of ["docker", "podman", "podman-restart"]) {
    const look = `find ${world.memory} -type f -size +0 >${join(home, name)}.part; mv ${join(home, name)}.part ${join(home, name)}`;
    writeFileSync(
      join(unitsOf(home), `${name}.service`),
      `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${look}'\n[Install]\nWantedBy=multi-user.target\n`,
    );
  }
  const units = ["docker.service", "podman.service", "podman-restart.service"];
  await enableUnits(home, ...units, "unsprawl-agent.service");
});

afterAll(async () => {
  await booted?.stop();
  await engine?.stop();
  await bao?.stop();
  world?.remove();
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
  rmSync(home, { recursive: true, force: true });
});

const found = (name: string): string => (existsSync(join(home, name)) ? readFileSync(join(home, name), "utf8") : "");
const show = (property: string): string => booted?.systemctl("show", "--value", "-p", property, "unsprawl-agent") ?? "";

it("at boot every engine starts after the files are there", async () => {
  await engine.kill();
  emptyMemory(world);
  booted = await bootSystemd(home);
  for (const name of ["docker", "podman", "podman-restart"])
    await expect.poll(() => found(name)).toContain("/shim/API_TOKEN");
  await engine.start();
  await expect.poll(() => valueIn(engine, "web")).toBe(value);
});

it("then it serves the host from its sandbox", async () => {
  await expect.poll(() => show("ActiveState")).toBe("active");
  value = await change(bao, world, "web");
  await expect.poll(() => valueIn(engine, "web")).toBe(value);
});

it("killed, it is back, and nothing was missed", async () => {
  const before = show("MainPID");
  booted?.systemctl("kill", "--signal=KILL", "unsprawl-agent");
  value = await change(bao, world, "web");
  await expect.poll(() => show("MainPID")).not.toMatch(new RegExp(`^(0|${before})$`));
  await expect.poll(() => valueIn(engine, "web")).toBe(value);
});

it("stopped, it leaves the files where containers mount them, and has shown no value", async () => {
  booted?.systemctl("stop", "unsprawl-agent");
  expect(show("ActiveState")).toBe("inactive");
  engine.docker("restart", "-t", "1", "web");
  expect(valueIn(engine, "web")).toBe(value);
  expect(found("log")).toContain("container:web: wrote API_TOKEN");
  expect(plantedIn(found("log"))).toEqual([]);
});
