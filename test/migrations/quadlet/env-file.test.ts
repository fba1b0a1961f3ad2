import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withSpecifiers } from "../../../src/files/units/specifiers.ts";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { environmentsOf, generated } from "../../services/systemd.ts";
import { findingsOf, holders, migrate, password, planOf, printed, ranWithEach, references } from "../files-world.ts";

let world: World;
let home: string;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
  home = join(world.dir, "home");
});
afterEach(() => world.remove());

function lay(files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
}

const QUADLETS = ".config/containers/systemd";
const container = (lines: string): string => `[Container]\nImage=docker.io/library/busybox:1\n${lines}\n`;
const read = (name: string): string => readFileSync(join(home, name), "utf8");

test("a user's containers, as they are installed: their files of variables lose the secrets alone", async () => {
  const [db, api, mail, own, tricky] = Array.from({ length: 5 }, password);
  const files = {
    // Podman reads no quotes, and hands on a dollar sign.
    "secrets/db.env": `# db\r\nTZ=UTC\r\nPOSTGRES_PASSWORD=${db}$"x"\r\nPGDATA=/data`,
    [`${QUADLETS}/db.container`]: container(`EnvironmentFile=%h/secrets/%N.env\nSecret=tls\nPublishPort=80`),
    [`${QUADLETS}/shop/shop.env`]: `LOG=info\nAPI_TOKEN=${api}\nPORT=1\n`,
    [`${QUADLETS}/shop/mail.env`]: `SMTP_PASSWORD=${mail}\n`,
    [`${QUADLETS}/shop/shop-web.container`]: container(
      `EnvironmentFile=shop.env mail.env\nEnvironment=A=1 RUN_TOKEN=%n`,
    ),
    [`${QUADLETS}/shop/shop-job.container`]: container(`EnvironmentFile=shop.env\nEnvironment=JOB_TOKEN=${own}`),
    // Sets its own in its place: it needs no secret.
    [`${QUADLETS}/shop/quiet.container`]: container(`EnvironmentFile=shop.env\nEnvironment=API_TOKEN=none`),
    // Podman's secret overrides the file: nothing is lost with the line.
    [`${QUADLETS}/shop/done.container`]: container(`EnvironmentFile=shop.env\nSecret=done,type=env,target=API_TOKEN`),
    [`${QUADLETS}/shop/shop-.container.d/more.conf`]: `[Container]\nEnvironmentFile=%C/more.env\n`,
    ".cache/more.env": "LOG=info\n",
    [`${QUADLETS}/cache.container`]: container("Exec=server"),
    [`${QUADLETS}/cache.container.d/env.conf`]: `[Container]\nEnvironmentFile=cache.env\n`,
    [`${QUADLETS}/cache.env`]: `REDIS_PASSWORD=${tricky}`,
  };
  lay(files);
  const before = filesOf(home);
  // `systemd:` alone looks where podman does.
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, ".config"), SOPS_AGE_KEY_FILE: join(home, "../age.txt") };
  const found = await world.unsprawl(["scan", "systemd:", "--json", "--fail-on", "never"], { env });
  const { findings } = JSON.parse(found.stdout) as { findings: { name: string; location: { subjectName: string } }[] };
  const ours = findings.map(({ name, location }) => `${location.subjectName} ${name}`).sort();
  const moved = [
    "cache.container REDIS_PASSWORD",
    "db.container POSTGRES_PASSWORD",
    "shop-job.container API_TOKEN",
    "shop-job.container JOB_TOKEN",
    "shop-web.container API_TOKEN",
    "shop-web.container SMTP_PASSWORD",
  ];
  expect(ours).toEqual(expect.arrayContaining([...moved, "quiet.container API_TOKEN"]));

  const source = `systemd:${join(home, QUADLETS)}`;
  const plan = await planOf(world, source);
  expect(plan.notMoved.map(({ finding, reason }) => [finding.location.subjectName, reason])).toEqual([
    ["done.container", "has no effect: Secret=done,type=env,target=API_TOKEN sets API_TOKEN"],
    ["quiet.container", expect.stringContaining("has no effect")],
  ]);
  // Nobody gets these.
  expect(plan.notMoved.map(({ elsewhere }) => elsewhere)).toEqual([true, true]);
  const { ran, run } = await migrate(world, source);
  expect(ran.code, ran.stderr).toBe(0);
  expect(holders(home, [db, api, mail, own, tricky].map(String))).toEqual([]);
  expect(printed(ran) + JSON.stringify(plan)).not.toContain(db);

  expect(read("secrets/db.env")).toBe(`# db\r\nTZ=UTC\r\nPGDATA=/data`);
  expect([read(`${QUADLETS}/shop/shop.env`), read(`${QUADLETS}/shop/mail.env`)]).toEqual(["LOG=info\nPORT=1\n", ""]);
  expect(read(`${QUADLETS}/db.container`).replaceAll(/=ref\+.*/g, "=ref+")).toBe(
    container(
      "EnvironmentFile=%h/secrets/%N.env\nSecret=db-POSTGRES_PASSWORD,type=env,target=POSTGRES_PASSWORD\nLabel=unsprawl.ref.POSTGRES_PASSWORD=ref+\nSecret=tls\nPublishPort=80",
    ),
  );
  expect(read(`${QUADLETS}/shop/quiet.container`)).toBe(files[`${QUADLETS}/shop/quiet.container`]);
  // Podman's own generator gives each container its secrets, and the files as before.
  const services = ["db", "cache", "shop-web", "shop-job"].map((name) => generated(join(home, QUADLETS), name));
  expect(services.map(({ said }) => said).join("")).not.toMatch(/unsupported|error/i);
  const flags = services.map(({ service }) => {
    const [start = ""] = /^ExecStart=.*$/m.exec(service) ?? [];
    return [...start.matchAll(/--secret \S+target=(\w+)/g)].map(([, one]) => one);
  });
  expect(flags).toEqual([
    ["POSTGRES_PASSWORD"],
    ["REDIS_PASSWORD"],
    ["API_TOKEN", "SMTP_PASSWORD"],
    ["API_TOKEN", "JOB_TOKEN"],
  ]);

  // What `podman secret create` is given: every byte that podman handed on before.
  const stored = ["db", "cache", "shop/shop-web", "shop/shop-job"].map((name) =>
    references(plan, join(home, QUADLETS, `${name}.container`)),
  );
  expect(await ranWithEach(world, stored)).toEqual([
    { POSTGRES_PASSWORD: `${db}$"x"` },
    { REDIS_PASSWORD: tricky },
    { API_TOKEN: api, SMTP_PASSWORD: mail },
    { API_TOKEN: api, JOB_TOKEN: own },
  ]);
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect(filesOf(home)).toEqual(before);
});

