import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";

// Secrets that are written into commands and health checks themselves: `--requirepass s3cret`.

const random = (): string => `a1${randomBytes(15).toString("base64url").replaceAll(/[-_]/g, "x")}`;
const CACHE = `${random()}$HOME"x`;
const [MASTER, BASE, TOKEN, CHECKED, BOTH, URL, OWN] = [
  random(),
  random(),
  random(),
  random(),
  random(),
  random(),
  random(),
];
const VALUES = { CACHE, MASTER, BASE, TOKEN, CHECKED, BOTH, URL, OWN };

const PROGRAM = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 1000 & wait $!; done\n";
const CHECK = "interval: 300ms, timeout: 5s, retries: 20, start_period: 0s";
const inYaml = (text: string): string => JSON.stringify(text.replaceAll("$", "$$$$"));

const COMPOSE = `name: literals
x-app: &app
  image: ${BUSYBOX}
  network_mode: none
  volumes: [./program:/bin/zitadel:ro, ./check:/bin/redis-cli:ro]
  # for all
  command: zitadel start --masterkey "${BASE}" --level \${LEVEL}
services:
  cache:
    image: ${FILE_ENV}
    network_mode: none
    volumes: [./program:/bin/redis-server:ro, ./check:/bin/redis-cli:ro]
    command: ["redis-server", "--requirepass", ${inYaml(CACHE)}, "--masterauth=${MASTER}", "--level=\${LEVEL}"]
    healthcheck: { test: ["CMD", "redis-cli", "-a", "${CHECKED}", "ping"], ${CHECK} }
  one:
    <<: *app
    # in the wrong list
    environment: ["/etc/localtime:/etc/localtime:ro"]
  three:
    <<: *app
    image: ${FILE_ENV}
  two:
    <<: *app
    environment: { MASTER_KEY: "${BASE}", MYSQL_ROOT_PASSWORD: wonderland }
    healthcheck: { test: ["CMD", "redis-cli", "--user", "wonderland", "-a", "wonderland", "ping"], interval: 300ms }
  queue:
    image: ${BUSYBOX}
    network_mode: none
    volumes: [./program:/bin/mlflow:ro]
    command: mlflow server --backend-store-uri postgresql://mlflow:${URL}@db/mlflow --access-token ${TOKEN}
    healthcheck:
      test: true || mysqladmin ping -h localhost -p${CHECKED}
      interval: 300ms
  named:
    image: ${BUSYBOX}
    network_mode: none
    volumes: [./program:/bin/serve:ro, ./check:/bin/redis-cli:ro, my_app:/data]
    command: serve --requirepass ${BOTH}
    environment: { DB_USER: my_app, DB_NAME: my_app, DB_PASSWORD: my_app }
    healthcheck: { test: redis-cli -h my_app -a ${BOTH}, interval: 300ms }
  buckets:
    image: ${BUSYBOX}
    network_mode: none
    volumes: [./program:/bin/serve:ro, ./check:/bin/mc:ro]
    entrypoint: >
      /bin/sh -c "mc alias set s http://s:9000 wonderland wonderland; exec serve"
  shell:
    image: ${BUSYBOX}
    network_mode: none
    volumes: [./program:/bin/serve:ro]
    # a variable of the shell, and one of the service that the shell sets again
    environment: { OLD_TOKEN: "${OWN}" }
    command:
      - sh
      - -c
      - for SERVE_PASSWORD in x; do (OLD_TOKEN=y; exit); exec serve --password=${OWN} $$SERVE_PASSWORD; done
volumes: { my_app: }
`;
/** Makes the block of compose.yaml an earlier one. */
const OVERRIDE = `services:
  queue:
    environment: { LEVEL: "\${LEVEL}" }
`;

