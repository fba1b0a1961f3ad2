import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { variables } from "../../../migrations/compose/syntax/environment.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { password } from "../files-world.ts";
import { makeWorld } from "../../support/world.ts";

/** `compose:` through the command: what of a project cannot be read is told with its place, and the rest is read. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

type Report = {
  readonly sources: readonly { readonly errors: readonly { readonly subject: string; readonly message: string }[] }[];
  readonly findings: readonly { readonly name: string; readonly location: { readonly subjectName: string } }[];
};
type Told = { readonly code: number | null; readonly found: readonly string[]; readonly errors: readonly string[] };

/** Writes the files into a folder of their own and scans the first one. */
async function scan(files: { readonly [name: string]: string }, secrets: readonly string[] = []): Promise<Told> {
  const dir = put(files);
  const { code, stdout, stderr } = await world.unsprawl([
    "scan",
    `compose:${join(dir, Object.keys(files)[0] ?? "")}`,
    "--json",
  ]);
  rmSync(dir, { recursive: true });
  expect(stderr).toBe("");
  for (const secret of secrets) expect(stdout).not.toContain(secret);
  const report = JSON.parse(stdout) as Report;
  return {
    code,
    found: report.findings.map(({ name, location }) => `${location.subjectName} ${name}`).sort(),
    errors: report.sources.flatMap(({ errors }) => errors.map(({ message }) => message.replaceAll(`${dir}/`, ""))),
  };
}

