import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

// What a team lives with after the migration: the files that it commits, a second and third secret, and the way back.

const SECRETS = twelveSecrets();
const { DB_PASSWORD = "", API_TOKEN = "", SIGNING_SECRET = "", SMTP_PASSWORD = "", GITHUB_TOKEN = "" } = SECRETS;
const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const quoted = (value: string): string => JSON.stringify(value.replaceAll("$", "$$$$"));

const COMPOSE = `# the shop
name: shop
x-common: &common
  environment: &settings
    API_TOKEN: ${quoted(API_TOKEN)} # both have it
services:
  db:
    <<: *common
    image: ${FILE_ENV}
    network_mode: none
    environment:
      <<: *settings
      DB_PASSWORD: ${quoted(DB_PASSWORD)}
  web:
    image: ${BUSYBOX}
    network_mode: none
    user: "1234:1235"
    command: ${COMMAND}
    environment:
      SIGNING_SECRET: ${quoted(SIGNING_SECRET)}
      SMTP_PASSWORD: ${quoted(SMTP_PASSWORD)}
      GITHUB_TOKEN: ${quoted(GITHUB_TOKEN)}
    healthcheck: { test: 'test -n "$$SIGNING_SECRET"', interval: 1s }
    secrets: [note]
secrets:
  note: { file: ./note.txt }
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  dir = join(world.dir, "project");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, "note.txt"), "for the web\n", { mode: 0o644 });
  const store = `stores: { here: { provider: local, file: "project/secrets/{subject}.sops.yaml" } }\n`;
  writeFileSync(join(world.dir, "unsprawl.yaml"), store);
  compose(dir, world, "up", "-d");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function compose(cwd: string, { env }: World, ...args: string[]): string {
  return execFileSync(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

async function migrate(...more: string[]): Promise<string> {
  const args = ["migrate", "docker:shop-*", "--to", "here", "--yes", "--grace", "100ms", ...more];
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stdout + ran.stderr).toBeLessThanOrEqual(3);
  const [, run] = /Plan (\S+):/.exec(ran.stdout) ?? [];
  expect(run, ran.stdout + ran.stderr).toBeDefined();
  return run ?? "";
}

/** The project's files, without the store's. */
const texts = (): { readonly [name: string]: string } =>
  Object.fromEntries(
    readdirSync(dir)
      .filter((name) => name !== "secrets")
      .map((name) => [name, readFileSync(join(dir, name), "utf8")]),
  );

async function expectServing(): Promise<void> {
  await expectServed(engine.docker, "shop-db-1", { DB_PASSWORD, API_TOKEN });
  await expectServed(engine.docker, "shop-web-1", { SIGNING_SECRET, SMTP_PASSWORD, GITHUB_TOKEN });
  expect(engine.docker("exec", "shop-web-1", "cat", "/run/secrets/note")).toBe("for the web");
}

const inspected = (): string => engine.docker("inspect", "shop-db-1", "shop-web-1");

const rollback = (run: string): Promise<Ran> => world.unsprawl(["rollback", run]);

/** A file that claims another project's folder, or another path, gets nothing. */
async function expectNothingForOthers(): Promise<void> {
  const evil = join(world.dir, "evil");
  mkdirSync(evil);
  const at = "${UNSPRAWL_RUNTIME_DIR:-/run/unsprawl}/compose";
  const entry = (path: string): string =>
    `    file: ${path}\n    x-unsprawl: { ref: "ref+sops://secrets/web.sops.yaml#/OTHER", owner: "0:0" }\n`;
  const file = (path: string): string =>
    `name: shop\nservices: { web: { image: x, secrets: [a] } }\nsecrets:\n  a:\n${entry(path)}`;
  const paths = [
    "/etc/cron.d/SMTP_PASSWORD",
    `${at}/../../etc/web/SMTP_PASSWORD`,
    `${at}/shop/db/SMTP_PASSWORD`,
    `${at}/shop/web/../db/SMTP_PASSWORD`,
    `${at}/shop/web/SMTP_PASSWORD/`,
    "${UNSPRAWL_RUNTIME_DIR:-/etc}/compose/shop/web/SMTP_PASSWORD",
    `${at}/shop/web/SMTP_PASSWORD`,
  ];
  const was = readFileSync(join(world.memory, "compose/shop/web/SMTP_PASSWORD"));
  for (const path of paths) {
    writeFileSync(join(evil, "compose.yaml"), file(path));
    const ran = await world.unsprawl(["render", `compose:${evil}`]);
    expect(ran.code, `${path} ${ran.stdout}${ran.stderr}`).not.toBe(0);
    expect(ran.stdout).toContain("nothing rendered");
  }
  expect(readFileSync(join(world.memory, "compose/shop/web/SMTP_PASSWORD")).equals(was)).toBe(true);
  expect(readdirSync(join(world.memory, "compose/shop/db")).sort()).toEqual(["API_TOKEN", "DB_PASSWORD"]);
}

it(
  "three runs move the secrets of a project, for nobody else, and are rolled back newest first",
  { timeout: 300_000 },
  async () => {
    const states = [texts()];
    const first = await migrate("--only", "DB_PASSWORD", "--only", "API_TOKEN", "--only", "SIGNING_SECRET");
    await expectServing();
    states.push(texts());
    const second = await migrate("--only", "SMTP_PASSWORD");
    await expectServing();
    states.push(texts());
    const third = await migrate("--only", "GITHUB_TOKEN");
    await expectServing();
    states.push(texts());

    // A team commits these files: they hold nothing of this machine, of a run, or of a value.
    const now = states[3] ?? {};
    expect(Object.keys(now).sort()).toEqual(["compose.yaml", "note.txt", "unsprawl-entrypoint.sh"]);
    expect(statSync(join(dir, "unsprawl-entrypoint.sh")).mode & 0o777).toBe(0o644);
    for (const text of Object.values(now)) {
      for (const value of Object.values(SECRETS)) expect(text.includes(value)).toBe(false);
      for (const machine of [world.memory, dir, first, second, third, "/units/"]) expect(text).not.toContain(machine);
    }
    expect(now["compose.yaml"]).toContain(
      "file: ${UNSPRAWL_RUNTIME_DIR:-/run/unsprawl}/compose/shop/web/SMTP_PASSWORD\n    x-unsprawl: { ref: ",
    );
    expect(now["compose.yaml"]).toContain('ref: "ref+sops://secrets/web.sops.yaml#/SMTP_PASSWORD"');
    expect(now["compose.yaml"]).toContain("note: { file: ./note.txt }");
    expect(now["compose.yaml"]?.match(/^secrets:/gm)).toHaveLength(1);
    expect(now["compose.yaml"]?.match(/unsprawl-entrypoint:/g)).toHaveLength(1);
    // What is behind the script once stays as it was written then.
    const entrypoint = (text = ""): string | undefined => /^ *entrypoint: .*$/m.exec(text)?.[0];
    expect(entrypoint(now["compose.yaml"])).toContain('["/bin/sh", "/run/unsprawl/entrypoint", "--"');
    expect(entrypoint(now["compose.yaml"])).toBe(entrypoint(states[1]?.["compose.yaml"]));
    // A machine that has these files alone is told what to type, once.
    expect(now["compose.yaml"]?.match(/^ *#.*$/gm)?.filter((line) => line.includes("unsprawl"))).toEqual([
      expect.stringMatching(
        /^ *# by unsprawl: on a new machine, before docker compose up: unsprawl render compose:\.$/,
      ),
    ]);
    for (const value of Object.values(SECRETS)) expect(inspected().includes(value)).toBe(false);
    expect(JSON.parse(compose(dir, world, "config", "--format", "json"))).toMatchObject({ name: "shop" });
    expect(compose(dir, world, "up", "-d", "--dry-run")).not.toMatch(/Recreate/);
    const folder = join(world.memory, "compose/shop/web");
    expect(readdirSync(folder).sort()).toEqual(["GITHUB_TOKEN", "SIGNING_SECRET", "SMTP_PASSWORD"]);
    expect(statSync(join(folder, "SMTP_PASSWORD"))).toMatchObject({ uid: 1234, gid: 1235, mode: 0o100400 });

    await expectNothingForOthers();

    const refused = await rollback(first);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(third);
    expect(texts()).toEqual(states[3]);
    for (const [at, run] of [third, second, first].entries()) {
      const back = await rollback(run);
      expect(back.code, back.stdout + back.stderr).toBe(0);
      expect(texts()).toEqual(states[2 - at]);
      await expectServing();
    }
    expect(readdirSync(join(world.memory, "compose"))).toEqual([]);
  },
);

it(
  "a project without containers is moved: its images are looked at, nothing is started",
  { timeout: 300_000 },
  async () => {
    const fresh = join(world.dir, "fresh");
    mkdirSync(fresh);
    const file =
      COMPOSE.replace("name: shop", "name: fresh").replace("secrets: [note]", "").split("\nsecrets:")[0] ?? "";
    writeFileSync(join(fresh, "compose.yaml"), file);
    const args = ["migrate", `compose:${fresh}`, "--to", "local", "--yes"];
    const ran = await world.unsprawl(args);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout + ran.stderr).toContain("never started");
    expect(engine.docker("ps", "-aq", "--filter", "label=com.docker.compose.project=fresh")).toBe("");
    const text = readFileSync(join(fresh, "compose.yaml"), "utf8");
    for (const value of Object.values(SECRETS)) expect(text.includes(value)).toBe(false);
    expect(text).toContain('DB_PASSWORD_FILE: "/run/secrets/DB_PASSWORD"');
    compose(fresh, world, "up", "-d");
    await expectServed(engine.docker, "fresh-db-1", { DB_PASSWORD });
    await expectServed(engine.docker, "fresh-web-1", { SIGNING_SECRET });
    compose(fresh, world, "down", "-t", "1");
    const [, run = ""] = /Plan (\S+):/.exec(ran.stdout) ?? [];
    const back = await rollback(run);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(readFileSync(join(fresh, "compose.yaml"), "utf8")).toBe(file);

    // Where the image is not here, its user says how it reads a value.
    writeFileSync(join(fresh, "compose.yaml"), file.replaceAll(FILE_ENV, "unsprawl-test/nowhere:1"));
    const refused = await world.unsprawl(["plan", `compose:${fresh}`, "--to", "local", "--only", "DB_PASSWORD"]);
    expect(refused.stdout + refused.stderr).toContain("unsprawl-test/nowhere:1 is not in the engine");
    const told = await world.unsprawl([...args, "--only", "DB_PASSWORD", "--deliver", "file"]);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(told.stdout + told.stderr).toContain("was not checked");
  },
);
