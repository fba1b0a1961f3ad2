import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

let engine: WorkerEngine;
let world: World;
let compose: string;

beforeAll(async () => {
  [engine, compose] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
});
afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it(
  "a Compose file that somebody else writes just after the run did is named, and is left alone",
  { timeout: 300_000 },
  async () => {
    const dir = join(world.dir, "meanwhile");
    mkdirSync(dir);
    const file = join(dir, "compose.yaml");
    const secret = password();
    world.plant({ DB_PASSWORD: secret });
    const command = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
    const text = `name: meanwhile\nservices:\n  db:\n    image: ${BUSYBOX}\n    network_mode: none\n    command: ${command}\n    environment: { DB_PASSWORD: "${secret}" }\n`;
    writeFileSync(file, text);
    execFileSync(compose, ["-f", file, "up", "-d"], { env: world.env, stdio: "pipe" });
    // Stands where Docker looks first: once the run has written, another one puts the file back before Compose reads it.
    const plugins = join(world.dir, ".docker/cli-plugins");
    mkdirSync(plugins, { recursive: true });
    const other = join(plugins, "docker-compose");
    writeFileSync(join(dir, "old"), text);
    writeFileSync(
      other,
      `#!/bin/sh\nif grep -q x-unsprawl ${file}; then cat ${dir}/old > ${file}; fi\nexec ${compose} "$@"\n`,
    );
    chmodSync(other, 0o755);
    const { code, stdout, stderr } = await world.unsprawl(["migrate", `compose:${file}`, "--to", "local", "--yes"]);
    expect(stderr).toContain(`error: ${file} was changed by somebody else just now`);
    expect(stdout + stderr).not.toContain("please report");
    expect(stdout + stderr).toContain("as before");
    expect(code).toBe(1);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(engine.docker("inspect", "meanwhile-db-1", "-f", "{{.State.Running}}").trim()).toBe("true");
  },
);