function put(files: { readonly [name: string]: string }): string {
  const dir = mkdtempSync(join(world.dir, "project-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

test("a base is found by a name that is filled in", async () => {
  const secret = password();
  const files = {
    "compose.yaml":
      "services:\n  a: { image: a, extends: { file: base.yaml, service: '${KIND:-plain}' } }\n  b: { image: b, extends: '${OWN}' }\n  c: { image: c, environment: { A_TOKEN: 'x1' } }\n",
    "base.yaml": `services:\n  plain: { environment: { DB_PASSWORD: ${secret} } }\n  other: {}\n`,
    ".env": "OWN=a\n",
  };
  const { errors, found } = await scan(files, [secret]);
  expect([errors, found.slice(0, 2)]).toEqual([[], ["a DB_PASSWORD", "b DB_PASSWORD"]]);
});

test("what services share by an anchor is theirs, and not a finding of the file too", async () => {
  const [secret, hidden] = [password(), password()];
  const shared = `x-common: &common\n  environment: &env\n    DB_PASSWORD: ${secret}\n    OLD_PASSWORD: ${hidden}\n`;
  const services = `services:\n  a: { <<: *common, image: a }\n  b:\n    image: b\n    environment:\n      <<: *env\n`;
  expect((await scan({ "compose.yaml": shared + services }, [secret, hidden])).found).toEqual([
    "a DB_PASSWORD",
    "a OLD_PASSWORD",
    "b DB_PASSWORD",
    "b OLD_PASSWORD",
  ]);
  // One that every service sets otherwise stands in the file all the same.
  const own = `x-common: &env { OLD_PASSWORD: ${hidden} }\nservices:\n  a: { image: a, environment: { <<: *env, OLD_PASSWORD: none } }\n`;
  const { found } = await scan({ "compose.yaml": own }, [hidden]);
  expect(found.map((one) => one.replace(/^\S+\//, ""))).toEqual(["compose.yaml OLD_PASSWORD"]);
});

test("a base that every service overrides is no finding of its own where it has the same variable", async () => {
  const secret = password();
  const files = {
    "compose.yaml": `x-base: &base\n  environment: ["TOKEN_SECRET=\${TOK}"]\nservices:\n  a:\n    <<: *base\n    image: a\n    environment: ["TOKEN_SECRET=\${TOK}", X=1]\n    secrets: [login]\n`,
    ".env": `TOK=${secret}\n`,
  };
  expect((await scan(files, [secret])).found).toEqual(["a TOKEN_SECRET"]);
});

test("a line of .env that is filled into the line of a service's variable is no finding of its own", async () => {
  const [secret, unused] = [password(), password()];
  const files = {
    "compose.yaml": "services:\n  a: { image: a, environment: { DATABASE_URL: $DATABASE_URL } }\n",
    ".env": `DB_PASSWORD=${secret}\nDATABASE_URL=postgres://a:\${DB_PASSWORD}@db/a\nMQ_PASSWORD=${unused}\nMQ_URL=amqp://a:\${MQ_PASSWORD}@mq\n`,
  };
  const { found } = await scan(files, [secret, unused]);
  expect(found.map((one) => one.replace(/^\S+\//, ""))).toEqual([
    "compose.yaml MQ_PASSWORD",
    "compose.yaml MQ_URL",
    "a DATABASE_URL",
  ]);
});

test("the names of secret objects that a base or a build lists are no findings; what is no name is", async () => {
  const [name, other, value] = [`mongo_${password()}`, `npm_${password()}`, password()];
  const text = `x-mongo: &mongo
  image: mongo
  secrets: [${name}, { source: ${name} }, ${value}]
services:
  a: { <<: *mongo, build: { context: ., secrets: [${other}, { source: ${other} }] } }
secrets: { ${name}: { external: true }, ${other}: { external: true } }
`;
  const { found } = await scan({ "compose.yaml": text }, [value]);
  expect(found.map((one) => one.replace(/^\S+\//, ""))).toEqual(["compose.yaml secrets"]);
});

test("a folder named .env, as the engine makes it for a mounted file that is not there, is no fault", async () => {
  const secret = password();
  const dir = put({ "compose.yaml": `services:\n  a: { image: a, environment: { DB_PASSWORD: ${secret} } }\n` });
  mkdirSync(join(dir, ".env"));
  const { code, stdout, stderr } = await world.unsprawl(["scan", `compose:${dir}`]);
  expect([code, stderr]).toEqual([3, ""]);
  expect(stdout).not.toContain("not read");
  rmSync(dir, { recursive: true });
});

describe("what Compose cannot fill in", () => {
  const secret = password();
  const services = (text: string): string =>
    `services:\n  a:\n    image: a\n${text}\n  b:\n    image: b\n    environment: { DB_PASSWORD: ${secret} }\n`;
  const open = (at: number): string =>
    `Compose cannot interpolate this: what begins at character ${at} is not \${NAME}`;

  test.each([
    ["a variable", '    environment:\n      LEVEL: "a${b"', `compose.yaml, line 5: ${open(2)}`],
    ["an item", '    environment:\n      - LOG=1\n      - "LEVEL=${b"', `compose.yaml, line 6: ${open(7)}`],
    ["a command", '    command: "run ${b"', `compose.yaml, line 4: ${open(5)}`],
    ["an env file's name", '    env_file: "${b"', `compose.yaml, line 4: ${open(1)}`],
    ["a base's file", '    extends: { file: "${b", service: c }', `compose.yaml, line 4: ${open(1)}`],
    ["a profile", '    profiles: ["${b"]', `compose.yaml, line 4: ${open(1)}`],
    [
      "a variable that must be set",
      '    environment:\n      LEVEL: "${UNSET_HERE:?}"',
      "compose.yaml, line 5: the variable UNSET_HERE is required and has no value",
    ],
    ["an env file that is not there", "    env_file: none.env", "there is no file none.env"],
  ])("%s: told once, and the other service is read", async (_what, text, error) => {
    expect(await scan({ "compose.yaml": services(text) })).toEqual({
      code: 1,
      found: ["b DB_PASSWORD"],
      errors: [error],
    });
  });

  test("of an included file, its name", async () => {
    const files = {
      "compose.yaml": `include: [more.yaml, "\${b"]\n${services("")}`,
      "more.yaml": 'services:\n  c:\n    image: c\n    command: "${"\n',
    };
    const { found, errors } = await scan(files);
    expect([found, errors]).toEqual([
      ["b DB_PASSWORD"],
      [`compose.yaml, line 1: ${open(1)}`, `more.yaml, line 4: ${open(1)}`],
    ]);
  });

  test("a base, an include and a file that are not there, or elsewhere: the rest is read, and other sources too", async () => {
    const [login, other] = [password(), password()];
    const files = {
      "compose.yaml": `include: ["https://u:${login}@example.com/x.git", none.yaml]\n${services("    extends: { file: gone.yaml, service: c }")}`,
    };
    const { found, errors } = await scan(files, [login]);
    expect(found.filter((one) => !one.includes("/"))).toEqual(["b DB_PASSWORD"]);
    expect(errors).toEqual([
      "compose.yaml, line 1: includes a remote file, which is not read",
      "compose.yaml names a file that cannot be read: there is no file none.yaml",
      "compose.yaml names a file that cannot be read: there is no file gone.yaml",
    ]);
    const good = put({ "compose.yaml": `services: { web: { image: x, environment: { API_TOKEN: ${other} } } }\n` });
    const ran = await world.unsprawl(["scan", `compose:${good}`, `compose:${good}/none.yaml`, "--json"]);
    const report = JSON.parse(ran.stdout) as Report;
    expect(report.findings.map(({ name }) => name)).toEqual(["API_TOKEN"]);
    expect(report.sources.flatMap((one) => one.errors.map(({ message }) => message))).toEqual([
      `there is no file ${good}/none.yaml`,
    ]);
    expect(ran.code).toBe(1);
  });

  test("bytes of an env file that are no UTF-8 hide nothing", async () => {
    const [own, dir] = [password(), put({ "compose.yaml": services("    env_file: a.env") })];
    writeFileSync(join(dir, "a.env"), Buffer.from(`# caf\u00e9\nAPI_PASSWORD=${own}\n`, "latin1"));
    const { stdout } = await world.unsprawl(["scan", `compose:${dir}`, "--json"]);
    const report = JSON.parse(stdout) as Report;
    expect(report.findings.map(({ name }) => name).sort()).toEqual(["API_PASSWORD", "DB_PASSWORD"]);
    expect(report.sources.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test("an env file that Compose refuses is read line by line", async () => {
    const own = password();
    const files = {
      "compose.yaml": services("    env_file: a.env"),
      "a.env": `LEVEL=\${b\nAPI_PASSWORD=${own}\n`,
    };
    const { found, errors } = await scan(files, [own]);
    expect([found, errors]).toEqual([["a API_PASSWORD", "b DB_PASSWORD"], [`a.env: line 1: ${open(1)}`]]);
  });

  test("a password that is no interpolation to Compose is found all the same, and not quoted", async () => {
    const odd = `${password()}\${${password()}`;
    const { found, errors } = await scan(
      { "compose.yaml": services(`    environment:\n      API_PASSWORD: "${odd}"`) },
      [odd.slice(0, 12), odd.slice(-12)],
    );
    expect([found, errors]).toEqual([["a API_PASSWORD", "b DB_PASSWORD"], [`compose.yaml, line 5: ${open(21)}`]]);
  });

  test("a migration stops there, with the place", async () => {
    const dir = put({ "compose.yaml": services('    environment:\n      LEVEL: "a${b"') });
    const file = join(dir, "compose.yaml");
    const project = await loadProject({ files: [file], dir: null, name: null, envFiles: [], env: {} });
    const [service] = project.services.values();
    expect(() => service && variables(service)).toThrow(`${file}, line 5: ${open(2)}`);
  });
});

describe("a file of several documents", () => {
  const [first, second, third] = [password(), password(), password()];
  const documents = `x-a: &a { LEVEL: info }
services:
  a:
    image: a
    environment: { <<: *a, DB_PASSWORD: ${first}, KEPT_PASSWORD: ${second} }
---
services:
  a:
    environment: { DB_PASSWORD: "\${OTHER:-${third}}" }
  b:
    image: b
    command: "run --password=${first}"
---
`;

  test("each goes over those before it, as Compose merges them", async () => {
    const dir = put({ "compose.yaml": documents });
    const project = await loadProject({
      ...{ files: [join(dir, "compose.yaml")], dir: null, name: null, envFiles: [], env: {} },
      tell: (fault) => expect.unreachable(fault.message),
    });
    const given = [...project.services.values()].map((service) => [
      service.name,
      Object.fromEntries([...variables(service)].map(([name, places]) => [name, places.at(-1)?.value])),
    ]);
    expect(Object.fromEntries(given)).toEqual({
      a: { LEVEL: "info", DB_PASSWORD: third, KEPT_PASSWORD: second },
      b: {},
    });
  });

  test.each([
    ["alone", "compose.yaml", documents, ["a DB_PASSWORD", "a KEPT_PASSWORD"]],
    ["included", "main.yaml", "include: [compose.yaml]\n", ["a DB_PASSWORD", "a KEPT_PASSWORD"]],
    [
      "extended",
      "main.yaml",
      "services: { c: { extends: { file: compose.yaml, service: a } } }\n",
      ["c DB_PASSWORD", "c KEPT_PASSWORD"],
    ],
  ])("%s: its secrets are found", async (_what, name, text, found) => {
    const told = await scan({ [name]: text, "compose.yaml": documents }, [first, second, third]);
    expect([told.code, told.errors]).toEqual([3, []]);
    expect(told.found.filter((one) => one.length < 20)).toEqual(found);
    expect(told.found.some((one) => one.endsWith("compose.yaml command") || one.includes("main.yaml"))).toBe(true);
  });

  test("none of it is moved", async () => {
    const dir = put({ "compose.yaml": documents });
    const ran = await world.unsprawl(["plan", `compose:${dir}`, "--to", "local", "--json"]);
    expect(ran.stdout + ran.stderr).toContain("holds several YAML documents");
  });
});
