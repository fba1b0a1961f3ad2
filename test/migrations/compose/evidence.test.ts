import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DoctorCheck } from "../../../src/core/doctor.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV, makeBashImage } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

// How a value is delivered follows from the whole service: who reads it besides the entrypoint, and how the service was.

const { DB_PASSWORD = "", API_TOKEN = "", SESSION_SECRET = "", GITHUB_TOKEN = "" } = twelveSecrets();
const ELASTIC_PASSWORD = randomBytes(15).toString("hex");
const MONGO_PASSWORD = `${SESSION_SECRET}-mongo`;
const CANAL_PASSWORD = `${DB_PASSWORD}'s "canal" `;
const CANAL_TOKEN = `${API_TOKEN}-canal`;
const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const quoted = (value: string): string => JSON.stringify(value.replaceAll("$", "$$$$"));
// Each check is a process in the container.
const CHECK = "interval: 1s, timeout: 30s, retries: 2, start_period: 0s";

const COMPOSE = `name: evidence
services:
  read:
    image: evidence-read:1
    network_mode: none
    environment: { DB_PASSWORD: ${quoted(DB_PASSWORD)} }
    healthcheck: { test: 'test -n "$$DB_PASSWORD"', ${CHECK} }
  unread:
    image: ${FILE_ENV}
    network_mode: none
    environment: { API_TOKEN: ${quoted(API_TOKEN)} }
    healthcheck: { test: ["CMD", "true", "$$API_TOKEN"], ${CHECK} }
  broken:
    image: ${BUSYBOX}
    network_mode: none
    command: ${COMMAND}
    environment: { SESSION_SECRET: ${quoted(SESSION_SECRET)} }
    healthcheck: { test: ["CMD", "/not/in/the/image"], ${CHECK} }
  search:
    image: search:1
    network_mode: none
    environment: { ELASTIC_PASSWORD: "\${ELASTIC_PASSWORD}", discovery.type: single-node, "a-b": "" }
    # A shell runs it in any case, and drops the same names as before.
    healthcheck: { test: 'test -n "elastic:\${ELASTIC_PASSWORD}"', ${CHECK} }
  canal:
    image: canal:1
    network_mode: none
    environment: { canal.instance.dbPassword: ${quoted(CANAL_PASSWORD)}, CANAL_TOKEN: ${quoted(CANAL_TOKEN)}, canal.port: "11111" }
    healthcheck: { test: [CMD, bash, -c, '[[ $$(env) == *canal.instance.dbPassword=?*CANAL_TOKEN=?* || $$(env) == *CANAL_TOKEN=?*canal.instance.dbPassword=?* ]]'], ${CHECK} }
  # As MongoDB's entrypoint does, which reads one variable from a file, and others of an owner's scripts do not.
  unset:
    image: ${BUSYBOX}
    network_mode: none
    stop_signal: SIGKILL
    command: ["sh", "-c", "unset MONGO_PASSWORD; exec tail -f /dev/null"]
    environment: { MONGO_PASSWORD: ${quoted(MONGO_PASSWORD)} }
  nobody:
    image: ${BUSYBOX}
    network_mode: none
    command: ${COMMAND}
    user: some-user
    profiles: [later]
    environment: { GITHUB_TOKEN: ${quoted(GITHUB_TOKEN)} }
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  dir = join(world.dir, "evidence");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `ELASTIC_PASSWORD=${ELASTIC_PASSWORD}\n`);
  engine.docker("tag", FILE_ENV, "evidence-read:1");
  await makeBashImage(engine, "search:1");
  await makeBashImage(engine, "canal:1", { perl: true });
  compose("up", "-d");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function compose(...args: string[]): string {
  return execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

const health = (service: string): string =>
  engine.docker("inspect", "-f", "{{.State.Health.Status}}", `evidence-${service}-1`).trim();

it(
  "a health check decides the delivery, and one that failed before hinders nothing",
  { timeout: 300_000 },
  async () => {
    await expect.poll(() => health("broken")).toBe("unhealthy");
    const planned = await world.unsprawl(["plan", "compose:evidence/compose.yaml", "--to", "local", "--json"]);
    const { steps, warnings, notMoved } = JSON.parse(planned.stdout) as Plan;
    const delivered = steps.flatMap((step) =>
      step.kind === "deliver" ? step.moves.map(({ name }) => [name, step.delivery]) : [],
    );
    expect(Object.fromEntries(delivered)).toEqual({
      ...{ DB_PASSWORD: "shim", API_TOKEN: "file", SESSION_SECRET: "shim", ELASTIC_PASSWORD: "shim" },
      ...{ MONGO_PASSWORD: "shim", "canal.instance.dbPassword": "shim", CANAL_TOKEN: "shim" },
    });
    const told = warnings.map(({ text }) => text).join("\n");
    expect(told).toContain("broken: its health check fails already");
    expect(told).toContain("read: the Compose file repeats its image's ENTRYPOINT, CMD: ");
    expect(told).not.toMatch(/^(?:broken|unread): the Compose file repeats/m);
    expect(notMoved.map(({ finding, reason }) => [finding.name, reason])).toEqual([
      ["GITHUB_TOKEN", expect.stringContaining('the image knows no user "some-user"')],
    ]);
    const moved = await world.unsprawl([
      ...["migrate", "compose:evidence/compose.yaml", "--to", "local", "--yes", "--grace", "500ms"],
    ]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(3);
    expect(moved.stderr).toMatch(/exit 3: 1 secret was not moved: GITHUB_TOKEN in \S+ \(reasons under "Not moved"\)/);
    expect(moved.stderr + moved.stdout).toContain("up for 0.5 s, not healthy, as before");
    expect(["read", "unread", "broken"].map(health)[0]).toBe("healthy");
    expect(
      engine.docker("inspect", "evidence-read-1", "evidence-unread-1", "evidence-broken-1", "evidence-unset-1"),
    ).not.toContain(API_TOKEN);
    // A shell would drop what is not one of its names; the bash of that image does not.
    const received = engine.docker("exec", "evidence-search-1", "cat", "/tmp/seen").split("\0");
    expect(received).toEqual(
      expect.arrayContaining([`ELASTIC_PASSWORD=${ELASTIC_PASSWORD}`, "discovery.type=single-node", "a-b="]),
    );
    // Not even bash can set it: perl does, which that image has.
    const canal = engine.docker("exec", "evidence-canal-1", "cat", "/tmp/seen").split("\0");
    expect(canal).toEqual(
      expect.arrayContaining([
        ...[`canal.instance.dbPassword=${CANAL_PASSWORD}`, `CANAL_TOKEN=${CANAL_TOKEN}`, "canal.port=11111"],
      ]),
    );
    expect(engine.docker("inspect", "evidence-canal-1")).not.toContain(DB_PASSWORD);
    expect(health("canal")).toBe("healthy");
    const rendered = await world.unsprawl(["render", "compose:evidence/compose.yaml"]);
    expect([rendered.code, rendered.stderr]).toEqual([0, ""]);
    const images = async (): Promise<readonly string[]> => {
      const { stdout } = await world.unsprawl(["doctor", "--json"]);
      const { checks } = JSON.parse(stdout) as { checks: readonly DoctorCheck[] };
      return checks.filter(({ name }) => name === "images").map(({ text }) => text);
    };
    expect(await images()).toEqual([]);
    // As after a build or a pull: the file goes on as the image did.
    engine.docker("create", "--name", "other", FILE_ENV);
    engine.docker("commit", "--change", 'CMD ["/bin/other"]', "other", "evidence-read:1");
    engine.docker("rm", "other");
    const changed = expect.stringMatching(
      /^evidence\/read: \S+compose\.yaml repeats the .* evidence-read:1 had at run /,
    );
    expect(await images()).toEqual([changed]);
    const watched = await world.unsprawl(["watch", "--once"]);
    expect(watched.stderr).toContain("evidence-read:1 had at run ");
    engine.docker("tag", FILE_ENV, "evidence-read:1");
    const [, run = ""] = /Plan (\S+):/.exec(moved.stdout) ?? [];
    await expect.poll(() => health("broken")).toBe("unhealthy");
    const back = await world.unsprawl(["rollback", run]);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
  },
);
