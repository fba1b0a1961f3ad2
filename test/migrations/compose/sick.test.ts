import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { migrate, password, planOf, printed } from "../files-world.ts";

// A container that keeps restarting, or does not exist, is planned from its files and its image.

let engine: WorkerEngine;
let world: World;
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
});

// A second attempt finds nothing of the first.
beforeEach(() => {
  world = makeWorld(engine.host);
});

afterEach(async () => {
  await engine.clean();
  world.remove();
});

function put(name: string, files: { readonly [file: string]: string }): string {
  const dir = join(world.dir, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

const compose = (dir: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();

const ofState = (container: string, what: string): string =>
  engine.docker("inspect", "-f", `{{${what}}}`, container).trim();

const escaped = (words: readonly string[]): readonly string[] => words.map((word) => word.replaceAll("$", "$$$$"));

const service = (command: readonly string[], environment: object, more: object = {}): object => ({
  ...{ image: BUSYBOX, network_mode: "none", command: escaped(command), environment },
  ...more,
});

/** One failed start is no loop. */
const loops = (name: string): Promise<void> =>
  expect
    .poll(() => ofState(`${name}-db-1`, ".State.Status}} {{.State.ExitCode}} {{.RestartCount"), { interval: 50 })
    .toMatch(/^restarting 3 (?:[2-9]|\d\d)/);

it("a service that keeps restarting moves with those that share its value, and behaves as before", async () => {
  const secrets = [password(), password(), password()] as const;
  const always = { restart: "always", stop_grace_period: "1s" };
  const text = stringify({
    services: {
      db: service(["sh", "-c", "exit 3"], { DB_PASSWORD: secrets[0] }, always),
      // Up for a moment each time: a plan may see it up, and Compose not.
      job: service(["sh", "-c", "sleep 0.3; exit 4"], { JOB_PASSWORD: secrets[1] }, always),
      web: service(
        APP,
        { DB_PASSWORD: secrets[0], API_PASSWORD: secrets[2] },
        { depends_on: { db: { condition: "service_started" } } },
      ),
    },
  });
  const dir = put("loop", { "compose.yaml": text });
  compose(dir, "up", "-d");
  await loops("loop");
  const before = filesOf(dir);
  for (let round = 0; round < 4; round++) {
    const plan = await planOf(world, `compose:${dir}`);
    expect(plan.notMoved).toEqual([]);
    expect(plan.warnings.map((one) => one.text).join("\n")).toMatch(
      /db: it keeps restarting already(?: \(exit 3\))?, so it is verified to behave as before, .*docker logs loop-db-1 shows why/,
    );
  }
  const { ran, run } = await migrate(world, `compose:${dir}`, ["--grace", "300ms"]);
  expect(ran.code, printed(ran)).toBe(0);
  expect(printed(ran)).toMatch(
    /inspect clean, .*, keeps restarting, as before; not verified: whether it receives DB_PASSWORD/,
  );
  expect(printed(ran)).toMatch(/up for 0\.3 s; 2 of 2 received/);
  expect(printed(ran)).toMatch(/Not verified that the application has its values: compose\/loop /);
  await loops("loop");
  const names = ["loop-db-1", "loop-job-1", "loop-web-1"];
  const shown = engine.docker("inspect", ...names);
  for (const secret of secrets) expect(shown).not.toContain(secret);
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, printed(back)).toBe(0);
  expect(filesOf(dir)).toEqual(before);
  await loops("loop");
  compose(dir, "down", "-t", "1");
});

it("a service that ends in another way than before was not moved well: it is brought back", async () => {
  const secret = password();
  const command = ["sh", "-c", "[ ! -e /run/unsprawl ] || exit 7; exit 3"];
  const text = stringify({ services: { db: service(command, { DB_PASSWORD: secret }, { restart: "always" }) } });
  const dir = put("other", { "compose.yaml": text });
  compose(dir, "up", "-d");
  await loops("other");
  const before = filesOf(dir);
  // Longer than the shell takes to end on a busy machine.
  const { ran } = await migrate(world, `compose:${dir}`, ["--grace", "5s"]);
  expect(ran.code).toBe(1);
  expect(printed(ran)).toContain("other-db-1 did not stay up (exit 7)");
  expect(filesOf(dir)).toEqual(before);
  expect(engine.docker("inspect", "other-db-1")).toContain(secret);
  await loops("other");
  compose(dir, "down", "-t", "1");
});

it("a service without a container moves though its profile is that of the service it extends", async () => {
  const [secret, word] = [password(), password()];
  const base = { profiles: ["all"], image: "${IMAGE}", network_mode: "none", command: escaped(APP) };
  const dir = put("extends", {
    ".env": `IMAGE=${BUSYBOX}\nENV_DIR=./env\n`,
    "compose.yaml": stringify({ services: { proxy: { extends: { file: "parts.yaml", service: "proxy-mysql" } } } }),
    "parts.yaml": stringify({
      services: {
        proxy: { ...base, env_file: ["${ENV_DIR}/proxy.env"] },
        "proxy-mysql": { extends: { service: "proxy" }, env_file: ["${ENV_DIR}/mysql.env"] },
      },
    }),
    "env/proxy.env": "PROXY_NAME=a\n# PROXY_PASSWORD=\n",
    "env/mysql.env": `MYSQL_USER=proxy\nMYSQL_PASSWORD=${secret}\nADMIN_PASSWORD\n`,
  });
  const plan = await planOf(world, `compose:${dir}/compose.yaml`);
  expect(plan.notMoved).toEqual([]);
  expect(plan.steps.flatMap((step) => (step.kind === "put" ? [step.move.name] : []))).toEqual(["MYSQL_PASSWORD"]);
  const { ran } = await migrate(world, `compose:${dir}/compose.yaml`);
  expect(ran.code, printed(ran)).toBe(0);
  expect(Object.values(filesOf(dir)).flat().join("\n")).not.toContain(secret);
  compose(dir, "--profile", "all", "up", "-d");
  expect(engine.docker("exec", "extends-proxy-1", "cat", "/proc/1/environ")).toContain(`MYSQL_PASSWORD=${secret}`);
  compose(dir, "--profile", "all", "down", "-t", "1");
  // Passed through from the shell: Compose is not given what no container has.
  writeFileSync(join(dir, "env/mysql.env"), "ADMIN_PASSWORD\n");
  const args = ["plan", `compose:${dir}/compose.yaml`, "--to", "local", "--fail-on", "never"];
  const { stdout } = await world.unsprawl(args, { env: { ADMIN_PASSWORD: word } });
  expect(stdout).toContain(
    "Compose would give proxy no ADMIN_PASSWORD (ADMIN_PASSWORD of your environment is withheld",
  );
});