const FILES = ["compose.yaml", "compose.override.yaml"];

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  world.plant(VALUES);
  dir = join(world.dir, "literals");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, "compose.override.yaml"), OVERRIDE);
  writeFileSync(join(dir, ".env"), "LEVEL=debug\n");
  writeFileSync(join(dir, "program"), PROGRAM, { mode: 0o755 });
  writeFileSync(join(dir, "check"), "#!/bin/sh\n", { mode: 0o755 });
  compose("up", "-d");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function compose(...args: string[]): string {
  return execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

const SERVICES = ["cache", "one", "two", "three", "queue", "buckets", "named", "shell"];
const inspected = (): string => engine.docker("inspect", ...SERVICES.map((service) => `literals-${service}-1`));

/** What a service's first process was called with. */
function argv(service: string): readonly string[] {
  const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", `literals-${service}-1`).trim();
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
}

const quoted = (value: string): string => JSON.stringify(value).slice(1, -1);

/** What moves, as `SERVICE NAME`. */
function movedIn(plan: string): readonly string[] {
  const { steps } = JSON.parse(plan) as { steps: { kind: string; moves?: { name: string }[]; id: string }[] };
  const delivered = steps.filter(({ kind }) => kind === "deliver");
  return delivered
    .flatMap(({ id, moves = [] }) => moves.map(({ name }) => `${id.split("/").at(-1) ?? ""} ${name}`))
    .toSorted();
}

it("a secret written into a command or a health check becomes a variable", async () => {
  const before = SERVICES.map(argv);
  expect(before[0]).toContain(CACHE);
  const declared = await world.unsprawl(["plan", "compose:literals", "--to", "local", "--json"]);
  const saved = join(world.dir, "plan.json");
  const planned = await world.unsprawl([
    "plan",
    "docker:literals-*",
    "--to",
    "local",
    "--grace",
    "500ms",
    "--diff",
    "-o",
    saved,
  ]);
  expect(planned.code, planned.stdout + planned.stderr).toBe(0);
  const moved = movedIn(readFileSync(saved, "utf8"));
  expect(moved).toEqual([
    ...["buckets MC_PASSWORD", "cache MASTERAUTH", "cache REDIS_CLI_PASSWORD", "cache REQUIREPASS"],
    ...[
      "named DB_PASSWORD",
      "named REQUIREPASS",
      "one MASTERKEY",
      "queue ACCESS_TOKEN",
      "queue BACKEND_STORE_URI_PASSWORD",
      "queue MYSQLADMIN_PASSWORD",
      "shell OLD_TOKEN",
      "shell SERVE_PASSWORD_2",
    ],
    ...["three MASTERKEY", "two MASTER_KEY", "two MYSQL_ROOT_PASSWORD", "two REDIS_CLI_PASSWORD"],
  ]);
  expect(movedIn(declared.stdout)).toEqual(moved);
  expect(planned.stdout).toContain(`redis-server --requirepass \\"$$REQUIREPASS\\" --masterauth=`);
  expect(planned.stdout).toContain("it gets MASTERKEY as a new variable");
  const applied = await world.unsprawl(["apply", saved]);
  expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  const shown = inspected();
  const files = FILES.map((name) => readFileSync(join(dir, name), "utf8")).join("");
  for (const value of Object.values(VALUES)) {
    expect(shown).not.toContain(quoted(value));
    expect(files).not.toContain(value);
  }
  // A plain word may be anything elsewhere.
  expect(files).toContain('"redis-cli -h my_app -a \\"$$REQUIREPASS\\""');
  expect(planned.stdout).toMatch(
    /DB_PASSWORD is a plain word that also stands at Config\.Env\.DB_\w+, Config\.Env\.DB_/,
  );
  expect(files).toContain('mc alias set s http://s:9000 wonderland \\"$$MC_PASSWORD\\"');
  expect(files).toContain('redis-cli --user wonderland -a \\"$$REDIS_CLI_PASSWORD\\" ping');
  expect(files.split("\n")).not.toContain("  command:");
  await expect.poll(() => SERVICES.map(argv)).toEqual(before);
  compose("up", "-d");
  expect(SERVICES.map(argv)).toEqual(before);
  const again = await world.unsprawl(["plan", "docker:literals-*", "compose:literals", "--to", "local"]);
  expect(again.stdout).toMatch(/: 0 secrets\b.*; 0 not moved/);
  const [, run = ""] = /Plan (\S+):/.exec(planned.stdout) ?? [];
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(FILES.map((name) => readFileSync(join(dir, name), "utf8"))).toEqual([COMPOSE, OVERRIDE]);
});

it("two services of one file, whose commands take different values by one option, get each its own", async () => {
  const values = { a: random(), b: random() };
  world.plant(values);
  const service = (name: "a" | "b"): string =>
    `  ${name}: { image: ${BUSYBOX}, command: ["sh", "-c", "exec serve --password=${values[name]}"] }\n`;
  const file = join(world.dir, "pair/compose.yaml");
  mkdirSync(join(world.dir, "pair"));
  writeFileSync(file, `services:\n${service("a")}${service("b")}`);
  const moved = await world.unsprawl(["migrate", "compose:pair", "--to", "local", "--yes"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect((await world.unsprawl(["render", "compose:pair"])).code).toBe(0);
  const given = (name: string): string =>
    readFileSync(join(world.memory, "compose/pair", name, "SERVE_PASSWORD"), "utf8");
  expect({ a: given("a"), b: given("b") }).toEqual(values);
});
