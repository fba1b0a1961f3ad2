import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { generated } from "../../services/systemd.ts";
import { findingsOf, holders, migrate, password, planOf, printed, ranWithEach, references } from "../files-world.ts";

let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;

const container = (lines: string): string =>
  `[Unit]\nDescription=An application\n\n[Container]\nImage=docker.io/library/busybox:1\n${lines}\n\n[Install]\nWantedBy=default.target\n`;

function lay(files: { readonly [name: string]: string }, folder = "", into = world): string {
  const dir = join(into.dir, "units", folder);
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
  ["with a dollar sign", (one) => `Environment=DB_PASSWORD=$$${one}`, secret("DB_PASSWORD")],
  ["with a percent sign", (one) => `Environment=DB_PASSWORD=${one}%%x`, secret("DB_PASSWORD")],
  [
    "beside another secret",
    (one) => `Secret=tls,type=mount\nEnvironment=DB_PASSWORD=${one}\nNetwork=host`,
    `Secret=tls,type=mount\n${secret("DB_PASSWORD")}\nNetwork=host`,
  ],
];

describe("a variable becomes a secret of podman", () => {
  type Done = { readonly moved: string; readonly held: readonly string[]; readonly made: ReturnType<typeof generated> };
  let all: World;
  let plan: Plan;
  let ran: Ran;
  let received: Awaited<ReturnType<typeof ranWithEach>>;
  let done: readonly Done[];
  const back: string[] = [];
  const units = UNITS.map(([, make, expected], at) => {
    const one = p();
    return { one, name: `api${at}`, before: container(make(one)), expected: expected.replace("api-", `api${at}-`) };
  });
  const read = (name: string): string => readFileSync(join(all.dir, `units/${name}/${name}.container`), "utf8");

  // One run for all of them: each case looks at its own unit.
  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    const dirs = units.map(({ name, before }) => lay({ [`${name}.container`]: before }, name, all));
    const sources = dirs.map((dir) => `systemd:${dir}`);
    plan = await planOf(all, sources);
    const moving = await migrate(all, sources);
    ({ ran } = moving);
    done = units.map(({ one, name }, at) => ({
      moved: read(name),
      held: holders(all.dir, [one]),
      made: generated(dirs[at] ?? "", name),
    }));
    received = await ranWithEach(
      all,
      dirs.map((dir) => references(plan, dir)),
    );
    expect((await all.unsprawl(["rollback", moving.run])).code).toBe(0);
    back.push(...units.map(({ name }) => read(name)));
  }, 300_000);
  afterAll(() => all?.remove());

  test("in one run", () => expect(ran.code, ran.stderr).toBe(0));

  test.each(UNITS.map(([title], at) => [title, at] as const))("%s", (_title, at) => {
    const { one, name, before, expected } = units[at] as (typeof units)[number];
    const { DB_PASSWORD = "" } = references(plan, join(all.dir, `units/${name}/`));
    expect(done[at]?.moved).toBe(
      container(expected.replace(/^Secret=api.*$/m, `$&\nLabel=unsprawl.ref.DB_PASSWORD=${DB_PASSWORD}`)),
    );
    expect(done[at]?.held).toEqual([]);
    expect(printed(ran) + JSON.stringify(plan)).not.toContain(one);
    const command = plan.warnings.map(({ text }) => text).find((text) => text.includes(`${name}-DB_PASSWORD`)) ?? "";
    expect(command).toContain(`UNSPRAWL_VALUE='${DB_PASSWORD}' unsprawl run -- sh -c`);
    expect(command).toContain(`podman secret create ${name}-DB_PASSWORD -`);
    const around = before.includes("$$") ? `$${one}` : before.includes("%%x") ? `${one}%x` : one;
    expect(received[at]?.["DB_PASSWORD"]).toBe(around);
    const { service, said } = done[at]?.made ?? { service: "", said: "" };
    expect(service).toContain(`--secret ${name}-DB_PASSWORD,type=env,target=DB_PASSWORD`);
    expect(said).not.toMatch(/unsupported|error/i);
    expect(back[at]).toBe(before);
  });
});

test("a drop-in of a container", async () => {
  const one = p();
  const dir = lay({
    "api.container": container("Environment=A=1"),
    "api.container.d/db.conf": `[Container]\nEnvironment=DB_PASSWORD=${one}`,
  });
  const { ran } = await migrate(world, `systemd:${dir}`);
  const text = readFileSync(join(dir, "api.container.d/db.conf"), "utf8");
  expect([ran.code, text.replace(/^(Label=unsprawl\.ref\.DB_PASSWORD=ref\+sops:).*$/m, "$1")]).toEqual([
    0,
    `[Container]\n${secret("DB_PASSWORD")}\nLabel=unsprawl.ref.DB_PASSWORD=ref+sops:`,
  ]);
});

const FILE = "EnvironmentFile=api.env";

const REFUSED: readonly (readonly [title: string, lines: (one: string) => string, reason: string])[] = [
  ["a dollar sign", (one) => `Environment=DB_PASSWORD=${one}$x`, "has a dollar sign"],
  ["a specifier", (one) => `Environment=DB_PASSWORD=${one}%i`, "has a specifier"],
  ["an argument", (one) => `PodmanArgs=--env DB_PASSWORD=${one}`, "is in PodmanArgs"],
  ["a command", (one) => `Exec=mysql --password=${one}`, "is in Exec"],
  ["the service's own", (one) => `[Service]\nEnvironment=DB_PASSWORD=${one}`, "is in [Service]"],
  ["a file that nothing is filled in from", () => `[Service]\n${FILE}`, "no setting of api.container fills it in"],
  ["a health check", (one) => `HealthCmd=mysqladmin ping -p${one}`, "is in HealthCmd"],
  [
    "a file that its service's commands read too",
    () => `${FILE}\n[Service]\n${FILE}\nExecStartPre=/opt/prepare.sh`,
    "on the host",
  ],
  ["a file of another secret", () => `Secret=db,target=DB_PASSWORD,type=env\n${FILE}`, "has no effect: Secret=db"],
  ["a file that it overrides", () => `${FILE}\nEnvironment=DB_PASSWORD=`, "has no effect"],
  ["an overridden one", (one) => `Environment=DB_PASSWORD=${one}\nEnvironment=DB_PASSWORD=`, "has no effect"],
];

describe("refused", () => {
  let all: World;
  let plan: Plan;
  const dirs: string[] = [];

  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    for (const [at, [, lines]] of REFUSED.entries()) {
      const one = p();
      dirs.push(lay({ "api.container": container(lines(one)), "api.env": `DB_PASSWORD=${one}\n` }, `case-${at}`, all));
    }
    plan = await planOf(
      all,
      dirs.map((dir) => `systemd:${dir}`),
    );
  }, 60_000);
  afterAll(() => all?.remove());

  test.each(REFUSED.map(([title, , reason], at) => [title, at, reason] as const))("%s", (_title, at, reason) => {
    const notMoved = plan.notMoved.filter(({ finding }) =>
      finding.location.subjectId.startsWith(`${dirs[at] ?? "none"}/`),
    );
    expect([notMoved.map((each) => each.reason), plan.steps]).toEqual([[expect.stringContaining(reason)], []]);
    expect(notMoved[0]?.hint).toMatch(/\w/);
  });
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
