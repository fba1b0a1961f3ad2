import { execFileSync } from "node:child_process";
import Dockerode from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { which } from "../../services/apt.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { freePort } from "../../services/tls.ts";
import { workerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { cases, half, joined, makeOpinionated } from "./cases.ts";
import { recreatedFaults, type Doc } from "./compare.ts";
import { fieldsOf } from "../../../src/engine/recreate/fields.ts";
import { NO_MORE_RIGHTS } from "../../../src/engine/recreate/rights.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { makeWorld, type World } from "../../support/world.ts";

const engine = await workerEngine();
let world: World;

function docker(...args: string[]): string {
  const env = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: engine.host };
  return execFileSync(which("docker") ?? "docker", args, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  }).trimEnd();
}

const NETWORKS = { "rc-one": "10.231.1.0/24", "rc-two": "10.231.2.0/24" };

beforeAll(async () => {
  world = makeWorld(engine.host);
  for (const [name, subnet] of Object.entries(NETWORKS)) docker("network", "create", "--subnet", subnet, name);
  await makeOpinionated(new Dockerode({ socketPath: engine.socket }));
});

afterAll(() => {
  const left = docker("ps", "-aq", "--filter", "name=^/rc-").split("\n").filter(Boolean);
  if (left.length > 0) docker("rm", "-f", "-v", ...left);
  for (const name of Object.keys(NETWORKS)) docker("network", "rm", name);
  world.remove();
});

const inspect = (name: string): Doc => (JSON.parse(docker("inspect", name)) as Doc[])[0] as Doc;

const CASES = half(joined(cases(docker, await freePort())), 0);

describe("a migrated container differs in nothing but the delivery", () => {
  beforeAll(() => {
    docker("run", "-d", "--name", "rc-linked", "--stop-timeout", "1", "-v", "/shared", BUSYBOX, ...APP);
    docker("exec", "rc-linked", "sh", "-c", "echo kept > /shared/file");
  });

  it.each(CASES.map((one, index) => [one.what, index, one] as const))("%s", async (_what, index, one) => {
    const name = `rc-${index}`;
    const { DB_PASSWORD = "" } = twelveSecrets();
    const stopTime = one.args.includes("--stop-timeout") ? [] : ["--stop-timeout", "1"];
    docker(
      one.created ? "create" : "run",
      ...(one.created ? [] : ["-d"]),
      "--name",
      name,
      ...stopTime,
      "-e",
      `DB_PASSWORD=${DB_PASSWORD}`,
      ...one.args,
      one.image ?? BUSYBOX,
      ...(one.command ?? APP),
    );
    one.before?.(name);
    const old = inspect(name);
    const moved = await world.unsprawl([
      "migrate",
      `docker:${name}`,
      "--to",
      "local",
      "--deliver",
      "shim",
      "--grace",
      "100ms",
      "--yes",
      ...(one.flags ?? []),
    ]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);

    const fresh = inspect(name);
    expect(fresh.Id).not.toBe(old.Id);
    expect(recreatedFaults(old, fresh)).toEqual([]);
    one.after?.(name, old);
    const kept = docker("ps", "-aq", "--filter", `name=^/${name}(-|$)`).split("\n").filter(Boolean);
    docker("rm", "-f", "-v", ...kept);
  });
});

/** Any change of these may give a container more rights. */
const RIGHTS = [
  ...["PidMode", "IpcMode", "NetworkMode", "UsernsMode", "UTSMode", "CgroupnsMode", "Cgroup", "CgroupParent"],
  ...["SecurityOpt", "CapDrop", "ReadonlyRootfs", "Runtime", "Isolation"],
];

it("every setting that this engine shows is a right, or accepted drift may change it", () => {
  docker("create", "--name", "rc-settings", BUSYBOX, ...APP);
  const fields = fieldsOf(inspect("rc-settings") as unknown as ContainerDoc, new Map());
  const unnamed = Object.keys(fields).filter((field) => field.startsWith("HostConfig.") && !(field in NO_MORE_RIGHTS));
  expect(unnamed.toSorted()).toEqual(RIGHTS.map((name) => `HostConfig.${name}`).toSorted());
});
