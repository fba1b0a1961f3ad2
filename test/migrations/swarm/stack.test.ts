import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { APP, BUSYBOX, FILE_ENV, makeImages } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { becomeSwarm } from "../../services/swarm.ts";
import { random } from "../../support/canary.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

// A stack's file is moved as it is committed, and deployed from on this manager and on another that knows nothing.

let bao: OpenBao;
let engine: TestEngine;
let managers: readonly Manager[] = [];
/** What a manager of the swarm knows by itself; the swarm is another for each. */
type Manager = World;
const { DB_PASSWORD = "", SIGNING_SECRET = "" } = twelveSecrets();

const escaped = (text: string): string => text.replaceAll("$", "$$$$");
const deploy = `
    deploy: { replicas: 1, update_config: { order: start-first, monitor: 100ms }, restart_policy: { delay: 100ms } }`;
const STACK = `version: "3.5" # docker stack deploy -c docker-stack.yml -c docker-stack.prod.yml shop
services:
  db:
    image: ${FILE_ENV}
    environment:
      DB_PASSWORD: \${DB_PASSWORD}
      TZ: UTC${deploy}
  web:
    image: ${BUSYBOX}
    command: ${JSON.stringify(APP.map(escaped))}
    user: "1234:1235"
    environment:
      LOG: info${deploy}
networks: # no overlay network is needed here
  default: { external: true, name: host }
`;

/** What production adds, in a file of its own. */
const MORE = `version:   '3.5'
services:
  web:
    environment: { SIGNING_SECRET: ${JSON.stringify(escaped(SIGNING_SECRET))} }
`;

beforeAll(async () => {
  bao = await startOpenBao();
  await composeCli();
  engine = await startEngine();
  await makeImages(engine);
  await becomeSwarm(engine);
  managers = [1, 2].map(() => makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token }));
}, 120_000);

afterAll(async () => {
  await engine?.stop();
  for (const world of managers) world.remove();
  await bao?.stop();
});

const FILES = ["docker-stack.yml", "docker-stack.prod.yml"] as const;
const [FILE, PROD] = FILES;

function deployed({ env }: Manager, cwd: string, more: { readonly [name: string]: string } = {}): void {
  const files = FILES.flatMap((file) => ["-c", file]);
  execFileSync("docker", ["stack", "deploy", ...files, "shop"], { cwd, env: { ...env, ...more }, stdio: "pipe" });
}

const source = (dir: string): string => `compose:${FILES.map((file) => join(dir, file)).join(":")}`;

