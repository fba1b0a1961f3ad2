import { afterAll, beforeAll, describe, expect, it } from "vitest";
import Dockerode from "dockerode";
import { execFileSync } from "node:child_process";
import { which } from "../../services/apt.ts";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine } from "../../services/worker-engine.ts";
import { placedCanaries, random, variableCanaries, Watch, type Canary } from "../../support/canary.ts";
import { STEP_TAILS } from "../../../src/assembly/plug-ins.ts";
import { planFault } from "../../../src/core/journal/plan-shape.ts";
import { detector } from "../../../src/detect/index.ts";
import { hideSecrets } from "../../../migrations/docker-container/run-line/hide.ts";
import { runLine } from "../../../migrations/docker-container/run-line/index.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { makeWorld, type World } from "../../support/world.ts";

// The line that a plan shows of a container holds none of its secrets: not those that move, and not those that stay.

const engine = await workerEngine();
const NAME = "by-hand";
const variables = variableCanaries();
const placed = placedCanaries();
const inNames: Canary = { name: "in a name", value: `ghp_${random(36)}`, parts: [] };
const watch = new Watch([...variables, ...placed.canaries, { ...inNames, parts: [inNames.value.slice(4)] }]);
let world: World;

beforeAll(() => {
  world = makeWorld(engine.host);
  const words = [
    ...[
      "create",
      "--name",
      NAME,
      "--network",
      "none",
      "--label",
      `${inNames.value}=x`,
      "-e",
      "WIFI_KEY=winter9",
      "-e",
      "PORT=8080",
    ],
    ...variables.flatMap(({ name, value }) => ["-e", `${name}=${value}`]),
    ...placed.options,
    ...["--entrypoint", "sh", BUSYBOX, "-c", `sleep 100000; echo ${variables[0]?.value}`, ...placed.command],
  ];
  const env = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: engine.host };
  execFileSync(which("docker") ?? "docker", words, { env, stdio: "pipe" });
});

afterAll(async () => {
  await new Dockerode({ socketPath: engine.socket }).getContainer(NAME).remove({ force: true, v: true });
  world.remove();
});

const plan = (...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["plan", `docker:${NAME}`, "--to", "local", "--deliver", "shim", "--only", "API_TOKEN", ...more]);

describe("of a container full of secrets", () => {
  it("the plan's text shows the line without any", async () => {
    const { stdout, stderr } = await plan("--by-hand");
    expect(watch.find(stdout + stderr)).toEqual([]);
    const line = stdout.split("\n").find((one) => one.includes("docker create")) ?? stdout;
    for (const { name } of variables) expect(line.includes(`-e ${name} `), name).toBe(name !== "API_TOKEN");
    // The client keeps variables in a map.
    expect(line).toContain("-e WIFI_KEY ");
    expect(line).toContain("-e PORT=8080 ");
    for (const { name } of placed.canaries) expect(line, name).not.toContain(name);
  });

  it("the plan's JSON has it too", async () => {
    const { stdout } = await plan("--json");
    expect(watch.find(stdout)).toEqual([]);
    const { steps } = JSON.parse(stdout) as Plan;
    const step = steps.find((one) => one.kind === "recreate");
    expect(step?.run).toMatch(/^docker create --name by-hand (?=(?:.* )?-e WIFI_KEY )(?:.* )?-e PORT=8080 /);
    expect(step?.runLacks).toContain("Config.Cmd, which may be secret");
    expect(step?.runLacks?.[0]).toMatch(
      /^the values of .*\bADMIN_PASSWORD\b.*: it takes them from the environment of the shell$/,
    );
    expect(planFault(JSON.parse(stdout), STEP_TAILS)).toBeNull();
    expect(planFault(JSON.parse(stdout.replace(/"run":"[^"]*"/, '"run":1')), STEP_TAILS)).toMatch(/malformed/);
  });
});

it("options of volumes and networks, and variables named like a token", () => {
  const [password, token] = [random(24), `ghp_${random(36)}`];
  const options = { o: `username=app,password=${password}`, type: "cifs", device: "//nas/share" };
  const Mounts = [{ Type: "volume", Target: "/data", VolumeOptions: { DriverConfig: { Options: options } } }];
  const doc = {
    Id: "0".repeat(64),
    Name: "/one",
    Image: "sha256:0",
    State: { Status: "running", Running: true, Paused: false },
    Config: { Env: [`${token}=x`, "A=b", "B=1"], Labels: { a: "b", c: "2" } },
    HostConfig: { NetworkMode: "net", Mounts },
    NetworkSettings: { Networks: { net: { DriverOpts: { "com.example.api-token": token, note: "c" } } } },
  };
  const image = { Id: "sha256:0", Config: {} };
  const { doc: clean, names, places } = hideSecrets(doc, image, detector);
  const { argv } = runLine({ doc: clean, image }, "image", null, names);
  const text = JSON.stringify([argv, places]);
  expect(text).not.toContain(password);
  expect(text).not.toContain(token.slice(4));
  expect(argv).toEqual([
    ...["run", "-d", "--name", "one", "-e", "A", "-e", "B=1", "--label", "a=[hidden]", "--label", "c=2", "--mount"],
    "type=volume,target=/data,volume-opt=o=[hidden],volume-opt=type=[hidden],volume-opt=device=[hidden]",
    ...["--network", "name=net,driver-opt=com.example.api-token=[hidden],driver-opt=note=[hidden]", "image"],
  ]);
  expect(places).toEqual(["the name of a variable", "Config.Labels", "the options of a volume", "a network's options"]);
});
