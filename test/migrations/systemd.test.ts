import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assignmentsIn, inEffect, readUnit } from "../../src/files/units/unit-environment.ts";
import { distinctName } from "../../src/kit/io/name.ts";
import { complaints, environmentsOf } from "../services/systemd.ts";
import type { Plan } from "../../src/model/plan.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";
import { findingsOf, holders, migrate, password, planOf, printed, ranWithEach, references } from "./files-world.ts";

// Its own for each test: all units here have one name, and so one place in the store.
let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;
/** A secret as it is written there. */
const s = (name: string, written: string): string => `‹${name} ${written}›`;
const SECRET = /‹(\w+) ([\s\S]*?)›/g;

type Files = { readonly [file: string]: string };

/** Files around secrets (`‹NAME value›`); `¦` is where `unsprawl run` goes, and DIR the folder they are in. */
const UNITS: readonly (readonly [title: string, files: () => Files])[] = [
  ["one assignment", () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", p())}`) })],
  [
    "several on a line",
    () => ({ "a.service": unit(`Environment=LOG=info DB_PASSWORD=${s("DB_PASSWORD", p())} TZ=UTC`) }),
  ],
  ["quotes around all", () => ({ "a.service": unit(`Environment="A=b c" "DB_PASSWORD=${s("DB_PASSWORD", p())}"`) })],
  ["single quotes", () => ({ "a.service": unit(`Environment='DB_PASSWORD=${s("DB_PASSWORD", p())}' B=1`) })],
  ["quotes behind the name", () => ({ "a.service": unit(`Environment=DB_PASSWORD="${s("DB_PASSWORD", p())}" B=1`) })],
  [
    "a percent sign",
    () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${p()}%%${p()}`)} N=%n`) }),
  ],
  ["a dollar sign", () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${p()}$HOME$$`)}`) })],
  [
    "escapes",
    () => ({ "a.service": unit(`Environment="DB_PASSWORD=${s("DB_PASSWORD", `${p()}\\x41\\"\\s\\\\${p()}`)}"`) }),
  ],
  ["an octal escape", () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", `${p()}\\101`)}`) })],
  [
    "continued lines with comments between",
    () => ({
      "a.service": unit(`Environment=A=1 \\\n  # why\n  DB_PASSWORD=${s("DB_PASSWORD", p())} \\\n; not this\n\tB=2`),
    }),
  ],
  [
    "comments, blanks and order stay",
    () => ({
      "a.service": `# head\n;x\n\n${unit(`# one\nEnvironment = DB_PASSWORD=${s("DB_PASSWORD", p())}  \n\n# two\nEnvironment=B=1`)}# end`,
    }),
  ],
  ["CRLF", () => ({ "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", p())}`).replaceAll("\n", "\r\n") })],
  [
    "several settings",
    () => ({
      "a.service": unit(
        `Environment=DB_PASSWORD=${s("DB_PASSWORD", p())}\nEnvironment=A=1\nEnvironment=API_TOKEN=${s("API_TOKEN", p())}`,
      ),
    }),
  ],
  [
    "a drop-in",
    () => ({
      "a.service": unit("Environment=A=1"),
      "a.service.d/10-db.conf": `[Service]\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", p())}\n`,
    }),
  ],
  [
    "a command that a drop-in replaces",
    () => ({
      "a.service": unit(`Environment=DB_PASSWORD=${s("DB_PASSWORD", p())}`, "ExecStart=/usr/bin/old"),
      "a.service.d/x.conf": "[Service]\nExecStart=\nExecStart=¦/bin/true new\n",
    }),
  ],
  [
    "a file of variables",
    () => ({
      "a.service": unit("EnvironmentFile=DIR/a.env"),
      "a.env": `# x\n;y\nLOG = info \nDB_PASSWORD="${s("DB_PASSWORD", p())}"\nB='2'\n`,
    }),
  ],
  [
    "a file of variables without quotes, and one that may be missing",
    () => ({
      "a.service": unit("EnvironmentFile=-DIR/none.env\nEnvironmentFile=-DIR/a.env"),
      "a.env": `DB_PASSWORD=${s("DB_PASSWORD", p())}`,
    }),
  ],
  [
    "several lines in a file's quotes",
    () => ({
      "a.service": unit("EnvironmentFile=DIR/a.env"),
      "a.env": `A=1\nSIGNING_SECRET='${s("SIGNING_SECRET", `${p()}\n${p()}`)}'\nB=2\n`,
    }),
  ],
  [
    "commands before, after and to stop, but not a mere signal",
    () => ({
      "a.service": unit(
        `Environment=DB_PASSWORD=${s("DB_PASSWORD", p())}`,
        "ExecStartPre=-¦/bin/true pre\nExecStart=!¦/bin/true main \\\n  --port 80\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=+¦/bin/true stop",
      ),
    }),
  ],
  [
    "an assignment that is taken back",
    () => ({ "a.service": unit(`Environment=OLD=1\nEnvironment=\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", p())}`) }),
  ],
  ["a template", () => ({ "a@.service": unit(`Environment=I=%i DB_PASSWORD=${s("DB_PASSWORD", p())}`) })],
  [
    "letters beyond ASCII",
    () => ({ "a.service": unit(`# prêt 🔑\nEnvironment=A=ä🔑 DB_PASSWORD=${s("DB_PASSWORD", p())} B=密`) }),
  ],
  [
    "no final newline, and other sections with the same words",
    () => ({ "a.service": `[Service]\nExecStart=¦/bin/true\nEnvironment=DB_PASSWORD=${s("DB_PASSWORD", p())}` }),
  ],
];