test("a line that somebody else needs stays, and what keeps it is named", async () => {
  const one = password();
  const unit = "[Service]\nExecStart=/bin/true\nEnvironmentFile=DIR/host.env\n";
  lay({
    [`${QUADLETS}/web.container`]: container("EnvironmentFile=all.env"),
    [`${QUADLETS}/db.container`]: container("EnvironmentFile=all.env"),
    [`${QUADLETS}/all.env`]: `DB_PASSWORD=${one}\n`,
    [`${QUADLETS}/api.container`]: container("EnvironmentFile=%E/host.env"),
    ".config/host.env": `API_TOKEN=${password()}\n`,
    ".config/systemd/user/job.service": unit.replace("DIR", join(home, ".config")),
    [`${QUADLETS}/container.d/every.conf`]: `[Container]\nEnvironment=SMTP_PASSWORD=${password()}\n`,
    "elsewhere/app.container": container("EnvironmentFile=%h/app.env"),
  });
  const reasons = async (what: string): Promise<readonly string[]> =>
    (await planOf(world, `systemd:${join(home, what)}`)).notMoved.map(({ reason }) => reason);

  // One of two that share the file; together they move.
  const alone = await planOf(world, `systemd:${join(home, QUADLETS, "web.container")}`, ["--only", "DB_PASSWORD"]);
  expect(alone.steps).toEqual([]);
  expect(alone.notMoved[0]).toMatchObject({
    reason: expect.stringMatching(/all\.env:1 DB_PASSWORD is a variable of db\.container too, and stays there$/),
    hint: `unsprawl plan systemd:${join(home, QUADLETS)} --to STORE moves it for all of them`,
  });
  const both = await reasons(QUADLETS);
  expect(both.filter((reason) => reason.includes("DB_PASSWORD"))).toEqual([]);
  expect(both.filter((reason) => reason.includes("on the host too, by job.service"))).toHaveLength(1);
  expect(both.filter((reason) => reason.includes("a drop-in of every unit"))).toHaveLength(3);

  // Who runs it is not known from a checkout.
  const checkout = await world.unsprawl(["scan", `systemd:${join(home, "elsewhere")}`]);
  expect([checkout.code, printed(checkout)]).toEqual([1, expect.stringContaining("depends on who runs the unit")]);
});

