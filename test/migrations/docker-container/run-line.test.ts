import { execFile } from "node:child_process";
import { promisify } from "node:util";
import Dockerode from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runLine, runText, type RunLine } from "../../../migrations/docker-container/run-line/index.ts";
import type { ContainerDoc, EngineInfo, ImageDoc } from "../../../src/engine/types.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { freePort } from "../../services/tls.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { DEEP, SEED } from "../../support/deep.ts";
import { Draw } from "../../support/draw.ts";
import { cases, half, joined, makeOpinionated } from "./cases.ts";
import type { Doc } from "./compare.ts";
import { lineCases } from "./line-cases.ts";
import { linedFaults } from "./lined.ts";
import { randomContainer, type Drawn } from "./random.ts";

// An engine of its own: the networks of the cases have fixed addresses.
let engine: WorkerEngine;
let info: EngineInfo;
let api: Dockerode;

const docker = (...args: string[]): string => engine.docker(...args);
const inspect = async (name: string): Promise<Doc & ContainerDoc> =>
  (await api.getContainer(name).inspect()) as unknown as Doc & ContainerDoc;

beforeAll(async () => {
  engine = await workerEngine();
  api = new Dockerode({ socketPath: engine.socket });
  await makeOpinionated(api);
  info = JSON.parse(docker("info", "--format", "{{json .}}")) as EngineInfo;
  docker("network", "create", "--subnet", "10.231.1.0/24", "rc-one");
  docker("network", "create", "--subnet", "10.231.2.0/24", "rc-two");
  for (const { name, v4, v6 } of AROUND.networks) {
    const more = v6 === null ? [] : ["--ipv6", "--subnet", `${v6}::/64`];
    docker("network", "create", "--subnet", `${v4}.0.0/16`, ...more, name);
  }
  docker("run", "-d", "--name", "rc-linked", "--ipc", "shareable", "-v", "/shared", BUSYBOX, ...APP);
  docker("run", "-d", "--name", "rl-linked", "--network", "rl-six", BUSYBOX, ...APP);
  docker("network", "connect", "rl-one", "rl-linked");
  docker("exec", "rc-linked", "sh", "-c", "echo kept > /shared/file");
});

afterAll(async () => engine?.clean());

const execute = promisify(execFile);
async function run(...words: readonly [string, ...string[]]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: engine.dir, DOCKER_HOST: engine.host };
  return (await execute(words[0], words.slice(1), { env })).stdout;
}

/** Takes the container away and makes it again by its line. */
async function again(
  name: string,
): Promise<{ readonly old: Doc; readonly fresh: Doc & ContainerDoc; readonly line: RunLine; readonly text: string }> {
  const old = await inspect(name);
  const image = (await api.getImage(old.Image).inspect()) as unknown as ImageDoc;
  const line = runLine({ doc: old, image, info }, old.Config.Image ?? "", null, new Set());
  const text = runText(line);
  await api.getContainer(name).remove({ force: true });
  await typed(text, name);
  return { old, fresh: await inspect(name), line, text };
}

/** As a person does, who repeats it where a kernel with cgroup v1 fails to freeze what forks at this instant. */
async function typed(text: string, name: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await run("sh", "-c", text);
      return;
    } catch (error) {
      if (tries > 20 || !/unable to freeze/.test(String(error))) throw error;
      await api.getContainer(name).remove({ force: true });
    }
  }
}

const COUNT = Number(process.env["UNSPRAWL_RANDOM"] ?? (DEEP ? 60 : 6));
const AROUND = {
  helper: "rc-linked",
  networks: [
    { name: "rl-one", v4: "10.41", v6: null },
    { name: "rl-two", v4: "10.42", v6: null },
    { name: "rl-six", v4: "10.43", v6: "fd00:231:6" },
  ],
};
const PORTS = [await freePort(), await freePort(), await freePort()];

describe("the line of a container makes an equal one", () => {
  it.each(
    [...half(joined(cases(docker, PORTS[0] ?? 0)), 1), ...joined(lineCases(docker, PORTS))].map(
      (one, index) => [one.what, index, one] as const,
    ),
  )("%s", async (_what, index, one) => {
    const name = `rl-${index}`;
    const start = one.created ? ["create"] : ["run", "-d"];
    docker(
      ...start,
      "--name",
      name,
      "-e",
      "DB_PASSWORD=set",
      ...one.args,
      one.image ?? BUSYBOX,
      ...(one.command ?? APP),
    );
    one.before?.(name);
    const { old, fresh, line } = await again(name);
    expect(linedFaults(old, fresh, line)).toEqual([]);
    expect(line.cannot).toEqual([]);
    const health = async (): Promise<string | undefined> => (await inspect(name)).State.Health?.Status;
    if (fresh.State.Health) await expect.poll(health).toBe("healthy");
    one.after?.(name, old);
    await remove(name);
  });
});

describe("the lines of random containers do, or say what they cannot", () => {
  it(`${COUNT} of them`, { timeout: 600_000 }, async () => {
    const faults: string[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let at = next++; at < COUNT; at = next++) {
        const name = `rl-random-${at}`;
        const drawn = await bring(name, new Draw(SEED + at));
        try {
          const { old, fresh, line, text } = await again(name);
          const wrong = linedFaults(old, fresh, line);
          if (wrong.length > 0) faults.push([...wrong, text, ...line.cannot].join("\n  "));
        } catch (error) {
          // Whoever else draws ports may have taken this one's in between.
          if (!TAKEN.test(String(error))) faults.push(`${String(error)}\n  ${JSON.stringify(drawn)}`);
        }
        await remove(name);
      }
    };
    await Promise.all(Array.from({ length: 4 }, lane));
    expect(faults.join("\n\n")).toBe("");
  });
});

const TAKEN = /port is already allocated|address already in use/i;

const remove = (name: string): Promise<unknown> =>
  api
    .getContainer(name)
    .remove({ force: true, v: true })
    .catch(() => undefined);

/** Draws until the engine takes one: what it refuses is nothing that anyone could have. */
async function bring(name: string, draw: Draw): Promise<Drawn> {
  for (;;) {
    const drawn = randomContainer(draw, "set", AROUND);
    // One that is started over and over is never seen twice in one state.
    if (drawn.state === "restarting") continue;
    try {
      await api.createContainer({ ...drawn.body, name });
      if (drawn.state !== "created") await api.getContainer(name).start();
      if (drawn.state === "paused") await api.getContainer(name).pause();
      if (drawn.state === "exited")
        await api
          .getContainer(name)
          .stop()
          .catch(() => undefined);
      return drawn;
    } catch {
      await remove(name);
    }
  }
}
