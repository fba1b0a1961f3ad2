import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootSystemd, enableUnits, unitsOf, writeTargets, type BootedSystemd } from "../services/booted.ts";
import { asPerson, PERSON, personsWorld } from "../services/engines.ts";
import { importImage, staticBusybox, tools } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { startPodman, type TestPodman } from "../services/podman.ts";
import { filesBelow } from "../support/canary.ts";
import type { World } from "../support/world.ts";
import { change, emptyMemory, migrated, valueIn } from "./stage.ts";

// Podman without root, served by the unit of its user, under a real systemd of theirs: without root, before Podman's own.

const IMAGE = "localhost/busybox:1";
let root: string;
let runtime: string;
let units: string;
let podman: TestPodman;
let bao: OpenBao;
let world: World;
let booted: BootedSystemd | null = null;
let value = "";
let next: readonly string[] = [];

beforeAll(async () => {
  [podman, bao] = await Promise.all([startPodman({ rootless: true }), startOpenBao()]);
  const busybox = await staticBusybox();
  importImage(podman, IMAGE, (to) => tools(to, busybox, ["sh", "cat", "sleep", "ls"]), ["ENV PATH=/bin"]);
  world = personsWorld(podman.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  root = mkdtempSync(join(tmpdir(), "unsprawl-manager-"));
  [runtime, units] = [join(root, "runtime"), join(world.dir, "config/systemd/user")];
  mkdirSync(runtime);
  value = await migrated(podman, world, {
    name: "web",
    image: IMAGE,
    deliver: "shim",
    more: ["--network", "none", "--stop-timeout", "1"],
  });
});

afterAll(async () => {
  await booted?.stop();
  await podman?.stop();
  await bao?.stop();
  world?.remove();
  rmSync(root, { recursive: true, force: true });
});

it("doctor names it, and it is the user's own: nothing of root's is written", async () => {
  expect((await world.unsprawl(["doctor", "--no-residue"])).stdout).toContain("→ unsprawl agent install systemd");
  const flags = ["--grace", "200ms", "--every", "500ms"];
  const { code, stdout, stderr } = await world.unsprawl(["agent", "install", "systemd", "--yes", ...flags]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("\nBefore=podman.service podman-restart.service\n");
  expect(stderr).toContain(`wrote ${units}/unsprawl-agent.service`);
  next = [...stderr.matchAll(/next: (.*)$/gm)].map(([, command = ""]) => command);
  expect(next).toEqual([
    "systemctl --user daemon-reload",
    "systemctl --user enable --now unsprawl-agent.service",
    "loginctl enable-linger",
    "journalctl --user -u unsprawl-agent.service -f",
  ]);
  const credentials = filesBelow(join(world.dir, "config/unsprawl/agent"));
  expect(credentials).toHaveLength(2);
  for (const file of credentials) expect(statSync(file)).toMatchObject({ uid: PERSON, mode: 0o100600 });
  expect((await world.unsprawl(["doctor", "--no-residue"])).stdout).toContain("✓  agent");
});

/** The machine is up, with a manager of the user's as one that lingers has it (user@.service), and Podman's own unit. */
async function boot(): Promise<void> {
  const look = `find ${world.memory} -type f -size +0 >${join(root, "found")}`;
  writeTargets(units);
  writeFileSync(
    join(units, "podman-restart.service"),
    `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${look}'\n[Install]\nWantedBy=default.target\n`,
  );
  for (const path of [root, runtime]) chownSync(path, PERSON, PERSON);
  chmodSync(runtime, 0o700);
  const environment = `${theirs().join(" ")} SYSTEMD_UNIT_PATH=${units}`;
  const given = `chown -R ${PERSON}:${PERSON} /sys/fs/cgroup$(sed -n s/0:://p /proc/self/cgroup)`;
  writeFileSync(
    join(unitsOf(root), "manager.service"),
    `[Service]\nType=notify\nNotifyAccess=all\nDelegate=yes\nEnvironment=${environment}
ExecStart=/bin/sh -ec '${given}; exec ${asPerson.join(" ")} /usr/lib/systemd/systemd --user'
[Install]\nWantedBy=multi-user.target\n`,
  );
  await enableUnits(root, "manager.service");
  booted = await bootSystemd(root);
  await expect.poll(() => booted?.systemctl("show", "--value", "-p", "ActiveState", "manager")).toBe("active");
}

const theirs = (): readonly string[] => [
  `HOME=${world.dir}`,
  `XDG_CONFIG_HOME=${join(world.dir, "config")}`,
  `XDG_RUNTIME_DIR=${runtime}`,
];
const asUser = (...words: readonly string[]): string => booted?.run(...asPerson, "env", ...theirs(), ...words) ?? "";

it("started as it says, it serves a changed value", async () => {
  await boot();
  for (const command of [...next.slice(0, 2), "systemctl --user enable podman-restart.service"])
    asUser(...command.split(" "));
  value = await change(bao, world, "web");
  await expect.poll(() => valueIn(podman, "web")).toBe(value);
});

it("after a boot the files are there before Podman starts a container", async () => {
  await booted?.stop();
  await podman.kill();
  emptyMemory(world);
  rmSync(join(root, "found"), { force: true });
  await boot();
  await expect
    .poll(() => existsSync(join(root, "found")) && readFileSync(join(root, "found"), "utf8"))
    .toContain("/shim/API_TOKEN");
  await podman.start();
  podman.podman(["start", "--all", "--filter", "restart-policy=always"]);
  await expect.poll(() => valueIn(podman, "web")).toBe(value);
});

it("is uninstalled with its credentials", async () => {
  const { stdout, stderr } = await world.unsprawl(["agent", "uninstall", "systemd", "--yes"]);
  expect(stdout).toBe(`removed ${units}/unsprawl-agent.service\nremoved ${join(world.dir, "config/unsprawl/agent")}\n`);
  expect(stderr).toContain("systemctl --user disable --now unsprawl-agent.service");
});
