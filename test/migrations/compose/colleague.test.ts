import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { filesOf } from "../../support/formats.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { migrate, password, planOf, printed } from "../files-world.ts";

// What a colleague sees who gets the rewritten files, and nothing else, by git.

let engine: WorkerEngine;
let world: World;
/** Another machine. */
let other: World;
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  [world, other] = [makeWorld(engine.host), makeWorld(engine.host)];
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
  other?.remove();
});

const compose = (cwd: string, ...args: string[]): string => {
  const { env } = cwd.startsWith(other.dir) ? other : world;
  return execFileSync(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] }).toString();
};

function put(name: string, files: { readonly [file: string]: string }): string {
  const dir = join(world.dir, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

const service = (environment: object, more: object = {}): object => ({
  ...{ image: BUSYBOX, network_mode: "none", command: APP.map((word) => word.replaceAll("$", "$$$$")), environment },
  ...more,
});
const check = (test: string): object => ({ healthcheck: { test, interval: "1s", start_period: "0s" } });
const COMMENT = "# by unsprawl: on a new machine, before docker compose up: unsprawl render compose:";

it("a clone of the work tree has the values' file, says what to type, and serves after that", async () => {
  const secrets = { WEB_PASSWORD: password(), JOB_PASSWORD: password(), READ_PASSWORD: password() };
  const text = stringify({
    name: "team",
    services: {
      web: service(
        { WEB_PASSWORD: `\${WEB_PASSWORD:-${secrets.WEB_PASSWORD}}` },
        check("ls / | grep -q bin || exit 1"),
      ),
      read: service({ READ_PASSWORD: secrets.READ_PASSWORD }, check('test -n "$$READ_PASSWORD"')),
    },
  });
  const repo = put("repo", { ".git/HEAD": "ref: refs/heads/main\n", "deploy/compose.yaml": text });
  const dir = join(repo, "deploy");
  compose(dir, "up", "-d");
  const before = filesOf(repo);
  const plan = await planOf(world, `compose:${dir}`);
  const told = plan.warnings.map((one) => one.text);
  expect(told).toContain(
    "the values go into ../secrets/team/read.sops.yaml, ../secrets/team/web.sops.yaml, encrypted: commit them with the Compose file",
  );
  expect(told).toContain(
    "WEB_PASSWORD of web can no longer be set in .env or the environment: its value is in the store from now on",
  );
  const { ran, run } = await migrate(world, `compose:${dir}`, ["--grace", "100ms"]);
  expect(ran.code, printed(ran)).toBe(0);
  const now = readFileSync(join(dir, "compose.yaml"), "utf8");
  expect(now.split("\n").filter((line) => line.includes("unsprawl render"))).toEqual([`${COMMENT}.`]);
  expect(now).toContain('ref: "ref+sops://../secrets/team/web.sops.yaml#/WEB_PASSWORD"');
  expect(now).not.toContain(world.dir);
  // A health check stays as it is unless it uses the value, and a name stands in no list of the command.
  expect(now).toContain("      test: ls / | grep -q bin || exit 1\n");
  expect(now).toContain(
    '      test: ["CMD", "/bin/sh", "/run/unsprawl/entrypoint", "--", "/bin/sh", "-c", "test -n \\"$$READ_PASSWORD\\""]\n',
  );
  expect(now.match(/entrypoint: \["\/bin\/sh", "\/run\/unsprawl\/entrypoint", "--"\]/g)).toHaveLength(2);
  for (const value of Object.values(secrets)) expect(JSON.stringify(filesOf(repo))).not.toContain(value);

  // The second migration adds what it moves, and nothing else.
  writeFileSync(
    join(dir, "compose.yaml"),
    now.replace(
      "  read:\n",
      `  job:\n    image: ${BUSYBOX}\n    environment: { JOB_PASSWORD: ${secrets.JOB_PASSWORD} }\n  read:\n`,
    ),
  );
  const second = await migrate(world, `compose:${dir}`, ["--grace", "100ms"]);
  expect(second.ran.code, printed(second.ran)).toBe(0);
  const then = readFileSync(join(dir, "compose.yaml"), "utf8");
  expect(then.match(/unsprawl render/g)).toHaveLength(1);
  expect(then).toContain('ref: "ref+sops://../secrets/team/job.sops.yaml#/JOB_PASSWORD"');

  // Another machine: the files, the key, and what the comment says.
  compose(dir, "down", "-t", "1");
  const clone = join(other.dir, "clone");
  cpSync(repo, clone, { recursive: true });
  const at = join(clone, "deploy");
  expect(() => compose(at, "up", "-d", "web", "read")).toThrow(/bind source path does not exist/);
  mkdirSync(dirname(other.env["SOPS_AGE_KEY_FILE"] ?? ""), { mode: 0o700 });
  copyFileSync(world.env["SOPS_AGE_KEY_FILE"] ?? "", other.env["SOPS_AGE_KEY_FILE"] ?? "");
  const rendered = await other.unsprawl(["render", `compose:${at}`]);
  expect([rendered.code, rendered.stderr]).toEqual([0, ""]);
  compose(at, "up", "-d", "--wait", "web", "read");
  await expectServed(engine.docker, "team-web-1", { WEB_PASSWORD: secrets.WEB_PASSWORD });
  await expectServed(engine.docker, "team-read-1", { READ_PASSWORD: secrets.READ_PASSWORD });
  compose(at, "down", "-t", "1");

  compose(dir, "up", "-d", "web", "read");
  const rollback = async (one: string): Promise<void> => {
    const back = await world.unsprawl(["rollback", one]);
    expect(back.code, printed(back)).toBe(0);
  };
  await rollback(second.run);
  writeFileSync(join(dir, "compose.yaml"), now);
  await rollback(run);
  expect(filesOf(repo)).toEqual(before);
  compose(dir, "down", "-t", "1");
});

it("the user's folder keeps the values where nothing is committed, where it is in use, and where others left a file", async () => {
  const file = stringify({ name: "alone", services: { web: service({ WEB_PASSWORD: password() }) } });
  const home = ".local/share/unsprawl/secrets/alone/web.sops.yaml";
  const placeOf = async (dir: string): Promise<string | undefined> => {
    const { steps } = await planOf(world, `compose:${dir}`);
    return steps.flatMap((step) => (step.kind === "put" ? [step.move.key.path] : []))[0];
  };
  const git = { ".git/HEAD": "ref: refs/heads/main\n" };
  expect(await placeOf(put("plain", { "compose.yaml": file }))).toBe(join(world.dir, home));
  const tree = put("tree", { ...git, "compose.yaml": file });
  expect(await placeOf(tree)).toBe(join(tree, "secrets/alone/web.sops.yaml"));
  const used = `${file}x-old: "ref+sops:///srv/old.sops.yaml#/OLD"\n`;
  expect(await placeOf(put("used", { ...git, "compose.yaml": used }))).toBe(join(world.dir, home));
  const { ran } = await migrate(world, `compose:${tree}`);
  expect(ran.code, printed(ran)).toBe(0);
  // Somebody who is named nowhere here can decrypt what is added to this one.
  const foreign = put("foreign", { ...git, "compose.yaml": file });
  const sops = readFileSync(join(tree, "secrets/alone/web.sops.yaml"), "utf8");
  const stranger = sops.replace(/age1[0-9a-z]+/, `age1${"q".repeat(58)}`);
  mkdirSync(join(foreign, "secrets/alone"), { recursive: true });
  writeFileSync(join(foreign, "secrets/alone/web.sops.yaml"), stranger);
  expect(await placeOf(foreign)).toBe(join(world.dir, home));
});
