import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { password as secret } from "../migrations/files-world.ts";
import { DEEP, sample } from "../support/deep.ts";
import { MAIN, makeWorld, type Ran } from "../support/world.ts";

/** Input as nobody means it: it is read or refused, in words, and never waited for or worked on without end. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

/** So many that what grows with their square is not done before the command is ended; a file may have one more at most. */
const MANY = DEEP ? 99_999 : 50_000;
/** A Compose project has a limit of its own. */
const MANY_OF_COMPOSE = 29_000;

const put = (name: string, text: string): void => writeFileSync(join(world.dir, name), text);
const scan = (...args: string[]): Promise<Ran> => world.unsprawl(["scan", ...args, "--json"]);
/** Where a fault would wait, or work, without end. */
const bounded = (...args: string[]): Promise<Ran> =>
  world.unsprawl(["scan", ...args, "--json"], { killAfterMs: 120_000, killAfterCpuSeconds: 20 });
const errorOf = ({ stderr }: Ran): string => (JSON.parse(stderr) as { error: { message: string } }).error.message;

type Report = {
  readonly findings: readonly { readonly name: string }[];
  readonly sources: readonly { readonly errors: readonly { readonly message: string }[] }[];
};
const report = ({ stdout }: Ran): Report => JSON.parse(stdout) as Report;

beforeAll(() => {
  execFileSync("mkfifo", ["pipe", "pipe.service"], { cwd: world.dir });
  symlinkSync("loop.service", join(world.dir, "loop.service"));
});

// Each of these has a process of its own, which could be ended.
test.each(sample(["env", "inspect", "compose", "kubernetes", "dockerfile", "script"], 2))(
  "%s: a pipe that nobody writes to is not waited for",
  async (kind) => {
    const ran = await bounded(`${kind}:pipe`);
    expect([ran.code, errorOf(ran)]).toEqual([1, expect.stringContaining("pipe is a pipe, a socket or a device")]);
  },
);

test.each(sample(["dir:pipe", "dir:/dev/null", "systemd:pipe.service"], 1))(
  "%s: what is no file is told",
  async (source) => {
    const ran = await bounded(source);
    expect([ran.code, report(ran).sources[0]?.errors.length]).toEqual([1, 1]);
  },
);

test("the configuration and the rules it names may be no pipe either", async () => {
  put("rules.yaml", "rules: { files: [pipe] }\n");
  put("x.env", "A=1\n");
  for (const config of ["pipe", "rules.yaml"]) {
    const { code, stderr } = await bounded("env:x.env", "--config", config);
    expect([code === 1 || code === 2, stderr]).toEqual([true, expect.stringContaining("is a pipe")]);
  }
});

test.each(["env", "compose", "kubernetes", "dockerfile", "script"])(
  "%s: text in UTF-16 is told, with a mark or without one",
  async (kind) => {
    for (const text of [`\ufeffDB_PASSWORD=${secret()}\n`, `DB_PASSWORD=${secret()}\n`]) {
      writeFileSync(join(world.dir, "wide.env"), Buffer.from(text, "utf16le"));
      const ran = await scan(`${kind}:wide.env`);
      expect([ran.code, errorOf(ran)]).toEqual([
        1,
        expect.stringMatching(/wide\.env (?:is not UTF-8|holds NUL characters)/),
      ]);
    }
  },
);

test("a configuration that is a folder, or a link that leads nowhere, is told", async () => {
  symlinkSync("nowhere", join(world.dir, "unsprawl.yaml"));
  const [link, folder] = [await scan("env:x.env"), await scan("env:x.env", "--config", ".")];
  rmSync(join(world.dir, "unsprawl.yaml"));
  for (const ran of [link, folder])
    expect([ran.code, errorOf(ran)]).toEqual([2, expect.stringMatching(/cannot be read/)]);
});