function unit(environment: string, commands = "ExecStart=¦/bin/true --port 80"): string {
  return `[Unit]\nDescription=An application\n\n[Service]\n${environment}\n${commands}\n\n[Install]\nWantedBy=multi-user.target\n`;
}

let count = 0;

/** Writes the files into a folder of their own. */
function lay(files: Files, into = world): { readonly dir: string; readonly main: string; readonly before: Files } {
  const dir = join(into.dir, `units-${++count}`);
  const before: { [file: string]: string } = {};
  for (const [name, template] of Object.entries(files)) {
    const file = join(dir, name);
    mkdirSync(dirname(file), { recursive: true });
    before[name] = template.replace(SECRET, "$2").replaceAll("¦", "").replaceAll("DIR", dir);
    writeFileSync(file, before[name]);
  }
  return { dir, main: Object.keys(files)[0] ?? "", before };
}

function now(dir: string, files: Files): Files {
  return Object.fromEntries(Object.keys(files).map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

async function variablesOf(file: string): Promise<{ readonly [name: string]: string }> {
  return Object.fromEntries([...inEffect(await readUnit(file))].map(({ name, value }) => [name, value]));
}

/** The secrets' own pieces, which may stand nowhere. */
function pieces(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/[^A-Za-z0-9]+/).filter((part) => part.length >= 15));
}

