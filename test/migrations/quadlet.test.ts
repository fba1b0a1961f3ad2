import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeWorld, type World } from "../support/world.ts";
import { generated } from "../services/systemd.ts";
import { findingsOf, holders, migrate, password, planOf, printed, ranWith, references } from "./files-world.ts";

let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;

const container = (lines: string): string =>
  `[Unit]\nDescription=An application\n\n[Container]\nImage=docker.io/library/busybox:1\n${lines}\n\n[Install]\nWantedBy=default.target\n`;

function lay(files: { readonly [name: string]: string }): string {
  const dir = join(world.dir, "units");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const secret = (name: string): string => `Secret=api-${name},type=env,target=${name}`;

const UNITS: readonly (readonly [title: string, before: (one: string) => string, after: string])[] = [
  [
    "an assignment of its own",
    (one) => `# db\nEnvironment=DB_PASSWORD=${one}\nUser=app`,
    `# db\n${secret("DB_PASSWORD")}\nUser=app`,
  ],
  [
    "among others",
    (one) => `Environment=LOG=info "DB_PASSWORD=${one}" TZ=UTC\nPublishPort=80`,
    `Environment=LOG=info TZ=UTC\n${secret("DB_PASSWORD")}\nPublishPort=80`,
  ],
  [
    "the first of several",
    (one) => `Environment=DB_PASSWORD='${one}' A="b c"`,
    `Environment=A="b c"\n${secret("DB_PASSWORD")}`,
  ],
  [
    "on continued lines",
    (one) => `Environment=A=1 \\\n  DB_PASSWORD=${one} \\\n  B=2`,
    `Environment=A=1 \\\n  B=2\n${secret("DB_PASSWORD")}`,
  ],
  ["with a percent sign", (one) => `Environment=DB_PASSWORD=${one}%%x`, secret("DB_PASSWORD")],
  [
    "beside another secret",
    (one) => `Secret=tls,type=mount\nEnvironment=DB_PASSWORD=${one}\nNetwork=host`,
    `Secret=tls,type=mount\n${secret("DB_PASSWORD")}\nNetwork=host`,
  ],
];

test.each(UNITS)("a variable %s becomes a secret of podman", async (_title, make, expected) => {
  const one = p();
  const before = container(make(one));
  const dir = lay({ "api.container": before });
  const file = join(dir, "api.container");
  const plan = await planOf(world, `systemd:${dir}`);
  const { DB_PASSWORD = "" } = references(plan);
  const { ran, run } = await migrate(world, `systemd:${dir}`);
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(container(expected));
  expect(holders(world.dir, [one])).toEqual([]);
  expect(printed(ran) + JSON.stringify(plan)).not.toContain(one);
  const [command = ""] = plan.warnings.map(({ text }) => text);
  expect(command).toContain(`DB_PASSWORD='${DB_PASSWORD}' unsprawl run -- sh -c`);
  expect(command).toContain("podman secret create api-DB_PASSWORD -");
  const value = before.includes("%%x") ? `${one}%x` : one;
  expect((await ranWith(world, { DB_PASSWORD }))["DB_PASSWORD"]).toBe(value);
  const { service, said } = generated(dir, "api");
  expect(service).toContain("--secret api-DB_PASSWORD,type=env,target=DB_PASSWORD");
  expect(said).not.toMatch(/unsupported|error/i);
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a drop-in of a container", async () => {
  const one = p();
  const dir = lay({
    "api.container": container("Environment=A=1"),
    "api.container.d/db.conf": `[Container]\nEnvironment=DB_PASSWORD=${one}`,
  });
  const { ran } = await migrate(world, `systemd:${dir}`);
  expect([ran.code, readFileSync(join(dir, "api.container.d/db.conf"), "utf8")]).toEqual([
    0,
    `[Container]\n${secret("DB_PASSWORD")}`,
  ]);
});

const REFUSED: readonly (readonly [title: string, lines: (one: string) => string, reason: string])[] = [
  ["a dollar sign", (one) => `Environment=DB_PASSWORD=${one}$x`, "has a dollar sign"],
  ["a specifier", (one) => `Environment=DB_PASSWORD=${one}%i`, "has a specifier"],
  ["an argument", (one) => `PodmanArgs=--env DB_PASSWORD=${one}`, "is in PodmanArgs"],
  ["a command", (one) => `Exec=mysql --password=${one}`, "is in Exec"],
  ["a file of variables", () => "EnvironmentFile=api.env", "is in a file that podman hands on"],
  ["an overridden one", (one) => `Environment=DB_PASSWORD=${one}\nEnvironment=DB_PASSWORD=`, "has no effect"],
];

test.each(REFUSED)("refused: %s", async (_title, lines, reason) => {
  const one = p();
  const dir = lay({ "api.container": container(lines(one)), "api.env": `DB_PASSWORD=${one}\n` });
  const { notMoved, steps } = await planOf(world, `systemd:${dir}`);
  expect([notMoved.map((each) => each.reason), steps]).toEqual([[expect.stringContaining(reason)], []]);
  expect(notMoved[0]?.hint).toMatch(/\w/);
});

test("another delivery than podman's own is refused", async () => {
  const dir = lay({ "api.container": container(`Environment=DB_PASSWORD=${p()}`) });
  const { notMoved } = await planOf(world, `systemd:${dir}`, ["--deliver", "file"]);
  expect(notMoved[0]).toMatchObject({ reason: expect.stringContaining("from podman"), hint: "--deliver auto" });
});

test("labels, annotations, health checks and credentials that are written out are read too", async () => {
  const [label, note, health, credential] = Array.from({ length: 4 }, p);
  const dir = lay({
    "api.container": container(
      `Label=app.password=${label} "b=c d"\nAnnotation="app.token=${note}"\nHealthCmd=redis-cli -a ${health} ping`,
    ),
    "job.service": `[Service]\nExecStart=/bin/job\nSetCredential=db-password:${credential}\n`,
  });
  const findings = await findingsOf(world, `systemd:${dir}`);
  expect(findings.map(({ name, location }) => `${name} ${location.where}`).sort()).toEqual([
    "HealthCmd cmd",
    "app.password label",
    "app.token annotation",
    "db-password file",
  ]);
  const { notMoved } = await planOf(world, `systemd:${dir}`);
  expect(notMoved.map(({ hint }) => hint === "")).toEqual([false, false, false, false]);
});
