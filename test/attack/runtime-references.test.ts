/**
 * The OCI runtime gives a reference's value to whom it is bound, and to nobody else: not to an image that names it, not
 * to a container that is started or entered with it, and not to one that only looks like the one it is bound to.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

const fresh = (): string => `${randomBytes(12).toString("base64url")}aA1`;
const PAYROLL = fresh();
const TARGET = "ref+vault://secret/apps/payroll#/DB_PASSWORD";

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;
let compose: string;

beforeAll(async () => {
  [engine, bao, compose] = await Promise.all([workerEngine(), startOpenBao(), composeCli()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  await bao.api("POST", "secret/data/apps/payroll", { data: { DB_PASSWORD: PAYROLL } });
  await done(["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile]);
  image("vendor:1", `ENV TZ_HINT=${TARGET}`);
  image(
    "pretender:1",
    "LABEL com.docker.compose.project=shop com.docker.compose.service=db com.docker.swarm.service.name=svc",
  );
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

async function done(args: readonly string[]): Promise<Ran> {
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return ran;
}

function image(tag: string, ...lines: readonly string[]): void {
  const dir = join(world.dir, tag.replace(":", "-"));
  mkdirSync(dir);
  writeFileSync(join(dir, "Dockerfile"), [`FROM ${BUSYBOX}`, ...lines, ""].join("\n"));
  engine.docker("build", "--quiet", "--network", "none", "-t", tag, dir);
}

/** Docker's answer, refused or not: the attacker reads all of it. */
function attempt(...args: string[]): { readonly ok: boolean; readonly said: string } {
  try {
    return { ok: true, said: engine.docker(...args) };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { ok: false, said: stdout + stderr };
  }
}

function refused(...args: string[]): string {
  const { ok, said } = attempt(...args);
  expect(said).not.toContain(PAYROLL);
  expect(ok, said).toBe(false);
  return said;
}

/** The flags of a container under the runtime that prints what it got. */
const under = (...more: string[]): string[] => ["run", "--rm", "--network", "none", "--runtime", "unsprawl", ...more];
const printing = (name: string): string[] => [BUSYBOX, "sh", "-c", `printf %s "$${name}"`];

const valueIn = (container: string, name: string): string =>
  engine.docker("exec", container, "sh", "-c", `printf %s "$${name}"`);

function start(name: string, variables: { readonly [name: string]: string }, tag = BUSYBOX): void {
  const env = Object.entries(variables).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker("run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1", ...env, tag, ...APP);
}

const migrate = (name: string, ...more: string[]): Promise<Ran> =>
  world.unsprawl(["migrate", `docker:${name}`, "--to", "vault", "--grace", "100ms", "--yes", ...more]);

