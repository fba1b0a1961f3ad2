import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { generated } from "../../services/systemd.ts";
import { findingsOf, holders, migrate, password, planOf, printed, ranWithEach, references } from "../files-world.ts";

// `EnvironmentFile=` in [Service] is systemd's: the container gets what `Environment=PW=${DB_PASSWORD}` fills in from it.

let world: World;
let home: string;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
  home = join(world.dir, "home");
});
afterEach(() => world.remove());

const QUADLETS = ".config/containers/systemd";
const SERVICE = "[Service]\nEnvironmentFile=%h/apps.env\nRestart=always\n";
const container = (lines: string, service = SERVICE): string =>
  `[Container]\nImage=docker.io/library/busybox:1\n${lines}\n${service}`;
const read = (name: string): string => readFileSync(join(home, name), "utf8");

function lay(files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
}

test("what is filled in whole becomes a secret of each container, and leaves the file", async () => {
  const [db, api, mail] = [`${password()}$x "y"`, password(), password()];
  lay({
    "apps.env": `DOMAIN=example.org\n# the database\nDB_PASSWORD='${db}'\nAPI_TOKEN=${api}\nMAIL_PASSWORD=${mail}\n`,
    [`${QUADLETS}/db.container`]: container('Environment=POSTGRES_PASSWORD="${DB_PASSWORD}" TZ=UTC'),
    [`${QUADLETS}/web.container`]: container(
      'Environment=URL="https://web.${DOMAIN}/"\nEnvironment=DB_PASSWORD=${DB_PASSWORD}\nEnvironment=PW2=${DB_PASSWORD}\nEnvironment=MAIL=${MAIL_PASSWORD}',
    ),
    [`${QUADLETS}/idle.container`]: container("Environment=TZ=UTC"),
    [`${QUADLETS}/dsn.container`]: container("Environment=DSN=https://x:${API_TOKEN}@example.org"),
  });
  const before = filesOf(home);
  const source = `systemd:${join(home, QUADLETS)}`;
  const plan = await planOf(world, source);
  const reasons = plan.notMoved.map(({ finding, reason, elsewhere }) => {
    const said = reason.replace("is in [Service], the environment of the command that starts the container, and ", "");
    return [`${finding.location.subjectName} ${finding.name}`, said, elsewhere];
  });
  expect(reasons.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ["db.container API_TOKEN", "no setting of db.container fills it in", true],
    ["db.container MAIL_PASSWORD", "no setting of db.container fills it in", true],
    ["dsn.container DB_PASSWORD", "no setting of dsn.container fills it in", true],
    ["dsn.container MAIL_PASSWORD", "no setting of dsn.container fills it in", true],
    ["idle.container API_TOKEN", "no setting of idle.container fills it in", true],
    ["idle.container DB_PASSWORD", "no setting of idle.container fills it in", true],
    ["idle.container MAIL_PASSWORD", "no setting of idle.container fills it in", true],
    ["web.container API_TOKEN", "no setting of web.container fills it in", true],
  ]);

  expect(plan.notMoved.find(({ finding: { name } }) => name === "DB_PASSWORD")?.hint).toBe(
    `unsprawl plan ${source} --to STORE moves it for db.container`,
  );

  const { ran, run } = await migrate(world, source);
  expect(ran.code, printed(ran)).toBe(0);
  expect(holders(home, [db, mail, api])).toEqual([]);
  expect(printed(ran) + JSON.stringify(plan)).not.toContain(db);
  expect(read("apps.env")).toBe("DOMAIN=example.org\n# the database\n");
  const text = (name: string): string => read(`${QUADLETS}/${name}.container`).replaceAll(/=ref\+.*/g, "=ref+");
  expect(text("db")).toBe(
    container(
      "Environment=TZ=UTC\nSecret=db-POSTGRES_PASSWORD,type=env,target=POSTGRES_PASSWORD\nLabel=unsprawl.ref.POSTGRES_PASSWORD=ref+",
    ),
  );
  expect(text("web")).toBe(
    container(
      'Environment=URL="https://web.${DOMAIN}/"\nSecret=web-DB_PASSWORD,type=env,target=DB_PASSWORD\nLabel=unsprawl.ref.DB_PASSWORD=ref+\nSecret=web-PW2,type=env,target=PW2\nLabel=unsprawl.ref.PW2=ref+\nSecret=web-MAIL,type=env,target=MAIL\nLabel=unsprawl.ref.MAIL=ref+',
    ),
  );
  expect(text("dsn")).toBe(container("Secret=dsn-DSN,type=env,target=DSN\nLabel=unsprawl.ref.DSN=ref+"));
  expect(filesOf(join(home, QUADLETS))["idle.container"]).toEqual(before[`${QUADLETS}/idle.container`]);
  for (const name of ["db", "web", "dsn"]) {
    const { said, service } = generated(join(home, QUADLETS), name);
    expect(said).not.toMatch(/unsupported|error/i);
    expect(/^ExecStart=.*$/m.exec(service)?.[0]).not.toMatch(/(?:DB_PASSWORD|API_TOKEN)\}/);
  }
  // What each secret is made from: every byte that systemd filled in.
  const stored = ["db", "web", "dsn"].map((name) => references(plan, join(home, QUADLETS, `${name}.container`)));
  expect(await ranWithEach(world, stored)).toEqual([
    { DB_PASSWORD: db },
    { DB_PASSWORD: db, MAIL_PASSWORD: mail },
    { API_TOKEN: api, DSN: `https://x:${api}@example.org` },
  ]);
  expect(await findingsOf(world, source)).toEqual([]);
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect(filesOf(home)).toEqual(before);
});

