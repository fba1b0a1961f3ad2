import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { sample } from "../../support/deep.ts";
import { makeWorld, type World } from "../../support/world.ts";

// Values that Compose fills into commands and health checks, where inspect shows them: `--requirepass ${REDIS_PASSWORD}`.

const random = (): string => randomBytes(15).toString("base64url").replaceAll(/[-_]/g, "x");
const CACHE_PASSWORD = `${random()} "$HOME" \`id\` \\ ${random()}`;
const [DB_PASSWORD, QUEUE_PASSWORD, UNSET_PASSWORD] = [random(), random(), random()];

const SCRIPT = JSON.stringify(APP.at(-1)?.replaceAll("$", "$$$$"));
const COMMAND = `["sh", "-c", ${SCRIPT}]`;
// Each check is a process in the container.
const CHECK = "interval: 1s, timeout: 30s, retries: 20, start_period: 0s";

const ENV = `CACHE_PASSWORD='${CACHE_PASSWORD}'
DB_PASSWORD=${DB_PASSWORD}
QUEUE_PASSWORD=${QUEUE_PASSWORD} # of the queue
LEVEL=debug
NOTE=the blue door
DOOR=blue-door
PORT=8080
NAMED=wonderland
NAMED_PASSWORD=wonderland
AREA=wonder
`;
const COMPOSE = `name: filled
services:
  cache:
    image: ${FILE_ENV}
    network_mode: none
    command: ["sh", "-c", ${SCRIPT}, "serve", "--requirepass", "\${CACHE_PASSWORD}", "--level=\${LEVEL}", "\${NOTE}"]
    expose: ["\${PORT}"]
    healthcheck: { test: ["CMD", "test", "\${CACHE_PASSWORD}", "!=", "x"], ${CHECK} }
  web:
    image: ${BUSYBOX}
    network_mode: none
    entrypoint: env DOOR=\${DOOR} LEVEL=\${LEVEL:-low}
    command: ${COMMAND}
    environment:
      CACHE_PASSWORD: \${CACHE_PASSWORD}
    healthcheck: { test: 'test -n "$$CACHE_PASSWORD" && test "\${NOTE}" != x', ${CHECK} }
  db:
    image: ${FILE_ENV}
    network_mode: none
    environment: { DB_PASSWORD: "\${DB_PASSWORD}" }
    healthcheck:
      test: test "x\${DB_PASSWORD}" = "x$$DB_PASSWORD" && test x\${DB_PASSWORD} != x
      interval: 1s
  named:
    image: ${FILE_ENV}
    network_mode: none
    environment: { DB_USER: "\${NAMED}", NAMED_PASSWORD: "\${NAMED_PASSWORD}" }
    healthcheck: { test: ["CMD", "test", "u\${NAMED}", "!=", "p\${NAMED_PASSWORD}"], ${CHECK} }
  user:
    image: ${BUSYBOX}
    network_mode: none
    command: ["sh", "-c", ${SCRIPT}, "\${NAMED}"]
  # Of templates: nothing sets it, and its default is what runs.
  unset:
    image: ${BUSYBOX}
    network_mode: none
    command: ["sh", "-c", ${SCRIPT}, "serve", "--requirepass", "\${UNSET_PASSWORD:-${UNSET_PASSWORD}}"]
    healthcheck: { test: ["CMD", "test", "\${UNSET_PASSWORD:-${UNSET_PASSWORD}}", "!=", "x"], ${CHECK} }
  # A user and a database that are called as the password is, or as a part of it.
  url:
    image: ${BUSYBOX}
    network_mode: none
    command: ${COMMAND}
    environment: { DATABASE_URL: "postgres://\${NAMED}:\${NAMED_PASSWORD}@db/\${AREA}", AREA: "\${AREA}" }
  queue:
    image: ${BUSYBOX}
    network_mode: none
    command: ["env", "QUEUE_PASSWORD=\${QUEUE_PASSWORD}", "LEVEL=\${LEVEL}", "sh", "-c", ${SCRIPT}, "\${PORT}", "\${MODE:-quiet}"]
    healthcheck: { test: ["CMD", "test", "\${NOTE}", "!=", "x"], ${CHECK} }
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  world.plant({ CACHE_PASSWORD, DB_PASSWORD, QUEUE_PASSWORD, UNSET_PASSWORD });
  dir = join(world.dir, "filled");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), ENV);
  compose("up", "-d");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function compose(...args: string[]): string {
  return execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

const NAMES = ["cache", "web", "db", "queue", "named", "user", "url", "unset"].map((service) => `filled-${service}-1`);
const CHECKED = ["cache", "db", "web", "queue", "named", "unset"];
const inspected = (): string => engine.docker("inspect", ...NAMES);
const health = (service: string): string =>
  engine.docker("inspect", "-f", "{{.State.Health.Status}}", `filled-${service}-1`).trim();

/** What a service's first process was called with. */
function argv(service: string): readonly string[] {
  const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", `filled-${service}-1`).trim();
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
}

const quoted = (value: string): string => JSON.stringify(value).slice(1, -1);

// Named by its containers or by its files, it is the same project.
it.each(sample(["docker:filled-*", "compose:filled"], 1))("%s", async (source) => {
  await expect.poll(() => CHECKED.map(health)).toEqual(CHECKED.map(() => "healthy"));
  const services = ["cache", "queue", "db", "web", "named", "user", "unset"];
  const before = services.map(argv);
  expect(before[0]?.slice(-4)).toEqual(["--requirepass", CACHE_PASSWORD, "--level=debug", "the blue door"]);
  const was = JSON.parse(inspected()) as { Config: { Cmd: unknown; Entrypoint: unknown; Healthcheck?: unknown } }[];
  // A plan that is saved holds the same.
  const saved = join(world.dir, "plan.json");
  const planned = await world.unsprawl(["plan", source, "--to", "local", "--grace", "500ms", "--diff", "-o", saved]);
  expect(planned.code, planned.stderr).toBe(0);
  const applied = await world.unsprawl(["apply", saved]);
  expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  expect(planned.stdout).toContain(`--requirepass \\"$$CACHE_PASSWORD\\" --level='\${LEVEL}' '\${NOTE}'`);
  expect(planned.stdout).toContain("it gets CACHE_PASSWORD as a new variable");
  // A user that is called as the password is stays.
  expect(planned.stdout).toMatch(/exec test '?u'?'\$\{NAMED\}' \S+ '?p'?\\"\$\$NAMED_PASSWORD\\"/);
  expect(planned.stdout).not.toContain("deliver    user");
  const shown = inspected();
  for (const value of [CACHE_PASSWORD, DB_PASSWORD, QUEUE_PASSWORD, UNSET_PASSWORD])
    expect(shown).not.toContain(quoted(value));
  expect(shown).not.toContain("postgres://");
  expect(shown).toContain('"AREA=wonder"');
  await expect.poll(() => services.map(argv)).toEqual(before);
  await expect.poll(() => CHECKED.map(health)).toEqual(CHECKED.map(() => "healthy"));
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe(
    "LEVEL=debug\nNOTE=the blue door\nDOOR=blue-door\nPORT=8080\nNAMED=wonderland\nAREA=wonder\n",
  );
  // What .env says of the other variables is not copied into the file that people commit, and counts as before.
  const file = readFileSync(join(dir, "compose.yaml"), "utf8");
  for (const text of ["debug", "blue door", "blue-door"]) expect(file).not.toContain(text);
  for (const text of ["LEVEL='${LEVEL}'", "'${MODE:-quiet}'", '"DOOR=${DOOR}", "LEVEL=${LEVEL:-low}"', '"${NOTE}"'])
    expect(file).toContain(text);
  compose("up", "-d");
  expect(services.map(argv)).toEqual(before);
  const [, run = ""] = /Plan (\S+):/.exec(planned.stdout) ?? [];
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe(ENV);
  const is = JSON.parse(inspected()) as typeof was;
  const words = ({ Config: { Cmd, Entrypoint, Healthcheck } }: (typeof was)[number]): unknown => [
    Cmd,
    Entrypoint,
    Healthcheck,
  ];
  expect(is.map(words)).toEqual(was.map(words));
});