test("a variable from /dev/null is none, and what the shell opened is read", async () => {
  put("compose.yaml", "services: { a: { image: a, env_file: /dev/null } }\n");
  expect((await scan("compose:compose.yaml")).code).toBe(0);
  put("secret.env", `DB_PASSWORD=${secret()}\n`);
  const line = 'cat secret.env | "$0" "$1" scan env:/dev/stdin --json --fail-on never';
  const stdout = execFileSync("sh", ["-c", line, process.execPath, MAIN], {
    cwd: world.dir,
    env: world.env,
    encoding: "utf8",
  });
  expect((JSON.parse(stdout) as Report).findings.map(({ name }) => name)).toEqual(["DB_PASSWORD"]);
});

test("a link to a folder is the folder", async () => {
  mkdirSync(join(world.dir, "release-1"));
  put("release-1/.env", `DB_PASSWORD=${secret()}\n`);
  symlinkSync("release-1", join(world.dir, "current"));
  const ran = await scan("dir:current");
  expect([ran.code, report(ran).findings.length]).toEqual([3, 1]);
});

test.each(["env", "inspect", "compose", "kubernetes", "dockerfile", "script", "dir", "archive", "systemd"])(
  "%s: a link that leads to itself is told",
  async (kind) => {
    const ran = await scan(`${kind}:loop.service`);
    expect([ran.code, errorOf(ran)]).toEqual([1, expect.not.stringContaining("unexpected")]);
  },
);

test("what YAML would warn of is not written to stderr past the faces", async () => {
  put("warned.yaml", "stopWords: [!odd a]\n");
  expect((await scan("env:x.env", "--config", "warned.yaml")).stderr).not.toMatch(/Warning/);
});

test("maps that each merge the last one twice", async () => {
  const maps = Array.from({ length: 40 }, (_, at) => `x-${at + 1}: &m${at + 1}\n  <<: [*m${at}, *m${at}]\n`).join("");
  put("merged.yaml", `x-0: &m0 { DB_PASSWORD: ${secret()} }\n${maps}services:\n  a: { image: a, environment: *m40 }\n`);
  const ran = await bounded("compose:merged.yaml");
  expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([
    3,
    expect.arrayContaining(["DB_PASSWORD"]),
  ]);
});

test.each([
  ["a file that includes itself", "include: [odd.yaml]\nservices: { a: { image: a } }\n", "which includes it"],
  [
    "services that extend each other in a long row",
    `services:\n${Array.from({ length: 200 }, (_, at) => `  s${at}: { extends: s${at + 1} }\n`).join("")}  s200: { image: a }\n`,
    "more than 100 services extend each other",
  ],
])("%s", async (_title, text, said) => {
  put("odd.yaml", text);
  const ran = await bounded("compose:odd.yaml");
  expect([ran.code, errorOf(ran)]).toEqual([1, expect.stringContaining(said)]);
});

test.each([
  ["index.json", { schemaVersion: 2, manifests: [] }],
  ["index.json", { schemaVersion: 2, manifests: { a: 1 } }],
  ["index.json", null],
  ["manifest.json", []],
  ["manifest.json", [{ Config: "c.json", RepoTags: ["a:1"], Layers: { a: 1 } }]],
])("an archive in which no image can be found says so: %s %j", async (name, content) => {
  const layout = mkdtempSync(join(world.dir, "layout-"));
  writeFileSync(join(layout, name), JSON.stringify(content));
  const ran = await scan(`archive:${layout}`);
  expect([ran.code, report(ran).sources[0]?.errors.length]).toEqual([1, 1]);
});