test("a file of the container and of its service moves but for what a label is filled from", async () => {
  const [db, key, text] = [password(), password(), password()];
  const both = "EnvironmentFile=%h/web.env";
  lay({
    "web.env": `DB_USER=web\nDB_PASSWORD=${db}\nAPI_KEY=${key}\nSESSION_SECRET=${text}\n`,
    [`${QUADLETS}/web.container`]: container(
      `${both}\nEnvironment=POSTGRES_PASSWORD=\${DB_PASSWORD}\nEnvironment=URL=postgres://\${DB_USER}:\${DB_PASSWORD}@db/app\nLabel=widget.key=\${API_KEY}\nHealthCmd=test -n "$$SESSION_SECRET"`,
      `[Service]\n${both}\n`,
    ),
  });
  const before = filesOf(home);
  const source = `systemd:${join(home, QUADLETS)}`;
  const plan = await planOf(world, source);
  expect(plan.notMoved.map(({ finding: { name }, reason }) => [name, reason])).toEqual([
    [
      "API_KEY",
      expect.stringMatching(/web\.env:3 API_KEY is filled into Label=widget\.key=\$\{API_KEY\}, which stays$/),
    ],
  ]);
  const { ran, run } = await migrate(world, source);
  expect(ran.code, printed(ran)).toBe(0);
  expect(holders(home, [db, text])).toEqual([]);
  expect(read("web.env")).toBe(`DB_USER=web\nAPI_KEY=${key}\n`);
  const secrets = read(`${QUADLETS}/web.container`).match(/(?<=^Secret=web-)\w+/gm);
  expect(secrets).toEqual(["DB_PASSWORD", "SESSION_SECRET", "POSTGRES_PASSWORD", "URL"]);
  expect(generated(join(home, QUADLETS), "web").said).not.toMatch(/unsupported|error/i);
  expect(await ranWithEach(world, [references(plan)])).toEqual([
    { DB_PASSWORD: db, SESSION_SECRET: text, URL: `postgres://web:${db}@db/app` },
  ]);
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect(filesOf(home)).toEqual(before);
});