describe("references", () => {
  type Done = { readonly moved: Files; readonly said: string; readonly held: readonly string[]; readonly back: Files };
  let units: readonly ReturnType<typeof laid>[];
  let all: World;
  let values: readonly { readonly [name: string]: string }[] = [];
  let plan: Plan;
  let ran: Ran;
  let received: Awaited<ReturnType<typeof ranWithEach>>;
  let done: readonly Done[];

  function laid(template: Files, at: number) {
    // Each with a name of its own: a name is one place in the store.
    const named = (file: string): string => file.replace(/^a(?=[@.])/, `a${at}`);
    const files = Object.fromEntries(
      Object.entries(template).map(([file, text]) => [file.includes(".service") ? named(file) : file, text]),
    );
    const { dir, main, before } = lay(files, all);
    const names = Object.values(files).flatMap((text) => [...text.matchAll(SECRET)].map(([, name = ""]) => name));
    return { files, dir, main, before, names };
  }

  // One run for all of them: each case looks at its own folder.
  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    units = UNITS.map(([, make], at) => laid(make(), at));
    values = await Promise.all(units.map(({ dir, main }) => variablesOf(join(dir, main))));
    const sources = units.map(({ dir }) => `systemd:${dir}`);
    plan = await planOf(all, sources);
    const moving = await migrate(all, sources);
    ({ ran } = moving);
    const moved = await Promise.all(
      units.map(async ({ dir, files, main, names }, at) => ({
        moved: now(dir, files),
        said: await complaints(dir, main),
        held: holders(all.dir, pieces(names.map((name) => values[at]?.[name] ?? ""))),
      })),
    );
    received = await ranWithEach(all, await Promise.all(units.map(({ dir, main }) => variablesOf(join(dir, main)))));
    expect((await all.unsprawl(["rollback", moving.run])).code).toBe(0);
    done = moved.map((one, at) => ({ ...one, back: now(units[at]?.dir ?? "", units[at]?.files ?? {}) }));
  }, 300_000);
  afterAll(() => all?.remove());

  test("in one run", () => expect(ran.code, ran.stderr).toBe(0));

  test.each(UNITS.map(([title], at) => [title, at] as const))("%s", (_title, at) => {
    const { files, dir, before, names } = units[at] as (typeof units)[number];
    const places = references(plan, `${dir}/`);
    expect(Object.keys(places).sort()).toEqual(names.toSorted());
    const expected = Object.entries(files).map(([name, text]) => [
      name,
      text
        .replace(SECRET, (_all, variable: string) => places[variable] ?? "")
        .replaceAll("¦", `unsprawl run --only ${names.toSorted().join(",")} -- `)
        .replaceAll("DIR", dir),
    ]);
    expect(done[at]?.moved).toEqual(Object.fromEntries(expected));
    expect(done[at]?.said).not.toMatch(/ignoring|[Ii]nvalid|[Uu]nknown|Refusing/);
    expect(done[at]?.held).toEqual([]);
    for (const text of pieces(names.map((name) => values[at]?.[name] ?? "")))
      expect(printed(ran) + JSON.stringify(plan)).not.toContain(text);
    expect(received[at]).toMatchObject(Object.fromEntries(names.map((name) => [name, values[at]?.[name]])));
    expect(done[at]?.back).toEqual(before);
  });
});

