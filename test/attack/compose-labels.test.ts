import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { sample } from "../support/deep.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// A container or an image that nobody trusts says by its labels which Compose file it is from, and writes that file itself.
// Nothing of the file may be run, and nothing of root's environment may reach it.

const { DB_PASSWORD = "" } = twelveSecrets();
const TOKEN = `t-${randomBytes(12).toString("hex")}`;

let engine: WorkerEngine;
let world: World;
let program: string;
let owned: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host, { VAULT_TOKEN: TOKEN, AWS_SECRET_ACCESS_KEY: TOKEN });
  owned = join(world.dir, "owned");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

/** What the attacker would have Compose run. */
const evil = (service: string): string => `services:
  ${service}:
    image: ${BUSYBOX}
    network_mode: none
    privileged: true
    volumes: ["/:/host", "/:/data/host"]
    command: ["sh", "-c", "id > /host${owned}; sleep 1000"]
    environment:
      DB_PASSWORD: ${DB_PASSWORD}
      T: "\${VAULT_TOKEN}"
      A: "\${AWS_SECRET_ACCESS_KEY}"
`;

const labelsOf = (name: string, folder: string): { readonly [label: string]: string } => ({
  "com.docker.compose.project": name,
  "com.docker.compose.service": "app",
  "com.docker.compose.oneoff": "False",
  "com.docker.compose.container-number": "1",
  "com.docker.compose.project.working_dir": folder,
  "com.docker.compose.project.config_files": join(folder, "evil.yml"),
  "com.docker.compose.config-hash": randomBytes(32).toString("hex"),
});

/** A victim's container, without a right, from an image or with labels that say so. */
function start(name: string, image: string, labels: { readonly [label: string]: string }, mount: string): void {
  const own = Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
  engine.docker(
    ...["run", "-d", "--name", name, "--network", "none", "--cap-drop", "ALL", "-v", mount, ...own],
    ...["-e", `DB_PASSWORD=${DB_PASSWORD}`, image, ...APP],
  );
}

function imageWith(tag: string, labels: { readonly [label: string]: string }): string {
  engine.docker("create", "--name", "base", BUSYBOX, "true");
  const change = Object.entries(labels).flatMap(([key, value]) => ["--change", `LABEL ${key}=${value}`]);
  engine.docker("commit", ...change, "base", tag);
  engine.docker("rm", "base");
  return tag;
}

const migrate = (what: string, ...more: string[]): Promise<Ran> =>
  world.unsprawl(["migrate", what, "--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes", ...more]);

/** No container beside those that were there, none with more rights, nothing of root's environment anywhere. */
function expectHarmless(ran: Ran, ...names: string[]): void {
  expect(existsSync(owned)).toBe(false);
  const docs = JSON.parse(engine.docker("inspect", ...engine.docker("ps", "-aq").split("\n"))) as {
    Name: string;
    Config: { Labels: { [key: string]: string } };
    HostConfig: { Privileged: boolean; Binds: string[] | null };
  }[];
  expect(
    docs.filter(({ HostConfig }) => HostConfig.Privileged || HostConfig.Binds?.some((one) => one.startsWith("/:"))),
  ).toEqual([]);
  const found = docs.map(({ Name }) => Name.slice(1)).filter((name) => names.some((one) => name.startsWith(one)));
  expect(found.filter((name) => !names.includes(name) && !name.includes("-before-"))).toEqual([]);
  expect(JSON.stringify(docs) + ran.stdout + ran.stderr).not.toContain(TOKEN);
}

/** Where the file of an image's labels may lie: in the container's own volume, or in a folder of the host that it may write to. */
const FOLDERS: { readonly [where: string]: () => readonly [folder: string, mount: string] } = {
  "the container's own volume": () => {
    engine.docker("volume", "create", "evildata");
    return [engine.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "evildata"), "evildata:/data"];
  },
  "a folder of the host": () => {
    const folder = join(world.dir, "bound");
    mkdirSync(folder);
    return [folder, `${folder}:/data`];
  },
};

it.each(sample(Object.entries(FOLDERS), 1))("labels of an image, and the file in %s", async (_where, make) => {
  const [folder, mount] = make();
  // An image that is labelled as a swarm's or a pod's is nobody's either.
  const image = imageWith("evil:labels", {
    ...labelsOf("evil", folder),
    ...{ "com.docker.swarm.service.name": "victim", "io.kubernetes.pod.name": "victim" },
  });
  start("evil-a", image, {}, mount);
  writeFileSync(join(folder, "evil.yml"), evil("app"));
  const ran = await migrate("docker:evil-a", "--accept", "drift");
  expectHarmless(ran, "evil-a");
  // It is what it is: a container of nobody's project, and it is moved as one.
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stdout).not.toContain("victim");
  expect(engine.docker("inspect", "evil-a")).not.toContain(DB_PASSWORD);
  expect(readFileSync(join(folder, "evil.yml"), "utf8")).toBe(evil("app"));
  engine.docker("rm", "-f", "evil-a");
});