test(`${MANY} variables in one file`, async () => {
  const lines = Array.from({ length: MANY }, (_, at) => `V${at}=1`);
  put("many.env", `${lines.join("\n")}\nDB_PASSWORD=${secret()}\n`);
  put("many.service", "[Service]\nExecStart=/bin/a\nEnvironmentFile=many.env\n");
  put(
    "many.yaml",
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  a.env: |\n    ${lines.join("\n    ")}\n    DB_PASSWORD=${secret()}\n`,
  );
  for (const source of sample(["systemd:many.service", "kubernetes:many.yaml"], 1)) {
    const ran = await scan(source);
    expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([3, ["DB_PASSWORD"]]);
  }
});

const SHAPES: [string, (name: string, value: string) => string][] = [
  ["map", (name: string, value: string) => `      ${name}: ${value}`],
  ["list", (name: string, value: string) => `      - ${name}=${value}`],
];
test.each(sample(SHAPES, 1))(`${MANY_OF_COMPOSE} variables in one %s of a Compose file`, async (_what, line) => {
  const lines = Array.from({ length: MANY_OF_COMPOSE }, (_, at) => line(`V${at}`, "a1"));
  put(
    "many.yaml",
    `services:\n  a:\n    image: a\n    environment:\n${[...lines, line("DB_PASSWORD", secret())].join("\n")}\n`,
  );
  const ran = await bounded("compose:many.yaml");
  expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([3, ["DB_PASSWORD"]]);
});

test("50,000 variables of one container in a manifest, and as many lines of one env file that fill each other in", async () => {
  const pairs = Array.from({ length: 50_000 }, (_, at) => `        - { name: V${at}, value: a1 }`);
  put(
    "pod.yaml",
    `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - name: a\n      env:\n${pairs.join("\n")}\n        - { name: DB_PASSWORD, value: ${secret()} }\n`,
  );
  put("first.env", "A=1\n".repeat(50_000));
  const lines = Array.from({ length: 50_000 }, (_, at) => `V${at}=\${V${at - 1}}`);
  put("second.env", `V=1\n${lines.slice(1).join("\n")}\nDB_PASSWORD=${secret()}\n`);
  put("files.yaml", "services: { a: { image: a, env_file: [first.env, second.env] } }\n");
  for (const source of sample(["kubernetes:pod.yaml", "compose:files.yaml"], 1)) {
    const ran = await bounded(source);
    expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([3, ["DB_PASSWORD"]]);
  }
});

test("a script's command with a name of 70,000 letters", async () => {
  put("long.sh", `#!/bin/sh\n${"a".repeat(70_000)} -e A=b\ndocker run -e DB_PASSWORD=${secret()} img\n`);
  expect((await bounded("script:long.sh")).code).toBe(3);
});

const RUNS: [string, (at: number) => string][] = [
  ["with a value each", (at) => `docker run --name n${at} -e V${at}=a1 img`],
  ["with a variable each", (at) => `P${at}=a1\ndocker run --name "$N" -e V${at}="$P${at}" img`],
  ["with one variable", (at) => `docker run --name "$N" -e V${at}="$P" img`],
  ["with an array each", (at) => `args${at}=(-e V${at}=a1)\ndocker run "\${args${at}[@]}" img`],
];
test.each(sample(RUNS, 2))("10,000 run lines in one script, %s", async (_what, line) => {
  const lines = Array.from({ length: 10_000 }, (_, at) => line(at));
  put("runs.sh", `#!/bin/bash\nN=web\nP=a1\n${lines.join("\n")}\ndocker run -e DB_PASSWORD=${secret()} img\n`);
  const ran = await bounded("script:runs.sh");
  expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([3, ["DB_PASSWORD"]]);
});

test("300,000 commands in one command's output", async () => {
  put("output.sh", `#!/bin/sh\nx=$(${"a;".repeat(300_000)})\ndocker run -e DB_PASSWORD=${secret()} img\n`);
  const ran = await bounded("script:output.sh");
  expect([ran.code, report(ran).findings.map(({ name }) => name)]).toEqual([3, ["DB_PASSWORD"]]);
});

test("a quote that never ends makes no name of what stands behind it", async () => {
  const [first, second] = [secret(), secret()];
  put("quote.sh", `#!/bin/sh\ndocker run --name we'b -e A=${first} \\\n  --label a.password=${second} 'x' img\n`);
  for (const format of ["json", "table"]) {
    const { stdout, stderr } = await world.unsprawl(["scan", "script:quote.sh", "--format", format]);
    expect(stdout).toMatch(/quote\.sh/);
    for (const value of [first, second]) expect(stdout + stderr).not.toContain(value);
  }
});