test("a later migration adds its variables to the wrappers there; rollback takes each back byte for byte", async () => {
  const [first, second] = [p(), p()];
  const head = `Environment=DB_PASSWORD=${s("DB_PASSWORD", first)} MODE=ref+other://x\n`;
  const files = {
    "a.service": unit(
      `${head}Environment=API_TOKEN=${s("API_TOKEN", second)}`,
      "ExecStartPre=/usr/bin/unsprawl run -- /bin/true all\nExecStart=-¦/bin/true main",
    ),
  };
  const { dir, main, before } = lay(files);
  const file = join(dir, main);
  const execs = (): string[] => readFileSync(file, "utf8").match(/^ExecStart.*/gm) ?? [];
  const one = await migrate(world, `systemd:${dir}`, ["--only", "DB_PASSWORD"]);
  expect(one.ran.code, one.ran.stderr).toBe(0);
  const pre = "ExecStartPre=/usr/bin/unsprawl run -- /bin/true all";
  expect(execs()).toEqual([pre, "ExecStart=-unsprawl run --only DB_PASSWORD --keep -- /bin/true main"]);
  const between = readFileSync(file, "utf8");
  writeFileSync(file, between.replace("[Install]", "ExecStop=/bin/true stop\n[Install]"));
  const changed = readFileSync(file, "utf8");
  const two = await migrate(world, `systemd:${dir}`);
  expect(two.ran.code, two.ran.stderr).toBe(0);
  expect(printed(two.ran)).toContain("unsprawl run --only DB_PASSWORD,API_TOKEN");
  expect(execs()).toEqual([pre, "ExecStart=-unsprawl run --only DB_PASSWORD,API_TOKEN --keep -- /bin/true main"]);
  expect(readFileSync(file, "utf8")).toContain(
    "ExecStop=unsprawl run --only DB_PASSWORD,API_TOKEN --keep -- /bin/true stop",
  );
  expect((await world.unsprawl(["rollback", two.run])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(changed);
  writeFileSync(file, between);
  expect((await world.unsprawl(["rollback", one.run])).code).toBe(0);
  expect(now(dir, files)).toEqual(before);
});

test("systemd itself reads the same variables from all these units", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-units-"));
  chmodSync(folder, 0o755);
  const odd = `Environment=A="b c" "D=e%%f" G=h\\x41 L='it''s' M="a\\"b" N=\\'x X="a"b'c' "Y=1"Z=2 =bad 1A=x A-B=y\nEnvironment=K="l m\\\n    n" K2=x\\\ny\nEnvironment=R=1 S=a\\qb T=2\nEnvironment=U=1 Q="open\nEnvironment=FF=caf\\xc3\\xa9 EE="\\u00e9"`;
  const all = [...UNITS.map(([, make]) => make()), { "odd.service": unit(odd) }];
  const names: string[] = [];
  for (const files of all) {
    const [main = "", text = ""] = Object.entries(files)[0] ?? [];
    if (main.includes("@") || Object.keys(files).length > 1) continue;
    const name = `unit-${names.push(main)}.service`;
    names[names.length - 1] = name;
    writeFileSync(join(folder, name), text.replace(SECRET, "$2").replaceAll("¦", ""));
  }
  expect(names.length).toBeGreaterThan(15);
  const theirs = await environmentsOf(folder, names);
  for (const name of names) {
    const text = readFileSync(join(folder, name), "utf8");
    const reset = text.lastIndexOf("Environment=\n");
    const ours = assignmentsIn(name, text, "Service")
      .filter(({ by, fault }) => by.kind === "word" && by.word.start > reset && !fault?.includes("specifier"))
      .map((one) => `${one.name}=${one.value}`);
    const filled = (one: string): boolean => /^(?:N=unit-|I=)/.test(one);
    expect(
      (theirs.get(name) ?? []).filter((one) => !filled(one)),
      name,
    ).toEqual(ours);
  }
  rmSync(folder, { recursive: true });
});

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
  const { dir, before } = lay({ "a.service": text });
  const { ran, run } = await migrate(world, `systemd:${dir}/a.service`, ["--deliver", "file"]);
  expect(ran.code, ran.stderr).toBe(0);
  const folder = folderOf(join(dir, "a.service"), run);
  const credential = (name: string): string =>
    `LoadCredential=${name}:${folder}/${name}\nEnvironment=${name}_FILE=%d/${name}\n`;
  expect(readFileSync(join(dir, "a.service"), "utf8")).toBe(
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
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect([now(dir, before), existsSync(folder)]).toEqual([before, false]);
});

test("--deliver file takes entries out of a file of variables", async () => {
  const { dir } = lay({
    "a.service": unit("EnvironmentFile=DIR/a.env", "ExecStart=/bin/true"),
    "a.env": `A=1\nDB_PASSWORD='${p()}'\nB=2\n`,
  });
  const { run } = await migrate(world, `systemd:${dir}`, ["--deliver", "file"]);
  expect(readFileSync(join(dir, "a.env"), "utf8")).toBe("A=1\nB=2\n");
  const unitFile = join(dir, "a.service");
  expect(readFileSync(unitFile, "utf8")).toContain(
    `a.env\nLoadCredential=DB_PASSWORD:${folderOf(unitFile, run)}/DB_PASSWORD\nEnvironment=DB_PASSWORD_FILE=%d/DB_PASSWORD\nExecStart`,
  );
});

