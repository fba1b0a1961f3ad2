import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

// A project's `.env` configures Compose too. It does not choose whom root's Compose contacts.

const { DB_PASSWORD = "" } = twelveSecrets();
let engine: WorkerEngine;
let world: World;
let listener: Server;
let contacts = 0;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  listener = createServer((socket) => {
    contacts++;
    socket.destroy();
  });
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
});

afterAll(async () => {
  listener?.close();
  await engine?.clean();
  world?.remove();
});

it("telemetry and proxies of a .env are not contacted, and what it fills in stays", async () => {
  const at = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const names = [
    ...["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"],
    ...["DOCKER_CLI_OTEL_EXPORTER_OTLP_ENDPOINT", "DOCKER_CLI_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
    ...["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"],
  ];
  const dir = join(world.dir, "telemetry");
  mkdirSync(dir);
  const text = [
    ...names.map((name) => `${name}=${at}`),
    "OTEL_EXPORTER_OTLP_INSECURE=true",
    `DB_PASSWORD=${DB_PASSWORD}`,
  ];
  writeFileSync(join(dir, ".env"), `${text.join("\n")}\n`);
  const app = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
  writeFileSync(
    join(dir, "compose.yaml"),
    `services:
  web:
    image: ${BUSYBOX}
    network_mode: none
    command: ${app}
    environment:
      DB_PASSWORD: \${DB_PASSWORD}
      COLLECTOR: \${OTEL_EXPORTER_OTLP_ENDPOINT}
`,
  );
  const own = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: engine.host };
  execFileSync(await composeCli(), ["--progress", "quiet", "up", "-d"], { cwd: dir, env: own, stdio: "pipe" });
  contacts = 0;

  const source = `compose:${join(dir, "compose.yaml")}`;
  const planned = await world.unsprawl(["plan", source, "--to", "local"]);
  expect(planned.code, planned.stderr).toBe(0);
  const moved = await world.unsprawl(["migrate", source, "--to", "local", "--grace", "100ms", "--yes"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(contacts).toBe(0);
  const env = engine.docker("inspect", "-f", "{{json .Config.Env}}", "telemetry-web-1");
  expect(env).toContain(`COLLECTOR=${at}`);
  expect(env).not.toContain(DB_PASSWORD);
});
