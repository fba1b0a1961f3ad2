import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pairsOf, parseDockerfile } from "../../../src/images/dockerfile.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { findingsOf, password, planOf } from "../files-world.ts";

let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;

function lay(files: { readonly [name: string]: string }): string {
  const dir = join(world.dir, "app");
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const SYNTAX = ["@@ -0,0 +1,1 @@", "+# syntax=docker/dockerfile:1"];
const mount = (name: string): string => `--mount=type=secret,id=${name},env=${name}`;

type Case = readonly [
  title: string,
  text: (one: string) => string,
  name: string,
  patch: readonly string[],
  said: string,
];

const CASES: readonly Case[] = [
  [
    "ENV among others, and the command that reads it",
    (one) => `FROM a\nENV LOG=info DB_PASSWORD="${one}" TZ=UTC\nRUN echo $DB_PASSWORD && make\n`,
    "DB_PASSWORD",
    [
      ...SYNTAX,
      "@@ -2,1 +2,1 @@",
      "-ENV LOG=… DB_PASSWORD=•••••••• TZ=…",
      "+ENV LOG=… TZ=…",
      "@@ -3,1 +3,1 @@",
      "-RUN echo …",
      `+RUN ${mount("DB_PASSWORD")} echo …`,
    ],
    "give DB_PASSWORD to the container when it starts",
  ],
  [
    "ENV in its old form, which no command reads",
    (one) => `FROM a\nENV API_TOKEN ${one}\nRUN make\n`,
    "API_TOKEN",
    ["@@ -2,1 +2,0 @@", "-ENV API_TOKEN=••••••••"],
    "give API_TOKEN to the container when it starts",
  ],
  [
    "ENV over several lines with a comment between, used in a stage built from it",
    (one) =>
      `FROM a AS base\nENV A=1 \\\n  # why\n  DB_PASSWORD=${one}\nFROM base\nRUN ./x "\${DB_PASSWORD}"\nFROM b\nRUN $DB_PASSWORD\n`,
    "DB_PASSWORD",
    [
      ...SYNTAX,
      "@@ -2,1 +2,1 @@",
      "-ENV A=… DB_PASSWORD=••••••••",
      "+ENV A=…",
      "@@ -6,1 +6,1 @@",
      "-RUN ./x …",
      `+RUN ${mount("DB_PASSWORD")} ./x …`,
    ],
    "docker build --secret id=DB_PASSWORD,env=DB_PASSWORD",
  ],
  [
    "ARG, where the file says its syntax already",
    (one) => `# syntax=docker/dockerfile:1\nFROM a\nARG NPM_TOKEN=${one}\nRUN npm ci --token=$NPM_TOKEN\n`,
    "NPM_TOKEN",
    ["@@ -3,1 +3,0 @@", "-ARG NPM_TOKEN=••••••••", "@@ -4,1 +4,1 @@", "-RUN npm …", `+RUN ${mount("NPM_TOKEN")} npm …`],
    "docker build --secret id=NPM_TOKEN,env=NPM_TOKEN",
  ],
  [
    "ARG before the first FROM",
    (one) => `ARG NPM_TOKEN=${one}\nFROM a\nARG NPM_TOKEN\nRUN npm ci --token=$NPM_TOKEN\n`,
    "NPM_TOKEN",
    [
      ...SYNTAX,
      "@@ -1,1 +1,0 @@",
      "-ARG NPM_TOKEN=••••••••",
      "@@ -3,1 +3,0 @@",
      "-ARG NPM_TOKEN",
      "@@ -4,1 +4,1 @@",
      "-RUN npm …",
      `+RUN ${mount("NPM_TOKEN")} npm …`,
    ],
    "docker build --secret",
  ],
  [
    "an argument of RUN",
    (one) => `FROM a\nRUN mysql --password=${one} -e 'select 1'\n`,
    "RUN",
    [...SYNTAX, "@@ -2,1 +2,1 @@", "-RUN mysql … •••••••• …", `+RUN ${mount("PASSWORD")} mysql … "$PASSWORD" …`],
    "docker build --secret id=PASSWORD",
  ],
  [
    "an assignment before a command of RUN",
    (one) => `FROM a\nRUN DEPLOY_TOKEN=${one} ./deploy\n`,
    "RUN",
    [...SYNTAX, "@@ -2,1 +2,1 @@", "-RUN … •••••••• …", `+RUN ${mount("DEPLOY_TOKEN")} … "$DEPLOY_TOKEN" …`],
    "docker build --secret id=DEPLOY_TOKEN",
  ],
  [
    "a heredoc",
    (one) => `FROM a\nRUN <<EOF\nexport MY_TOKEN=${one}\nnpm publish\nEOF\nUSER app\n`,
    "RUN",
    [...SYNTAX, "@@ -2,1 +2,1 @@", "-RUN … •••••••• …", `+RUN ${mount("MY_TOKEN")} … "$MY_TOKEN" …`],
    "docker build --secret id=MY_TOKEN",
  ],
  [
    "LABEL",
    (one) => `FROM a\nLABEL a=b deploy.token=${one}\n`,
    "deploy.token",
    ["@@ -2,1 +2,1 @@", "-LABEL a=… deploy.token=••••••••", "+LABEL a=…"],
    "take it out",
  ],
  [
    "another escape character",
    (one) => `# escape=\`\nFROM a\nENV A=c:\\x \`\n  DB_PASSWORD=${one}\n`,
    "DB_PASSWORD",
    ["@@ -3,1 +3,1 @@", "-ENV A=… DB_PASSWORD=••••••••", "+ENV A=…"],
    "when it starts",
  ],
];

test.for(CASES)("the plan shows a patch: %s", async ([, make, name, patch, said]) => {
  const one = p();
  const text = make(one);
  const dir = lay({ Dockerfile: text });
  const { notMoved, steps } = await planOf(world, `dockerfile:${dir}`);
  expect([notMoved.map(({ finding }) => finding.name), steps]).toEqual([[name], []]);
  const { reason = "", hint = "" } = notMoved[0] ?? {};
  expect(reason).toContain("which only another build can change");
  const [next, ...lines] = (hint ?? "").split("\n");
  expect(next).toContain(said);
  expect(next).toContain("rotate it");
  expect(lines).toEqual(["--- Dockerfile", "+++ Dockerfile", ...patch]);
  expect(hint).not.toContain(one);
  expect(readFileSync(join(dir, "Dockerfile"), "utf8")).toBe(text);
});

test("a patch holds no other secret either, and is printed line by line", async () => {
  const [one, two, three] = [p(), p(), p()];
  const dir = lay({
    Dockerfile: `FROM a\nENV DB_PASSWORD=${one} API_TOKEN=${two}\nRUN SMTP_PASSWORD=${three} ./x $DB_PASSWORD\n`,
  });
  const ran = await world.unsprawl(["plan", `dockerfile:${dir}/Dockerfile`, "--to", "local", "--fail-on", "never"]);
  expect(ran.stdout).toContain("\n      -ENV DB_PASSWORD=•••••••• API_TOKEN=…\n      +ENV API_TOKEN=…\n");
  for (const value of [one, two, three]) expect(ran.stdout + ran.stderr).not.toContain(value);
});

test("a file of secrets that is copied in is read where it is, and one that is not there is told", async () => {
  const one = p();
  const dir = lay({
    Dockerfile: "FROM a\nCOPY --chown=1 .env x ./\nADD id_rsa /root/\nCOPY --from=b .npmrc .\n",
    ".env": `DB_PASSWORD=${one}\n`,
  });
  const { code, stdout } = await world.unsprawl(["scan", `dockerfile:${dir}`, "--json", "--fail-on", "never"]);
  const { findings, sources } = JSON.parse(stdout) as {
    findings: { name: string; location: { subjectName: string } }[];
    sources: { errors: { subject: string }[] }[];
  };
  expect(findings.map(({ name, location }) => [name, location.subjectName])).toEqual([
    ["DB_PASSWORD", ".env (COPY, Dockerfile:2)"],
  ]);
  expect(sources[0]?.errors.map(({ subject }) => subject)).toEqual(["id_rsa (ADD, Dockerfile:3)"]);
  expect(code).toBe(1);
  const { notMoved } = await planOf(world, `dockerfile:${dir}`);
  expect(notMoved[0]?.hint).toContain("RUN --mount=type=secret,id=env,target=PATH");
});

test("a Dockerfile without secrets has no findings", async () => {
  const dir = lay({ Dockerfile: "FROM node:24\nARG VERSION=1\nENV PORT=80 TOKEN=\nRUN npm ci\nLABEL a=b\n" });
  expect(await findingsOf(world, `dockerfile:${dir}`)).toEqual([]);
});

test.each([
  ["the old form", "ENV A b c", [["A", "b c"]]],
  [
    "several, quoted",
    `ENV A="b c" D='e f' G=h\\ i J="k\\"l"`,
    [
      ["A", "b c"],
      ["D", "e f"],
      ["G", "h i"],
      ["J", 'k"l'],
    ],
  ],
  ["ARG without a value", "ARG A", [["A", null]]],
  [
    "continued over a comment and an empty line",
    "ENV A=1 \\\n# x\n\n  B=2",
    [
      ["A", "1"],
      ["B", "2"],
    ],
  ],
  [
    "CRLF",
    "ENV A=1 \\\r\n  B=2\r\n",
    [
      ["A", "1"],
      ["B", "2"],
    ],
  ],
  ["lower case", "env A=1", [["A", "1"]]],
])("read as Docker reads it: %s", (_title, text, pairs) => {
  const [first] = parseDockerfile(text);
  expect(first && pairsOf(first).map(({ name, value }) => [name, value])).toEqual(pairs);
});

test("heredocs belong to their instruction, and what looks like one in them does not count", () => {
  const text = "FROM a\nRUN <<-'EOF' <<B\n\tENV X=1\n\tEOF\nFROM z\nB\nENV Y=2\n";
  expect(parseDockerfile(text).map(({ name, line, stage }) => [name, line, stage])).toEqual([
    ["FROM", 1, 0],
    ["RUN", 2, 0],
    ["ENV", 7, 0],
  ]);
});

test.each([
  ["a shift and a here-string are none", "RUN echo $((1<<X)) && cat <<<word\nENV Y=2\n", ["RUN", "ENV"]],
  ["one in quotes, which nothing ends", 'RUN echo "a <<B c"\nENV Y=2\n', ["RUN", "ENV"]],
  ["its end is the whole word", "RUN cat <<E-1.x\nENV X=1\nE-1.x\nENV Y=2\n", ["RUN", "ENV"]],
  ["with a number, of a file descriptor", "COPY 3<<EOF /x\nENV X=1\nEOF\nENV Y=2\n", ["COPY", "ENV"]],
  ["put off by ONBUILD", "ONBUILD RUN <<EOF\nENV X=1\nEOF\nENV Y=2\n", ["ONBUILD", "ENV"]],
  ["100,000 lines that go on", `RUN a${" \\\n b".repeat(100_000)}\nENV Y=2\n`, ["RUN", "ENV"]],
])("instructions: %s", (_title, text, names) => {
  expect(parseDockerfile(text).map(({ name }) => name)).toEqual(names);
});

test("every instruction that writes something into the image or its history is read", async () => {
  const values = Array.from({ length: 7 }, p);
  const [cmd, entry, health, later, copied, added, put] = values;
  const text = `FROM a
CMD ["serve", "--password=${cmd}"]
ENTRYPOINT serve --token ${entry}
HEALTHCHECK --interval=5s CMD redis-cli -a ${health} ping
ONBUILD ENV DB_PASSWORD=${later}
ONBUILD RUN curl -u app:${put} https://host.test
COPY <<EOF /etc/app.conf
password=${copied}
EOF
ADD https://app:${added}@host.test/x.tgz /
`;
  const dir = lay({ Dockerfile: text });
  const findings = await findingsOf(world, `dockerfile:${dir}`);
  expect(findings.map(({ name, location }) => `${name} ${location.where}`).sort()).toEqual([
    "ADD history",
    "CMD cmd",
    "COPY history",
    "DB_PASSWORD image-env",
    "ENTRYPOINT entrypoint",
    "HEALTHCHECK healthcheck",
    "RUN history",
  ]);
  const { notMoved } = await planOf(world, `dockerfile:${dir}`);
  expect(notMoved).toHaveLength(7);
  for (const { hint } of notMoved) expect(hint).toMatch(/rotate it/);
  for (const value of values) expect(JSON.stringify(notMoved)).not.toContain(value);
});