test("the plan says what to do, who opens the store, and how else it can be delivered", async () => {
  const { dir } = lay({ "a.service": unit(`User=app\nEnvironment=DB_PASSWORD=${p()}`, "ExecStart=/bin/true") });
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

type Refused = readonly [title: string, files: (one: string) => Files, reason: string, more?: readonly string[]];

const plain = "ExecStart=/bin/true";

const REFUSED: readonly Refused[] = [
  [
    "a specifier in the value",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}%i`, plain) }),
    "has a specifier",
  ],
  [
    "a value that goes on over lines",
    (one) => ({ "a.service": unit(`Environment="DB_PASSWORD=${one}\\\n${p()}"`, plain) }),
    "goes on over several lines",
  ],
  [
    "an assignment that a later one overrides",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}\nEnvironment=DB_PASSWORD=`, plain) }),
    "has no effect",
  ],
  [
    "an assignment that is taken back",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}\nEnvironment=`, plain) }),
    "has no effect",
  ],
  [
    "an argument",
    (one) => ({ "a.service": unit("", `ExecStart=/usr/bin/mysql --password=${one}`) }),
    "is in ExecStart, an argument that every user of the host can list",
  ],
  [
    "a docker run",
    (one) => ({ "a.service": unit("", `ExecStart=/usr/bin/docker run -e DB_PASSWORD=${one} busybox`) }),
    "is in ExecStart",
  ],
  [
    "a variable that is an argument",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=/bin/true $DB_PASSWORD") }),
    "takes $DB_PASSWORD as an argument",
  ],
  [
    "the same, as a credential",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=/bin/true ${DB_PASSWORD}") }),
    "takes $DB_PASSWORD as an argument",
    ["--deliver", "file"],
  ],
  [
    "no command in these files",
    (one) => ({ "a.service.d/x.conf": `[Service]\nEnvironment=DB_PASSWORD=${one}\n` }),
    "its ExecStart is not in these files",
  ],
  [
    "memory that may not be executed",
    (one) => ({ "a.service": unit(`MemoryDenyWriteExecute=yes\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "MemoryDenyWriteExecute= keeps",
  ],
  [
    "a root of its own",
    (one) => ({ "a.service": unit(`RootDirectory=/srv/root\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "RootDirectory= has no unsprawl in it",
  ],
  [
    "another name for the process",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one}`, "ExecStart=@/bin/true other") }),
    "prefix @",
  ],
  [
    "several commands in one line",
    (one) => ({ "a.service": unit(`Type=oneshot\nEnvironment=DB_PASSWORD=${one}`, "ExecStart=/bin/true ; /bin/true") }),
    "one line has several commands",
  ],
  [
    "a file that another unit reads",
    (one) => ({
      "a.service": unit("EnvironmentFile=DIR/a.env", plain),
      "b.service": unit("EnvironmentFile=DIR/a.env", plain),
      "a.env": `DB_PASSWORD=${one}\n`,
    }),
    "is read by b.service too",
  ],
  [
    "NAME_FILE that is set already",
    (one) => ({ "a.service": unit(`Environment=DB_PASSWORD=${one} DB_PASSWORD_FILE=/x`, plain) }),
    "already sets DB_PASSWORD_FILE",
    ["--deliver", "file"],
  ],
  [
    "a comment with the value",
    (one) => ({ "a.service": unit(`# ${one}\nEnvironment=DB_PASSWORD=${one}`, plain) }),
    "also stands at",
  ],
];

