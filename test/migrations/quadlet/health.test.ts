import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { generated } from "../../services/systemd.ts";
import { holders, migrate, password, planOf, printed } from "../files-world.ts";

// `HealthCmd=` runs in a shell of the container, which has the variable whose value it repeats.

let world: World;
let home: string;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
  home = join(world.dir, "home");
});
afterEach(() => world.remove());

const QUADLETS = ".config/containers/systemd";

function lay(files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
}

const container = (lines: string): string => `[Container]\nImage=docker.io/library/mariadb:11\n${lines}\n`;
const source = (): string => `systemd:${join(home, QUADLETS)}`;

test("a variable's value in a health check becomes the variable there", async () => {
  const value = password();
  const check = (said: string): string => `printf '%%s|' ping --password=${said} "-p${said}" && echo 100%% $$HOME`;
  const unit = (said: string, variable: string): string =>
    container(`${variable}\nHealthCmd=${check(said)}\nHealthInterval=2s`);
  lay({ [`${QUADLETS}/db.container`]: unit(value, `Environment=TZ=UTC MYSQL_ROOT_PASSWORD=${value}`) });
  const before = filesOf(home);
  const said = (text: string): string => /^HealthCmd=(.*)$/m.exec(text)?.[1]?.replaceAll(/([$%])\1/g, "$1") ?? "";
  const ran = (text: string, env: NodeJS.ProcessEnv): string =>
    execFileSync("/bin/sh", ["-c", said(text)], { env: { HOME: "/h", ...env }, encoding: "utf8" });
  const file = join(home, QUADLETS, "db.container");
  const first = ran(readFileSync(file, "utf8"), {});
  expect(first).toBe(`ping|--password=${value}|-p${value}|100% /h\n`);

  const done = await migrate(world, source(), ["--diff"]);
  expect(done.ran.code, printed(done.ran)).toBe(0);
  expect(printed(done.ran)).toContain("$$MYSQL_ROOT_PASSWORD in place of its value");
  expect(holders(home, [value])).toEqual([]);
  const after = readFileSync(file, "utf8");
  expect(after.replace(/=ref\+.*/, "=ref+")).toBe(
    container(
      "Environment=TZ=UTC\nSecret=db-MYSQL_ROOT_PASSWORD,type=env,target=MYSQL_ROOT_PASSWORD\n" +
        "Label=unsprawl.ref.MYSQL_ROOT_PASSWORD=ref+\n" +
        `HealthCmd=printf '%%s|' ping --password="$$MYSQL_ROOT_PASSWORD" "-p$$MYSQL_ROOT_PASSWORD" && echo 100%% $$HOME\nHealthInterval=2s`,
    ),
  );
  expect(ran(after, { MYSQL_ROOT_PASSWORD: value })).toBe(first);
  const { said: noted, service } = generated(join(home, QUADLETS), "db");
  expect(noted).not.toMatch(/unsupported|error/i);
  expect(service).toContain("$$MYSQL_ROOT_PASSWORD");
  expect((await world.unsprawl(["rollback", done.run])).code).toBe(0);
  expect(filesOf(home)).toEqual(before);
});

test("a check that no shell reads stays, and so does one whose variable stays", async () => {
  const [list, shared] = [password(), password()];
  lay({
    "web.env": `DB_PASSWORD=${shared}\n`,
    [`${QUADLETS}/list.container`]: container(
      `Environment=REDIS_PASSWORD=${list}\nHealthCmd=["CMD","redis-cli","-a","${list}","ping"]`,
    ),
    [`${QUADLETS}/web.container`]: container(
      `EnvironmentFile=%h/web.env\nHealthCmd=mysqladmin ping --password=${shared}`,
    ),
    [`${QUADLETS}/job.container`]: `${container("Exec=job")}\n[Service]\nEnvironmentFile=%h/web.env\nExecStartPre=/opt/prepare.sh\n`,
  });
  const { steps, notMoved } = await planOf(world, source());
  expect(steps).toEqual([]);
  const reasons = notMoved
    .filter(({ elsewhere }) => elsewhere !== true)
    .map(({ finding: { location, name }, reason }) => [location.subjectName, name, reason] as const);
  expect(reasons.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ["list.container", "HealthCmd", expect.stringMatching(/^is in HealthCmd/)],
    ["list.container", "REDIS_PASSWORD", expect.stringMatching(/also stands at .*list\.container:4/)],
    ["web.container", "DB_PASSWORD", expect.stringMatching(/web\.env is read on the host too, by job\.container$/)],
    ["web.container", "HealthCmd", expect.stringMatching(/^is the value of .*web\.env:1 DB_PASSWORD, which stays$/)],
  ]);
});