function bindings(): readonly { readonly consumer: string; readonly variable: string; readonly reference: string }[] {
  const file = join(world.dir, "runtime/bindings.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { bindings: ReturnType<typeof bindings> }).bindings;
}

const boundTo = (consumer: string): string[] =>
  bindings()
    .filter((one) => one.consumer === consumer)
    .map((one) => one.variable);

describe("what is bound to nobody", () => {
  it("a reference in an image's ENV, in docker run -e, and of a scheme that nobody knows: the container does not start", () => {
    const ofImage = refused(...under("vendor:1", "env"));
    expect(ofImage).toMatch(/TZ_HINT names ref\+vault:.*which container:\S+ may not use; its image brings it: build/);
    expect(ofImage).not.toContain("runtime allow");
    const said = refused(...under("--name", "curious", "-e", `X=${TARGET}`, ...printing("X")));
    expect(said).toContain(`unsprawl runtime allow container:curious X '${TARGET}'`);
    for (const odd of ["ref+nothing://x#/Y", "ref+", "ref+vault"])
      expect(refused(...under("-e", `X=${odd}`, ...printing("X")))).toContain("may not use");
    expect(attempt(...under("-e", "X=plain", ...printing("X")))).toEqual({ ok: true, said: "plain" });
  });

  it("an image with a reference in its ENV is not moved to the runtime; by the shim it gets nothing either", async () => {
    const secret = fresh();
    start("vendor", { DB_PASSWORD: secret }, "vendor:1");
    const id = engine.docker("inspect", "-f", "{{.Id}}", "vendor");
    const plan = await world.unsprawl(["plan", "docker:vendor", "--to", "vault", "--deliver", "runtime", "--json"]);
    const { steps, notMoved } = JSON.parse(plan.stdout) as Plan;
    expect([steps, notMoved[0]?.reason]).toEqual([[], expect.stringMatching(/TZ_HINT names ref\+vault:.*build the/)]);
    expect(plan.stdout).not.toContain("runtime allow");
    expect(engine.docker("inspect", "-f", "{{.Id}}", "vendor")).toBe(id);

    const moved = await migrate("vendor");
    expect(moved.stdout).toContain("by shim");
    expect(moved.code, moved.stderr).toBe(0);
    expect(valueIn("vendor", "TZ_HINT")).toBe(TARGET);
    engine.docker("rm", "-f", "vendor");
  });
});

describe("a container that was migrated", () => {
  const secret = fresh();
  const mine = "ref+vault://secret/apps/web#/DB_PASSWORD";
  let run = "";

  it("has its value after a restart, in exec and in its health check", async () => {
    engine.docker(
      ...["run", "-d", "--name", "web", "--network", "none", "--stop-timeout", "1", "-e", `DB_PASSWORD=${secret}`],
      ...["--health-cmd", 'case "$DB_PASSWORD" in ref+* | "") exit 1 ;; esac', "--health-interval", "300ms"],
      ...[BUSYBOX, ...APP],
    );
    const moved = await migrate("web", "--deliver", "runtime");
    expect(moved.code, moved.stderr).toBe(0);
    expect(moved.stderr).toContain("healthy");
    run = /\d{8}-\d{6}-[0-9a-f]{4}/.exec(moved.stdout)?.[0] ?? "";
    engine.docker("restart", "web");
    expect(valueIn("web", "DB_PASSWORD")).toBe(secret);
    expect(boundTo("container:web")).toEqual(["DB_PASSWORD"]);
    const status = await done(["runtime", "status"]);
    expect(status.stdout).toContain(`allowed: container:web DB_PASSWORD ${mine}`);
  });

  it("gets nothing else by exec: another reference, its own in another variable, one that was given a value since", () => {
    const exec = (...more: string[]): string[] => ["exec", ...more, "web", "env"];
    expect(refused(...exec("-e", `Y=${TARGET}`))).toContain("did not have when it was started");
    refused(...exec("-e", `DB_PASSWORD=${TARGET}`));
    expect(refused(...exec("-e", `Y=${mine}`))).not.toContain(secret);
    expect(engine.docker(...exec("-e", "Y=plain"))).toContain("Y=plain");
  });

  it("another container that names its reference gets nothing; neither does one that calls itself by a label", () => {
    for (const more of [
      ["--name", "webb"],
      ["--label", "name=web"],
      ["--hostname", "web"],
      ["--network-alias", "web"],
    ])
      expect(refused(...under(...more, "-e", `DB_PASSWORD=${mine}`, ...printing("DB_PASSWORD")))).not.toContain(secret);
  });

  it("another variable, or another reference, of the same name's container is refused; the same is not", () => {
    engine.docker("rename", "web", "aside");
    const name = ["--name", "web"];
    refused(...under(...name, "-e", `DB_PASSWORD=${TARGET}`, ...printing("DB_PASSWORD")));
    expect(refused(...under(...name, "-e", `OTHER=${mine}`, ...printing("OTHER")))).not.toContain(secret);
    expect(engine.docker(...under(...name, "-e", `DB_PASSWORD=${mine}`, ...printing("DB_PASSWORD")))).toBe(secret);
    expect(() => engine.docker("restart", "aside")).toThrow(/container:aside may not use/);
    engine.docker("rename", "aside", "web");
    engine.docker("start", "web");
  });

  it("loses it by rollback", async () => {
    await done(["rollback", run]);
    expect(boundTo("container:web")).toEqual([]);
    expect(valueIn("web", "DB_PASSWORD")).toBe(secret);
    expect(refused(...under("--name", "web2", "-e", `DB_PASSWORD=${mine}`, BUSYBOX, "env"))).not.toContain(secret);
  });
});

describe("who a container is", () => {
  it("an image's labels make it no Compose service, and a label given to docker run no Swarm service", async () => {
    await done(["runtime", "allow", "compose:shop/db", "X", TARGET]);
    await done(["runtime", "allow", "swarm:svc", "X", TARGET]);
    refused(...under("-e", `X=${TARGET}`, "pretender:1", "env"));
    refused(...under("-e", `X=${TARGET}`, "--label", "com.docker.swarm.service.name=svc", BUSYBOX, "env"));
    // What the image brings does not count either where the container has more of its own.
    refused(...under("-e", `X=${TARGET}`, "--label", "com.docker.compose.oneoff=False", "pretender:1", "env"));
    await done(["runtime", "forbid", "compose:shop/db"]);
    await done(["runtime", "forbid", "swarm:svc", "X"]);
  });

  it("a Compose service keeps its value when it is made again, scaled, and run once", async () => {
    const secret = fresh();
    const dir = join(world.dir, "shop");
    mkdirSync(dir);
    const app = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
    const service = `image: ${BUSYBOX}\n    network_mode: none\n    command: ${app}`;
    // Compose labels each image that it builds with the project and the service.
    writeFileSync(join(dir, "Dockerfile"), `FROM ${BUSYBOX}\n`);
    const built = `build: { context: ., network: none }\n    network_mode: none\n    command: ${app}`;
    writeFileSync(
      join(dir, "compose.yaml"),
      `services:\n  db:\n    ${built}\n    environment:\n      DB_PASSWORD: ${secret}\n  other:\n    ${service}\n`,
    );
    const env = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: engine.host };
    const up = (...args: string[]): string =>
      execFileSync(compose, args, { cwd: dir, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    up("up", "-d");
    const labels = engine.docker("inspect", "-f", "{{json .Config.Labels}}", "shop-db");
    expect(JSON.parse(labels)).toMatchObject({ "com.docker.compose.service": "db" });
    const moved = await migrate("shop-db-1", "--deliver", "runtime");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(boundTo("compose:shop/db")).toEqual(["DB_PASSWORD"]);
    up("up", "-d", "--force-recreate", "--scale", "db=2");
    for (const name of ["shop-db-1", "shop-db-2"]) expect(valueIn(name, "DB_PASSWORD")).toBe(secret);
    expect(up("run", "--rm", "-T", "db", "sh", "-c", 'printf %s "$DB_PASSWORD"')).toContain(secret);
    // Another service of the project may not have it.
    const file = readFileSync(join(dir, "compose.yaml"), "utf8");
    const reference = /ref\+vault:\S+/.exec(file)?.[0]?.replace(/["']$/, "") ?? "";
    writeFileSync(
      join(dir, "compose.yaml"),
      `${file}    runtime: unsprawl\n    environment: { DB_PASSWORD: "${reference}" }\n`,
    );
    expect(() => up("up", "-d", "other")).toThrow(/may not use/);
    up("down", "-t", "1");
  });
});

describe("runtime allow and forbid", () => {
  it("bind exactly one consumer, variable and reference, also of an image; forbid takes it back", async () => {
    await done(["runtime", "allow", "hand", "TZ_HINT", TARGET]);
    expect(engine.docker(...under("--name", "hand", "vendor:1", "sh", "-c", 'printf %s "$TZ_HINT"'))).toBe(PAYROLL);
    refused(...under("--name", "hand2", "vendor:1", "env"));
    const gone = await done(["runtime", "forbid", "container:hand", "TZ_HINT", TARGET, "--json"]);
    expect(JSON.parse(gone.stdout)).toMatchObject({ version: 1, forbidden: [{ consumer: "container:hand" }] });
    refused(...under("--name", "hand", "vendor:1", "env"));
    expect((await world.unsprawl(["runtime", "forbid", "hand"])).code).toBe(1);
  });

  it.each([
    [["runtime", "allow", "web", "X"]],
    [["runtime", "allow", "web", "X", "plain"]],
    [["runtime", "allow", "../web", "X", TARGET]],
    [["runtime", "allow", "compose:shop", "X", TARGET]],
    [["runtime", "allow", "image:vendor", "X", TARGET]],
    [["runtime", "forbid"]],
    [["runtime", "status", "web"]],
  ])("%j is a usage error", async (args) => {
    expect((await world.unsprawl(args)).code).toBe(2);
  });
});
