import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { need } from "../services/apt.ts";
import { APP, BUSYBOX, importImage, staticBusybox, tools } from "../services/images.ts";
import { startPodman, type TestPodman } from "../services/podman.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";
import { migrate, password, printed } from "../migrations/files-world.ts";
import { fencedBlocks, readPage } from "./typed.ts";

// docs/engines.md, "Where a value stands": its commands show the value before a migration, and nothing after it.

let engine: WorkerEngine;
let podman: TestPodman;
let path: string;
const worlds: World[] = [];
const IMAGE = "localhost/busybox:1";

beforeAll(async () => {
  [engine, podman] = await Promise.all([workerEngine(), startPodman()]);
  path = dirname(await need("docker", ["docker-cli"]));
  const busybox = await staticBusybox();
  importImage(podman, IMAGE, (root) => tools(root, busybox, ["sh", "cat", "sleep"]), ["ENV PATH=/bin"]);
});

afterAll(async () => {
  await engine?.clean();
  await podman?.stop();
  for (const world of worlds) world.remove();
});

/** What each command of the block that begins with this program prints; `grep` ends with 1 where it finds nothing. */
function shown(program: "docker" | "podman", world: World, value: string): readonly string[] {
  const block = fencedBlocks(readPage("docs/engines.md")).find(({ text }) => text.startsWith(`${program} inspect`));
  const lines = (block?.text ?? "").trim().split("\n");
  expect(lines).toHaveLength(2);
  const own = join(world.dir, "podman");
  writeFileSync(own, `#!/bin/sh\nexec ${podman.command.join(" ")} "$@"\n`);
  chmodSync(own, 0o700);
  const env = {
    ...world.env,
    PODMAN_IGNORE_CGROUPSV1_WARNING: "1",
    VALUE: value,
    PATH: `${world.dir}:${path}:${process.env["PATH"]}`,
  };
  return lines.map((line) =>
    execFileSync("sh", ["-c", `${line.replace(/^sudo /, "")} || [ $? = 1 ]`], { env, encoding: "utf8" }),
  );
}

it.each(["docker", "podman"] as const)(
  "a variable's value is shown, and lies on the disk, until it is moved: %s",
  async (program) => {
    const world = makeWorld(program === "docker" ? engine.host : podman.host);
    worlds.push(world);
    const value = password();
    const run = ["run", "-d", "--name", "web", "--network", "none", "-e", `DB_PASSWORD=${value}`];
    if (program === "docker") engine.docker(...run, BUSYBOX, ...APP);
    else podman.docker(...run, IMAGE, ...APP);
    const [inspected, files] = shown(program, world, value);
    expect(inspected).toContain(value);
    expect(files).toMatch(program === "docker" ? /config\.v2\.json/ : /config\.json/);
    const { ran } = await migrate(world, "docker:web", ["--grace", "300ms"]);
    expect(ran.code, ran.stderr).toBe(0);
    const scrubbed = await world.unsprawl(["scrub", "last", "--yes", "--accept", "key-backup"]);
    expect(scrubbed.code, printed(scrubbed)).toBe(0);
    const after = shown(program, world, value);
    expect(after[0]).toMatch(/^\[.*\]\n$/);
    expect(after.join("")).not.toContain(value);
    expect(after[1]).toBe("");
  },
);
