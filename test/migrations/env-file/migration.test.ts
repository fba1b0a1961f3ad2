import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { parseDotenv, type DotenvDialect } from "../../../src/files/dotenv.ts";
import { makeWorld, type Ran } from "../../support/world.ts";
import { CASES, HIDDEN } from "./cases.ts";
import {
  findingsOf,
  holders,
  migrate,
  password,
  planOf,
  printed,
  ranWith,
  ranWithEach,
  references,
} from "../files-world.ts";

// No engine: none of this may need one.
const p = password;
const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

let count = 0;

/** A file of its own for each case. */
function write(text: string, name = ".env"): string {
  const file = join(world.dir, `case-${++count}`, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Variables as a reader of this dialect would hand them on. */
function variablesOf(file: string, dialect: DotenvDialect): { readonly [name: string]: string } {
  const entries = parseDotenv(readFileSync(file, "utf8"), dialect, () => null);
  return Object.fromEntries(entries.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
}

describe("a file's values move and come back", () => {
  type Done = { readonly moved: string; readonly held: readonly string[]; readonly back: string };
  const files = CASES.map(([title, make, dialect = "compose"]) => {
    const template = make();
    const before = template.replace(HIDDEN, "$2$3");
    const file = write(before);
    const values = variablesOf(file, dialect);
    const names = [...template.matchAll(HIDDEN)].map(([, name = ""]) => name);
    // What the secrets are made of, as far as it is theirs alone.
    const parts = names.flatMap((name) => (values[name] ?? "").split(/[^\w]+/).filter((part) => part.length >= 15));
    return { title, template, before, file, dialect, values, names, parts };
  });
  let plan: Plan;
  let ran: Ran;
  let received: Awaited<ReturnType<typeof ranWithEach>>;
  let done: readonly Done[];

  // One run for all of them: each case looks at its own file.
  beforeAll(async () => {
    const sources = files.map(({ file }) => `env:${file}`);
    plan = await planOf(world, sources);
    const moving = await migrate(world, sources);
    ({ ran } = moving);
    const moved = files.map(({ file, parts }) => [readFileSync(file, "utf8"), holders(world.dir, parts)] as const);
    received = await ranWithEach(
      world,
      files.map(({ file, dialect }) => variablesOf(file, dialect)),
    );
    expect((await world.unsprawl(["rollback", moving.run])).code).toBe(0);
    const again = await world.unsprawl(["rollback", moving.run]);
    expect(again.stdout).toContain("an earlier rollback put it back; what has changed since was not looked at");
    done = moved.map(([text, held], at) => ({ moved: text, held, back: readFileSync(files[at]?.file ?? "", "utf8") }));
  }, 300_000);

  test("in one run", () => {
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain("nothing that runs was changed or inspected");
  });

  test.each(files.map((one, at) => [one.title, at, one] as const))("%s", (_title, at, one) => {
    const { template, before, file, dialect, values, names, parts } = one;
    const places = references(plan, file);
    expect(Object.keys(places).sort()).toEqual(names.toSorted());
    const quoted = (name: string, quote: string): string => {
      const kept = dialect === "docker" ? "" : quote;
      return `${kept}${places[name] ?? ""}${kept}`;
    };
    // Byte for byte: what was written for the values, and nothing else, is another.
    expect(done[at]?.moved).toBe(template.replace(HIDDEN, (_all, name: string, quote: string) => quoted(name, quote)));
    expect(done[at]?.held).toEqual([]);
    for (const text of parts) expect(printed(ran) + JSON.stringify(plan)).not.toContain(text);
    expect(received[at]).toMatchObject(Object.fromEntries(names.map((name) => [name, values[name]])));
    expect(done[at]?.back).toBe(before);
  });
});

test("a value that fills in another moves together with it", async () => {
  const one = p();
  const before = `DB_PASSWORD=${one}\nDATABASE_URL=postgres://app:\${DB_PASSWORD}@db/app\n`;
  const file = write(before);
  await migrate(world, `env:${file}`);
  const [first = "", second = ""] = readFileSync(file, "utf8").split("\n");
  expect(first).toMatch(/^DB_PASSWORD=ref\+sops:\/\/[^$]*#\/DB_PASSWORD$/);
  expect(second).toMatch(/^DATABASE_URL=ref\+sops:\/\/[^$]*#\/DATABASE_URL$/);
  const got = await ranWith(world, variablesOf(file, "compose"));
  expect([got["DB_PASSWORD"], got["DATABASE_URL"]]).toEqual([one, `postgres://app:${one}@db/app`]);
});

test("the line that a finding stands on is told, and the plan says who resolves references", async () => {
  const file = write(`# x\nDB_PASSWORD=${p()}\n`);
  const [found] = await findingsOf(world, `env:${file}`);
  expect(found?.location).toMatchObject({ subject: "file", subjectId: file, path: `${file}:2 DB_PASSWORD` });
  const { warnings } = await planOf(world, `env:${file}`);
  const said = warnings.map(({ text }) => text).join("\n");
  for (const reader of ["unsprawl run -- CMD", "OCI runtime", "vals", "docker run --env-file"])
    expect(said).toContain(reader);
});

test.each([
  ["quotes", (one: string) => `DB_PASSWORD="${one}"\n`, "would read DB_PASSWORD differently"],
  ["export", (one: string) => `export DB_PASSWORD=${one}\n`, "docker run --env-file cannot read this file"],
])("where docker reads a value differently the plan names both: %s", async (_title, text, said) => {
  const { warnings } = await planOf(world, `env:${write(text(p()))}`);
  expect(warnings.map((one) => one.text)).toContainEqual(expect.stringMatching(`as Compose reads them; .*${said}`));
});

test("an env file that a Compose file beside it fills in from is told", async () => {
  const file = write(`DB_PASSWORD=${p()}\n`);
  writeFileSync(join(dirname(file), "compose.yaml"), "services: {}\n");
  const { warnings } = await planOf(world, `env:${file}`);
  expect(warnings.map(({ text }) => text)).toContainEqual(expect.stringContaining("unsprawl plan compose:"));
});

type Refused = readonly [title: string, text: (one: string) => string, reason: string, more?: readonly string[]];

const REFUSED: readonly Refused[] = [
  [
    "an entry that a later one overrides",
    (one) => `DB_PASSWORD=${p()}\nDB_PASSWORD=${one}\n`,
    "has no effect: line 2 sets DB_PASSWORD again",
  ],
  [
    "a value that depends on the environment",
    (one) => `DB_PASSWORD=${one}\${HOST_ID}\n`,
    "its value depends on HOST_ID, which the file does not set",
  ],
  [
    "a value that fills in one that stays",
    (one) => `DB_PASSWORD=${one}\nGREETING=\${DB_PASSWORD}\n`,
    "fills the value of DB_PASSWORD into GREETING",
    ["--only", "DB_PASSWORD"],
  ],
  ["a comment that holds it", (one) => `# was ${one}\nDB_PASSWORD=${one}\n`, "also stands at"],
  ["files as the delivery", (one) => `DB_PASSWORD=${one}\n`, "can only hold references", ["--deliver", "file"]],
];

describe("refused", () => {
  const files = REFUSED.map((one) => ({ one, file: write(one[1](p())) }));
  const plans = new Map<string, Plan>();
  // One plan for all that are planned alike.
  beforeAll(async () => {
    for (const [flags, alike] of Map.groupBy(files, ({ one: [, , , more = []] }) => more.join(" ")))
      plans.set(
        flags,
        await planOf(
          world,
          alike.map(({ file }) => `env:${file}`),
          flags.split(" ").filter(Boolean),
        ),
      );
  }, 60_000);

  test.each(files.map(({ one, file }) => [one[0], one, file] as const))(
    "%s",
    (_title, [, , reason, more = []], file) => {
      const all = plans.get(more.join(" "))?.notMoved ?? [];
      const notMoved = all.filter(({ finding }) => finding.location.subjectId === file);
      expect(notMoved.map((one) => one.reason)).toContainEqual(expect.stringContaining(reason));
      expect(notMoved.every(({ hint }) => hint !== null && hint !== "")).toBe(true);
    },
  );
});

test("--accept elsewhere leaves the comment, and says so", async () => {
  const one = p();
  const file = write(`# was ${one}\nDB_PASSWORD=${one}\n`);
  const { ran } = await migrate(world, `env:${file}`, ["--accept", "elsewhere"]);
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining(`also stands at ${file}:1, and stays there`)]);
  expect(readFileSync(file, "utf8")).toMatch(new RegExp(`^# was ${one}\nDB_PASSWORD=ref\\+sops://.*\n$`));
});

test("a file that has changed since the plan is left alone", async () => {
  const file = write(`DB_PASSWORD=${p()}\n`);
  const saved = join(dirname(file), "plan.json");
  await world.unsprawl(["plan", `env:${file}`, "--to", "local", "-o", saved, "--fail-on", "never"]);
  const changed = `${readFileSync(file, "utf8")}NEW=1\n`;
  writeFileSync(file, changed);
  const ran = await world.unsprawl(["apply", saved]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("has changed since the plan was made")]);
  expect(readFileSync(file, "utf8")).toBe(changed);
});

test("a file that somebody has changed since the run is not rolled back over", async () => {
  const file = write(`DB_PASSWORD=${p()}\n`);
  const { run } = await migrate(world, `env:${file}`);
  const changed = `${readFileSync(file, "utf8")}NEW=1\n`;
  writeFileSync(file, changed);
  const ran = await world.unsprawl(["rollback", run]);
  expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining("somebody else changed it")]);
  expect(readFileSync(file, "utf8")).toBe(changed);
});

