import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { distinctName } from "../../../src/kit/io/name.ts";
import { complaints } from "../../services/systemd.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { migrate, password } from "../files-world.ts";
import { lay, now } from "./lay.ts";
import { unit } from "./units.ts";

// Its own for each test: all units here have one name, and so one place in the store.
let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;

/** Where a unit's values are: the digest tells it from those of the same name in other folders. */
function folderOf(file: string, run: string): string {
  const id = `${distinctName(basename(file), ["systemd", file])}-${run}`;
  return join(world.memory, "units", id, "secrets");
}

test("--deliver file makes credentials, which render writes again and rollback takes away", async () => {
  const [one, two] = [p(), p()];
  const text = unit(
    `Environment=LOG=info DB_PASSWORD=${one} TZ=UTC\n# alone\nEnvironment="API_TOKEN=${two}"`,
    "ExecStart=/bin/true",
  );
  const { dir, before } = lay(world, { "a.service": text });
  const { ran, run } = await migrate(world, `systemd:${dir}/a.service`, ["--deliver", "file"]);
  expect(ran.code, ran.stderr).toBe(0);
  const folder = folderOf(join(dir, "a.service"), run);
  const credential = (name: string): string =>
    `LoadCredential=${name}:${folder}/${name}\nX-Unsprawl-Ref=${name} local REF#/${name}\nEnvironment=${name}_FILE=%d/${name}\n`;
  const moved = readFileSync(join(dir, "a.service"), "utf8");
  expect(moved.replaceAll(/ref\+sops:\/\/[^#\n]*#/g, "REF#")).toBe(
    text
      .replace(` DB_PASSWORD=${one}`, "")
      .replace(`Environment="API_TOKEN=${two}"\n`, "")
      .replace("TZ=UTC\n", `TZ=UTC\n${credential("DB_PASSWORD")}${credential("API_TOKEN")}`),
  );
  expect(await complaints(dir, "a.service")).toBe("");
  const delivered = (): string[] =>
    [one, two].filter((_, at) => {
      const file = join(folder, ["DB_PASSWORD", "API_TOKEN"][at] ?? "");
      return existsSync(file) && readFileSync(file, "utf8") === [one, two][at];
    });
  expect(delivered()).toHaveLength(2);
  rmSync(folder, { recursive: true });
  expect((await world.unsprawl(["render", run])).code).toBe(0);
  expect(delivered()).toHaveLength(2);
  // On a host that knows nothing of the run, the unit says it all.
  rmSync(folder, { recursive: true });
  const elsewhere = { env: { XDG_STATE_HOME: join(world.dir, "elsewhere") } };
  const rendered = await world.unsprawl(["render", `systemd:${dir}/a.service`], elsewhere);
  expect([rendered.code, rendered.stdout], rendered.stderr).toEqual([0, `systemd:${dir}/a.service: 2 files\n`]);
  expect(delivered()).toHaveLength(2);
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect([now(dir, before), existsSync(folder)]).toEqual([before, false]);
});

test("--deliver file takes entries out of a file of variables", async () => {
  const { dir } = lay(world, {
    "a.service": unit("EnvironmentFile=DIR/a.env", "ExecStart=/bin/true"),
    "a.env": `A=1\nDB_PASSWORD='${p()}'\nB=2\n`,
  });
  const { run } = await migrate(world, `systemd:${dir}`, ["--deliver", "file"]);
  expect(readFileSync(join(dir, "a.env"), "utf8")).toBe("A=1\nB=2\n");
  const unitFile = join(dir, "a.service");
  expect(readFileSync(unitFile, "utf8")).toContain(
    `a.env\nLoadCredential=DB_PASSWORD:${folderOf(unitFile, run)}/DB_PASSWORD\nX-Unsprawl-Ref=DB_PASSWORD local ref+sops://`,
  );
  expect(readFileSync(unitFile, "utf8")).toMatch(/\nEnvironment=DB_PASSWORD_FILE=%d\/DB_PASSWORD\nExecStart/);
});

test("the plan says what to do, who opens the store, and how else it can be delivered", async () => {
  const { dir } = lay(world, { "a.service": unit(`User=app\nEnvironment=DB_PASSWORD=${p()}`, "ExecStart=/bin/true") });
  const said = (await world.unsprawl(["plan", `systemd:${dir}`, "--to", "local"])).stdout;
  for (const text of [
    "systemctl daemon-reload && systemctl restart a.service",
    "systemctl show a.service",
    "journal",
    "app opens the store",
    "--deliver file",
  ])
    expect(said).toContain(text);
});