it("labels that the container has itself, and a file that it can write to, however it is named", async () => {
  // In its volume.
  engine.docker("volume", "create", "owndata");
  const volume = engine.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "owndata");
  start("own-c", BUSYBOX, labelsOf("ownc", volume), "owndata:/data");
  writeFileSync(join(volume, "evil.yml"), evil("app"));
  // In a volume that is a folder of the host, or named through /proc.
  const device = join(world.dir, "device");
  mkdirSync(device);
  writeFileSync(join(device, "evil.yml"), evil("app"));
  engine.docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", `device=${device}`, "bound");
  start("own-v", BUSYBOX, labelsOf("ownv", device), "bound:/data");
  const odd = `/./proc/${process.pid}/root${device}`;
  start("own-p", BUSYBOX, labelsOf("ownp", odd), "bound:/data:ro");
  // Behind a link to the container's own file system, which the host has under no such name.
  engine.docker("exec", "own-p", "mkdir", "/own");
  engine.docker("cp", join(device, "evil.yml"), "own-p:/own/evil.yml");
  const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", "own-p");
  const link = join(world.dir, "link");
  symlinkSync(`/proc/${pid}/root/own`, link);
  start("own-l", BUSYBOX, labelsOf("ownl", link), "bound:/data:ro");
  // In a folder that it has: Compose does not know the container.
  const folder = join(world.dir, "bound-own");
  mkdirSync(folder);
  start("own-d", BUSYBOX, labelsOf("ownd", folder), `${folder}:/data`);
  writeFileSync(join(folder, "evil.yml"), evil("app"));

  const all = ["own-c", "own-v", "own-p", "own-l", "own-d"];
  const ids = engine.docker("inspect", "-f", "{{.Id}}", ...all);
  const ran = await migrate("docker:own-*", "--accept", "drift");
  expectHarmless(ran, ...all);
  expect(ran.code, ran.stdout + ran.stderr).toBe(3);
  for (const one of ["ownc", "ownv", "ownp", "ownl"])
    expect(ran.stdout).toContain(`is managed by Compose (project ${one})`);
  expect(ran.stdout).toMatch(/Compose does not count own-d|can write to them/);
  expect(engine.docker("inspect", "-f", "{{.Id}}", ...all)).toBe(ids);
});

it("a project's own container writes to its Compose file: what it wrote is not applied, whatever is accepted", async () => {
  const folder = join(world.dir, "rewritten");
  mkdirSync(folder);
  const file = join(folder, "compose.yaml");
  const harmless = `services:
  app:
    image: ${BUSYBOX}
    network_mode: none
    volumes: [".:/app"]
    command: ${JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")))}
    environment:
      DB_PASSWORD: ${DB_PASSWORD}
`;
  writeFileSync(file, harmless);
  execFileSync(program, ["up", "-d"], { cwd: folder, env: world.env, stdio: "pipe" });
  const id = engine.docker("inspect", "-f", "{{.Id}}", "rewritten-app-1");
  engine.docker("exec", "rewritten-app-1", "sh", "-c", `cat > /app/compose.yaml <<'END'\n${evil("app")}END`);
  const ran = await migrate("docker:rewritten-app-1", "--accept", "drift");
  expectHarmless(ran, "rewritten-app-1");
  expect(ran.code).toBe(3);
  expect(ran.stdout).toContain("the container rewritten-app-1 can write to them");
  expect(engine.docker("inspect", "-f", "{{.Id}}", "rewritten-app-1")).toBe(id);
  // As it was, it moves.
  writeFileSync(file, harmless);
  const moved = await migrate("docker:rewritten-app-1");
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(engine.docker("inspect", "rewritten-app-1")).not.toContain(DB_PASSWORD);
});

it("a project whose image Compose has built, and labelled, moves as any other", async () => {
  const folder = join(world.dir, "built");
  mkdirSync(folder);
  const image = imageWith("built:1", {
    "com.docker.compose.project": "built",
    "com.docker.compose.service": "app",
    "com.docker.compose.version": "2.26.1",
  });
  writeFileSync(
    join(folder, "compose.yaml"),
    `services:\n  app:\n    image: ${image}\n    network_mode: none\n    command: ${JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")))}\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n`,
  );
  execFileSync(program, ["up", "-d"], { cwd: folder, env: world.env, stdio: "pipe" });
  const ran = await migrate("docker:built-app-1", "--diff");
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stdout).toContain(`in ${folder}: ${join(folder, "compose.yaml")}`);
  expect(readFileSync(join(folder, "compose.yaml"), "utf8")).not.toContain(DB_PASSWORD);
});