describe("refused", () => {
  let all: World;
  const laid: ReturnType<typeof lay>[] = [];
  const plans = new Map<string, Plan>();

  // One plan for all that are planned alike.
  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    laid.push(...REFUSED.map(([, files]) => lay(files(p()), all)));
    for (const flags of new Set(REFUSED.map(([, , , more = []]) => more.join(" ")))) {
      const alike = laid.filter((_, at) => (REFUSED[at]?.[3] ?? []).join(" ") === flags);
      const sources = alike.map(({ dir }) => `systemd:${dir}`);
      plans.set(flags, await planOf(all, sources, flags.split(" ").filter(Boolean)));
    }
  }, 60_000);
  afterAll(() => all?.remove());

  test.each(REFUSED.map((one, at) => [one[0], at, one] as const))("%s", (_title, at, [, , reason, more = []]) => {
    const { dir = "", before = {} } = laid[at] ?? {};
    const plan = plans.get(more.join(" "));
    const notMoved = plan?.notMoved.filter(({ finding }) => finding.location.subjectId.startsWith(`${dir}/`)) ?? [];
    expect(notMoved.map((one) => one.reason)).toContainEqual(expect.stringContaining(reason));
    expect(notMoved.every(({ hint }) => hint !== null && hint !== "")).toBe(true);
    expect([plan?.steps, now(dir, before)]).toEqual([[], before]);
  });
});

test("a docker run in a command is told how it could be moved", async () => {
  const { dir } = lay({ "a.service": unit("", `ExecStart=/usr/bin/docker run -e DB_PASSWORD=${p()} busybox`) });
  const { notMoved } = await planOf(world, `systemd:${dir}`);
  expect(notMoved[0]?.hint).toBe(`unsprawl plan script:${join(dir, "a.service")} --to STORE`);
});

test("a unit that has changed since the plan is left alone", async () => {
  const { dir } = lay({ "a.service": unit(`Environment=DB_PASSWORD=${p()}`, plain) });
  const saved = join(world.dir, "plan.json");
  await world.unsprawl(["plan", `systemd:${dir}`, "--to", "local", "-o", saved, "--fail-on", "never"]);
  const file = join(dir, "a.service");
  const changed = readFileSync(file, "utf8").replace("[Install]", "# new\n[Install]");
  writeFileSync(file, changed);
  const ran = await world.unsprawl(["apply", saved]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("has changed since the plan was made")]);
  expect(readFileSync(file, "utf8")).toBe(changed);
});

test("one unit, one of its drop-ins, a folder", async () => {
  const { dir } = lay({
    "a.service": unit(`Environment=DB_PASSWORD=${p()}`, plain),
    "a.service.d/x.conf": `[Service]\nEnvironment=API_TOKEN=${p()}\n`,
    "b.service": unit(`Environment=DB_PASSWORD=${p()}`, plain),
    "notes.txt": "x\n",
  });
  const found = async (what: string): Promise<string[]> =>
    (await findingsOf(world, `systemd:${what}`)).map(({ location, name }) => `${location.subjectName} ${name}`).sort();
  const a = ["a.service API_TOKEN", "a.service DB_PASSWORD"];
  expect(await found(join(dir, "a.service"))).toEqual(a);
  expect(await found(join(dir, "a.service.d/x.conf"))).toEqual(a);
  expect(await found(dir)).toEqual([...a, "b.service DB_PASSWORD"]);
});

test("what cannot be read is told, and the exit code says so", async () => {
  const { dir } = lay({ "a.service": unit("EnvironmentFile=DIR/missing.env\nEnvironmentFile=/etc/%p.env", plain) });
  const ran = await world.unsprawl(["scan", `systemd:${dir}`, "--json"]);
  const { sources } = JSON.parse(ran.stdout) as { sources: { errors: { message: string }[] }[] };
  expect([ran.code, sources[0]?.errors.map(({ message }) => message)]).toEqual([
    1,
    [expect.stringContaining("only systemd can fill in"), expect.stringContaining("there is no file")],
  ]);
  for (const what of [`${dir}/nothing`, `${world.dir}/plan.json`])
    expect((await world.unsprawl(["scan", `systemd:${what}`])).code, basename(what)).not.toBe(0);
});