test("a value that is filled in in parts stays with its part", async () => {
  lay({
    "apps.env": `DB_PASSWORD=${password()}\n`,
    [`${QUADLETS}/web.container`]: container(
      "Environment=URL=postgres://web:${DB_PASSWORD}@db\nLabel=x=${DB_PASSWORD}",
    ),
  });
  const { steps, notMoved } = await planOf(world, `systemd:${join(home, QUADLETS)}`);
  expect(steps).toEqual([]);
  expect(notMoved.map(({ finding: { name }, reason }) => [name, reason])).toEqual([
    ["DB_PASSWORD", expect.stringMatching(/Label=x=\$\{DB_PASSWORD\} holds it too$/)],
    ["URL", expect.stringMatching(/apps\.env:1 DB_PASSWORD is filled into it, and stays there$/)],
  ]);
});

test("who else needs the line keeps it", async () => {
  const reasons = async (files: { readonly [name: string]: string }): Promise<readonly string[]> => {
    lay({ "apps.env": `DB_PASSWORD=${password()}\n`, ...files });
    const { notMoved } = await planOf(world, `systemd:${join(home, QUADLETS)}`);
    return notMoved.filter(({ elsewhere }) => elsewhere !== true).map(({ reason }) => reason);
  };
  const web = { [`${QUADLETS}/web.container`]: container("Environment=PW=${DB_PASSWORD}") };
  expect(await reasons(web)).toEqual([]);
  const argument = container("Environment=PW=${DB_PASSWORD}\nPodmanArgs=--env DB_PASSWORD");
  expect(await reasons({ [`${QUADLETS}/web.container`]: argument })).toEqual([
    expect.stringContaining("PodmanArgs=--env DB_PASSWORD holds it too"),
  ]);
  const before = (command: string): { readonly [name: string]: string } => ({
    [`${QUADLETS}/web.container`]: container("Environment=PW=${DB_PASSWORD}", `${SERVICE}ExecStartPre=${command}\n`),
  });
  for (const command of [
    "/opt/prepare.sh",
    "sh -c 'mkdir -p /x; env'",
    "/bin/sh -c '/opt/wait `id`'",
    "podman exec db x -e A",
    "podman --root run kube play x",
    "/bin/sh -c 'command env > /x'",
    "/bin/sh -c 'export -p > /x'",
    "/bin/cat /proc/self/environ",
    "systemctl --user import-environment",
    "nc -e /bin/sh db 1",
  ])
    expect(await reasons(before(command)), command).toEqual([
      expect.stringContaining("is read on the host too, by web.container"),
    ]);
  // What people write there mostly waits, and looks at no variable.
  const wait = `/bin/sh -c 'exec 2>/dev/null; for try in $(seq 0 12); do if ! nc -z db 5432; then echo "wait"; sleep 5; else exit 0; fi; done; exit 1'`;
  expect(
    await reasons(before(`${wait}\nExecStartPre=-/usr/bin/podman rm -f web\nExecStartPost=+/bin/touch /x`)),
  ).toEqual([]);
  const other = { [`${QUADLETS}/job.container`]: container("Exec=job ${DB_PASSWORD}") };
  expect(await reasons({ ...web, ...other })).toEqual([
    expect.stringContaining("Exec=job ${DB_PASSWORD} holds it too"),
    expect.stringContaining("DB_PASSWORD is filled into Exec=job ${DB_PASSWORD} of job.container too"),
  ]);
});

test("a line that a later file sets again has no effect, and the later one moves", async () => {
  lay({
    "apps.env": `DB_PASSWORD=${password()}\n`,
    "last.env": `DB_PASSWORD=${password()}\n`,
    [`${QUADLETS}/web.container`]: container(
      "Environment=PW=${DB_PASSWORD}",
      `${SERVICE}EnvironmentFile=${join(home, "last.env")}\n`,
    ),
  });
  const { steps, notMoved } = await planOf(world, `systemd:${join(home, QUADLETS)}`);
  expect(steps.filter(({ kind }) => kind === "put")).toHaveLength(1);
  expect(notMoved.map(({ reason, elsewhere }) => [reason, elsewhere])).toEqual([
    [expect.stringMatching(/^has no effect: .*last\.env.* comes after it$/), true],
  ]);
});