test("a file that is gone comes back as it was, with its mode and owner, once its folder is there", async () => {
  const text = `DB_PASSWORD=${p()}\nPORT=80\n`;
  const file = write(text);
  chmodSync(file, 0o640);
  if (process.getuid?.() === 0) chownSync(file, 12_345, 12_346);
  const { uid, gid, mode } = statSync(file);
  const { run } = await migrate(world, `env:${file}`);
  rmSync(dirname(file), { recursive: true });
  const early = await world.unsprawl(["rollback", run]);
  expect([early.code, early.stderr]).toEqual([
    5,
    expect.stringMatching(/folder of \S+ does not exist\n *next: mkdir -p /),
  ]);
  mkdirSync(dirname(file));
  const { code, stderr } = await world.unsprawl(["rollback", run]);
  expect(code, stderr).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(statSync(file)).toMatchObject({ uid, gid, mode });
});

test("scrub forgets the sealed copy, and then nothing can be rolled back", async () => {
  const { run } = await migrate(world, `env:${write(`DB_PASSWORD=${p()}\n`)}`);
  expect((await world.unsprawl(["scrub", run, "--accept", "key-backup"])).stdout).toContain("the sealed copy of");
  expect((await world.unsprawl(["rollback", run])).code).toBe(1);
});

test.each([
  ["no file", () => "env:", "env: needs a file", 2],
  ["a file that is not there", () => "env:nothing.env", "there is no file", 1],
  ["a line that nobody can read", () => `env:${write("a b=c\n*=1\n")}`, "line 1 of the env file", 1],
])("said: %s", async (_title, source, said, code) => {
  const ran = await world.unsprawl(["scan", source()]);
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(said)]);
});

test("what moved from one store to another goes back without an engine", async () => {
  const file = write(`DB_PASSWORD=${p()}\n`);
  const [from, to] = ["from", "to"].map((name) => join(dirname(file), `${name}.sops.yaml`));
  const settings = join(dirname(file), "stores.yaml");
  writeFileSync(
    settings,
    `stores:\n  from: { provider: local, file: ${from} }\n  to: { provider: local, file: ${to} }\n`,
  );
  const run = async (...args: string[]): Promise<Ran> => world.unsprawl([...args, "--config", settings]);
  expect((await run("migrate", `env:${file}`, "--to", "from", "--yes")).code).toBe(0);
  const moved = await run("migrate", "from:", "--to", "to", "--yes");
  expect(moved.code, moved.stderr).toBe(0);
  expect(readFileSync(to ?? "", "utf8")).toContain("DB_PASSWORD");
  const back = await run("rollback", "last");
  expect([back.code, back.stderr]).toEqual([0, expect.not.stringContaining("engine")]);
  expect(existsSync(to ?? "")).toBe(false);
});