/** Waits until each service has one task that has its value, and looks at what the swarm shows of them. */
async function expectServing(isMoved: boolean, password = DB_PASSWORD): Promise<void> {
  for (const [service, variable, value] of [
    ["db", "DB_PASSWORD", password],
    ["web", "SIGNING_SECRET", SIGNING_SECRET],
  ] as const) {
    const containers = (): string[] =>
      engine.docker("ps", "-q", "--filter", `label=com.docker.swarm.service.name=shop_${service}`).split("\n");
    const spec = (): string => engine.docker("service", "inspect", "-f", "{{json .Spec}}", `shop_${service}`);
    const has = (): boolean =>
      containers().length === 1 &&
      containers().every((id) => {
        try {
          const pid = engine.docker("inspect", "-f", "{{.State.Pid}}", id);
          return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${variable}=${value}`);
        } catch {
          return false; // an old task that has ended since
        }
      });
    await expect.poll(has, { interval: 250, message: `shop_${service} has its value` }).toBe(true);
    expect(spec().includes(JSON.stringify(value).slice(1, -1)), `the spec of shop_${service} shows it`).toBe(!isMoved);
    expect(spec().includes(`shop_${service}_${variable}`)).toBe(isMoved);
  }
}

it("the references stand in the file, and a manager that knows nothing deploys it", async () => {
  const [first, second] = managers;
  if (first === undefined || second === undefined) throw new Error("no managers");
  const dir = join(first.dir, "project");
  mkdirSync(dir);
  writeFileSync(join(dir, FILE), STACK);
  writeFileSync(join(dir, PROD), MORE);
  writeFileSync(join(dir, ".env"), `DB_PASSWORD=${DB_PASSWORD}\n`);

  // Not deployed yet: the plan names the command that will.
  const fresh = await first.unsprawl(["plan", source(dir), "--to", "vault"]);
  const files = `-c ${join(dir, FILE)} -c ${join(dir, PROD)}`;
  expect(fresh.stdout).toContain(`docker stack deploy ${files} STACK`);

  // `docker stack deploy` reads no .env: what runs is not what the files say, and stays.
  deployed(first, dir);
  const other = await first.unsprawl(["plan", source(dir), "--to", "vault"]);
  expect(other.stdout).toContain("shop_db runs with a different value of DB_PASSWORD than these files give it");
  deployed(first, dir, { DB_PASSWORD });
  await expectServing(false);

  // Its services say what moves them.
  const asked = await first.unsprawl(["plan", "swarm:shop_*", "--to", "vault"]);
  expect(asked.stdout).toContain("unsprawl migrate compose:FILE --to STORE, then docker stack deploy -c FILE shop");

  const moved = await first.unsprawl(["migrate", source(dir), "--to", "vault", "--diff", "--yes"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(moved.stdout).toContain(`docker stack deploy ${files} shop hands the values to the stack`);
  const text = readFileSync(join(dir, FILE), "utf8");
  expect(text).toContain('x-unsprawl: { ref: "ref+vault://secret/apps/project/db#/DB_PASSWORD", owner: "0:0" }');
  const run = /Plan (\S+):/.exec(moved.stdout)?.[1] ?? "";
  expect(run).not.toBe("");
  const all = [FILE, PROD, ".env"].map((file) => readFileSync(join(dir, file), "utf8")).join("");
  for (const word of [DB_PASSWORD, SIGNING_SECRET, first.dir, first.memory, run])
    expect(all.includes(word)).toBe(false);
  // Below 3.7, the stack's files take no reference beside a secret.
  expect(moved.stdout).toContain(`version 3.5 of ${FILE}, ${PROD} becomes 3.7`);
  expect(moved.stdout).toMatch(/^\+ 1 +version: {3}'3\.7'$/m);
  expect(text.split("\n", 1)).toEqual([STACK.split("\n", 1)[0]?.replace("3.5", "3.7")]);
  expect(readFileSync(join(dir, PROD), "utf8")).toMatch(/^version: {3}'3\.7'\n/);
  deployed(first, dir);
  await expectServing(true);

  // What is committed, and nothing else, on another manager, of another swarm.
  await becomeSwarm(engine);
  const clone = join(second.dir, "project");
  cpSync(dir, clone, { recursive: true });
  expect(existsSync(join(second.dir, "state"))).toBe(false);
  const rendered = await second.unsprawl(["render", source(clone)]);
  expect(rendered.code, rendered.stdout + rendered.stderr).toBe(0);
  expect(rendered.stdout).toBe("compose:project/db: 1 file\ncompose:project/web: 1 file\n");
  deployed(second, clone);
  await expectServing(true);

  // A value that changed in the store: Swarm never changes a secret, so the entry gets a name of its own.
  const newer = random(24);
  await bao.api("PATCH", "secret/data/apps/project/db", { data: { DB_PASSWORD: newer } });
  second.plant({ "a later DB_PASSWORD": newer });
  const again = await second.unsprawl(["render", source(clone)]);
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(() => deployed(second, clone)).toThrow("only updates to Labels are allowed");
  writeFileSync(join(clone, FILE), text.replace(/^ {2}db_DB_PASSWORD:$/m, "$&\n    name: shop_db_DB_PASSWORD_2"));
  deployed(second, clone);
  await expectServing(true, newer);

  // The way back, once the store has the value that was moved: the file, and what is deployed from it.
  await bao.api("PATCH", "secret/data/apps/project/db", { data: { DB_PASSWORD } });
  const back = await first.unsprawl(["rollback", run]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect([FILE, PROD].map((file) => readFileSync(join(dir, file), "utf8"))).toEqual([STACK, MORE]);
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe(`DB_PASSWORD=${DB_PASSWORD}\n`);
  deployed(first, dir, { DB_PASSWORD });
  await expectServing(false);
});