test("a comment that holds the value is named by its line now; one that holds a user's name keeps nothing", async () => {
  const one = password();
  lay({
    [`${QUADLETS}/strong.container`]: container("EnvironmentFile=strong.env"),
    [`${QUADLETS}/strong.env`]: `DB_PASSWORD=${one}\nLOG=info\n# local: postgresql://shop:${one}@localhost/shop\n`,
    [`${QUADLETS}/weak.container`]: container("EnvironmentFile=weak.env"),
    [`${QUADLETS}/weak.env`]:
      "DSN=postgresql://shopper:shopper@db/shop\n# DSN=postgresql://shopper:shopper@localhost/shop\n",
  });
  const { notMoved, warnings } = await planOf(world, `systemd:${join(home, QUADLETS)}`);
  expect(notMoved.map(({ reason }) => reason)).toEqual([
    `the value of DB_PASSWORD also stands at ${join(home, QUADLETS, "strong.env")}:3, and would stay there`,
  ]);
  expect(warnings.map(({ text }) => text)).toContain(
    `the value of DSN is a plain word that also stands at ${join(home, QUADLETS, "weak.env")}:2, and stays there`,
  );
});

test("another user's unit chooses no file to be read or rewritten", async () => {
  const secret = `DB_PASSWORD=${password()}\n`;
  lay({ [`${QUADLETS}/x.container`]: container("EnvironmentFile=%h/root.env"), "root.env": secret });
  chownSync(join(home, `${QUADLETS}/x.container`), 65534, 65534);
  const ran = await world.unsprawl(["scan", `systemd:${join(home, QUADLETS)}`, "--json"]);
  expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining("belongs to user 0, and")]);
  expect(await findingsOf(world, `systemd:${join(home, QUADLETS)}`)).toEqual([]);
  chownSync(join(home, "root.env"), 65534, 65534);
  expect(await findingsOf(world, `systemd:${join(home, QUADLETS)}`)).toHaveLength(1);
});

test("systemd itself fills in the same specifiers", async () => {
  const letters = "h n N p i j E S C D T V".split(" ");
  const line = letters.map((letter) => `${letter}=%${letter}`).join(" ");
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-units-"));
  chmodSync(folder, 0o755);
  const names = ["a-b.service", "c@one-two.service"];
  for (const name of names) writeFileSync(join(folder, name), `[Service]\nExecStart=/bin/true\nEnvironment=${line}\n`);
  const theirs = await environmentsOf(folder, names);
  for (const name of names) {
    const all = theirs.get(name) ?? [];
    const base = all.find((one) => one.startsWith("h="))?.slice(2) ?? "";
    const file = join(base, ".config/systemd/user", name);
    expect(letters.map((letter) => `${letter}=${withSpecifiers(`%${letter}`, file)}`)).toEqual(all);
  }
  rmSync(folder, { recursive: true });
  expect(withSpecifiers("/etc/%i.env", "/etc/containers/systemd/t@.container", "t@")).toBe(null);
  expect(withSpecifiers("%h/%U %t %E", "/etc/containers/systemd/a.container", "a")).toBe("/root/0 /run /etc");
  expect(withSpecifiers("%h", "/etc/containers/systemd/users/a.container", "a")).toBe(null);
  expect(withSpecifiers("100%%", "/srv/a.container", "a")).toBe("100%");
});
