import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { which } from "../../services/apt.ts";
import { BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { makeWorld, type World } from "../../support/world.ts";

// What a script can do after one of its secrets was moved: lose another one, be rolled back, run after a reboot.

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it.each([
  ["file", FILE_ENV],
  ["shim", BUSYBOX],
])(
  "a second secret of a run line moves by %s into the first one's mount, and each run is rolled back",
  async (deliver, image) => {
    const name = `again-${deliver}`;
    const values: { readonly [name: string]: string } = { DB_PASSWORD: random(24), API_TOKEN: random(24) };
    world.plant({ [`${name} one`]: values["DB_PASSWORD"] ?? "", [`${name} two`]: values["API_TOKEN"] ?? "" });
    const file = join(world.dir, `${name}.sh`);
    const env = Object.entries(values).map(([key, value]) => `  -e ${key}='${value}' \\\n`);
    const app = `sh -c "trap 'exit 0' TERM; while :; do sleep 1000 & wait \\$!; done"`;
    const texts = [`#!/bin/sh\ndocker run -d --name ${name} --network none \\\n${env.join("")}  ${image} ${app}\n`];
    writeFileSync(file, texts[0] ?? "", { mode: 0o750 });
    const start = (): void => {
      engine.docker("rm", "-f", name);
      const path = `${dirname(which("docker") ?? "")}:${process.env["PATH"] ?? ""}`;
      execFileSync(file, { env: { PATH: path, HOME: world.dir, DOCKER_HOST: engine.host }, stdio: "pipe" });
    };
    start();
    const runs: string[] = [];
    for (const only of Object.keys(values)) {
      const args = ["migrate", `script:${file}`, "--to", "local", "--only", only, "--deliver", deliver, "--yes"];
      const { code, stdout, stderr } = await world.unsprawl(args);
      expect(code, stdout + stderr).toBe(0);
      runs.push(/Plan (\S+):/.exec(stdout)?.[1] ?? "");
      texts.push(readFileSync(file, "utf8"));
    }
    const last = texts.at(-1) ?? "";
    expect(last.match(/--mount/g)).toHaveLength(1);
    for (const [key, value] of Object.entries(values)) {
      expect(last).not.toContain(value);
      expect(last).toMatch(new RegExp(`--label '?unsprawl\\.ref\\.${key}=ref\\+sops://`));
    }

    start();
    const got = (): unknown => Object.fromEntries(Object.keys(values).map((key) => [key, has(name, key)]));
    await expect.poll(got, { interval: 150 }).toEqual(values);

    // The folder is in memory: what the script's labels say is enough to make it again.
    rmSync(join(world.memory, "units"), { recursive: true, force: true });
    rmSync(join(world.dir, "state/unsprawl/consumers.json"));
    const rendered = await world.unsprawl(["render", `docker:${name}`]);
    expect(rendered.stdout, rendered.stderr).toContain(`${name}: 2 files`);
    start();
    await expect.poll(got, { interval: 150 }).toEqual(values);

    for (const run of runs.toReversed()) {
      const { code, stderr } = await world.unsprawl(["rollback", run]);
      expect(code, stderr).toBe(0);
      texts.pop();
      expect(readFileSync(file, "utf8")).toBe(texts.at(-1));
      if (run === runs[1]) {
        const again = await world.unsprawl(["render", `script:${file}`]);
        expect(again.stdout, again.stderr).toContain(": 1 file");
      }
      start();
      await expect.poll(got, { interval: 150 }).toEqual(values);
    }
  },
);

function has(name: string, variable: string): string {
  const pid = engine.docker("inspect", "--format", "{{.State.Pid}}", name);
  const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return entries.find((one) => one.startsWith(`${variable}=`))?.slice(variable.length + 1) ?? "";
}
