import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { inspected } from "../support/inspected.ts";
import { makeWorld } from "../support/world.ts";

/** Saved inspect output that is not as the engine writes it: what can be read is reported, what cannot is said. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(SEED);
const password = make.base64(15);
const other = make.base64(15);

type Open = { readonly [key: string]: unknown };
type Report = {
  readonly sources: readonly {
    readonly source: string;
    readonly subjects: number;
    readonly errors: readonly { readonly subject: string; readonly message: string; readonly hint: string }[];
  }[];
  readonly findings: readonly { readonly name: string; readonly location: { readonly subjectName: string } }[];
};
type Told = {
  readonly code: number | null;
  readonly sources: Report["sources"];
  readonly places: readonly string[];
};

async function scan(stdin: string, sources: readonly string[] = ["inspect:-"]): Promise<Told> {
  const { code, stdout, stderr } = await world.unsprawl(["scan", ...sources, "--json"], { stdin });
  expect(stderr).toBe("");
  for (const value of [password, other]) expect(stdout).not.toContain(value);
  const report = JSON.parse(stdout) as Report;
  const places = report.findings.map(({ name, location }) => `${location.subjectName} ${name}`).sort();
  return { code, sources: report.sources, places };
}

function saved(name: string, text: string): string {
  writeFileSync(join(world.dir, name), text);
  return `inspect:${name}`;
}

/** An image, then `web`, in the engine's form. */
const [image, web] = JSON.parse(inspected({ web: { env: { DB_PASSWORD: password } } })) as [Open, Open];
const container = (name: string, more: Open = {}): Open => ({
  ...web,
  Id: name.padEnd(64, "0"),
  Name: `/${name}`,
  ...more,
});
const config = (more: Open): Open => ({ Config: { ...(web["Config"] as Open), ...more } });

describe("a container with a part in another form", () => {
  test.each<[what: string, more: Open, part: string | null, found: boolean]>([
    ["HostConfig null", { HostConfig: null }, "HostConfig", true],
    ["Config null", { Config: null }, "Config", false],
    ["Env a text", config({ Env: `DB_PASSWORD=${password}` }), "Config.Env", true],
    ["Env a map", config({ Env: { DB_PASSWORD: password } }), "Config.Env", true],
    ["Env with numbers", config({ Env: [1, null, {}, `DB_PASSWORD=${password}`] }), "Config.Env", true],
    ["Mounts with null", { Mounts: [null] }, "Mounts", true],
    ["a network that is null", { NetworkSettings: { Networks: { b: null } } }, "NetworkSettings.Networks", true],
    ["Labels a list", config({ Labels: ["a=b", 4] }), "Config.Labels", true],
    ["Cmd a number", config({ Cmd: 3 }), "Config.Cmd", true],
    ["an Image that is no text", config({ Image: { a: 1 } }), null, true],
    ["Cmd a text", config({ Cmd: "serve" }), null, true],
    ["Healthcheck null", config({ Healthcheck: null }), null, true],
  ])("%s", async (_what, more, part, found) => {
    const { code, sources, places } = await scan(
      JSON.stringify([image, container("first"), container("odd", more), web]),
    );
    expect(places).toEqual(["first DB_PASSWORD", ...(found ? ["odd DB_PASSWORD"] : []), "web DB_PASSWORD"]);
    expect(code).toBe(part === null ? 3 : 1);
    const message = `part of it is not in the form that the engine writes: ${part}`;
    const about = { kind: "subject", name: "odd", id: expect.any(String) as string };
    const errors =
      part === null ? [] : [{ subject: "odd", about, message, hint: expect.stringMatching(/./) as string }];
    expect(sources).toEqual([{ source: "inspect:-", subjects: 4, errors }]);
  });

  test("as an image in another form: its containers are read all the same", async () => {
    const odd = { ...image, RepoTags: [7], Config: { Env: {}, Labels: 3, Cmd: {} } };
    const { code, sources, places } = await scan(JSON.stringify([odd, web]));
    expect([code, places]).toEqual([1, ["web DB_PASSWORD"]]);
    expect(sources[0]?.errors).toMatchObject([
      { message: expect.stringMatching(/Config\.Env, .*Config\.Labels/) as string },
    ]);
  });

  test("documents without a name keep their numbers behind it", async () => {
    const odd = container("odd", { Mounts: [null] });
    const { sources } = await scan(JSON.stringify([odd, {}, container("more", { Mounts: {} }), {}]));
    expect(sources[0]?.errors.map(({ subject }) => subject)).toEqual(["odd", "document 1", "more", "document 3"]);
  });
});

describe("input that is broken behind a document", () => {
  const array = JSON.stringify([container("first"), container("second"), container("third")], null, 4);
  const lines = [container("first"), container("second"), container("third")]
    .map((one) => JSON.stringify(one))
    .join("\n");

  test.each([
    ["torn", array.slice(0, array.indexOf('"/third"')), "ends midway"],
    ["torn, one a line", lines.slice(0, lines.indexOf('"/third"')), "ends midway"],
    ["a bare word", array.replace('"/third"', `third ${other}`), "is not JSON"],
    ["text behind", `${JSON.stringify([container("first"), container("second")])} ${other}`, "is not JSON"],
  ])("%s: what stands before is reported, and so are other sources", async (_what, text, what) => {
    const alone = await scan(text);
    expect([alone.code, alone.places]).toEqual([1, ["first DB_PASSWORD", "second DB_PASSWORD"]]);
    expect(alone.sources).toMatchObject([
      {
        subjects: 2,
        errors: [
          {
            subject: expect.stringMatching(/^character \d+$/) as string,
            message: `the input ${what}; what stands behind is not read`,
            hint: expect.stringContaining("docker inspect") as string,
          },
        ],
      },
    ]);
    const whole = saved("whole.json", JSON.stringify([container("whole")]));
    const both = await scan(text, ["inspect:-", whole]);
    expect([both.code, both.places]).toEqual([1, ["first DB_PASSWORD", "second DB_PASSWORD", "whole DB_PASSWORD"]]);
    const { stdout, code } = await world.unsprawl(["scan", "inspect:-"], { stdin: text });
    expect(code).toBe(1);
    expect(stdout).toMatch(/character \d+/);
  });

  test("nothing readable at all is a plain error, unless there are other sources", async () => {
    for (const text of [array.slice(0, 60), other, `[${other}]`]) {
      const ran = await world.unsprawl(["scan", "inspect:-"], { stdin: text });
      expect([ran.code, ran.stdout]).toEqual([1, ""]);
      expect(ran.stderr).toMatch(/the input .* \(character \d+\)/);
      expect(ran.stderr).not.toContain(other);
      const { code, places, sources } = await scan(text, [saved("whole.json", JSON.stringify([web])), "inspect:-"]);
      expect([code, places]).toEqual([1, ["web DB_PASSWORD"]]);
      expect(sources[1]).toMatchObject({ subjects: 0, errors: [{ subject: "inspect:-" }] });
    }
  });

  test("a document of more than 64 Mi characters is told by where it begins", async () => {
    const before = `${JSON.stringify(container("first"))}\n`;
    const large = JSON.stringify(container("large", { Padding: "a".repeat(64 * 1024 * 1024) }));
    const { code, places, sources } = await scan("", [saved("large.json", before + large)]);
    expect([code, places]).toEqual([1, ["first DB_PASSWORD"]]);
    expect(sources[0]?.errors).toMatchObject([
      { subject: `character ${before.length}`, message: expect.stringContaining("more than 64 Mi") as string },
    ]);
  });
});

test("several arrays, and objects between them, are one input", async () => {
  const first = JSON.stringify([container("first")], null, 4);
  const text = `${first}\n[]\n${first.replaceAll("first", "second")}\n${JSON.stringify(web)}${JSON.stringify([container("third")])}`;
  const { code, places, sources } = await scan(text);
  expect([code, sources[0]?.errors]).toEqual([3, []]);
  expect(places).toEqual(["first", "second", "third", "web"].map((name) => `${name} DB_PASSWORD`));
});

describe("an empty input", () => {
  test.each(["", " \n"])("%j is an error", async (stdin) => {
    const { code, sources } = await scan(stdin);
    expect(code).toBe(1);
    expect(sources).toEqual([
      {
        source: "inspect:-",
        subjects: 0,
        errors: [
          {
            subject: "stdin",
            about: { kind: "any" },
            message: "the input is empty",
            hint: "docker inspect NAME | unsprawl scan inspect:-; set -o pipefail shows why the first command failed",
          },
        ],
      },
    ]);
    const file = await scan("", [saved("empty.json", stdin)]);
    expect([file.code, file.sources[0]?.errors[0]?.message]).toEqual([1, "the input is empty"]);
  });

  test("an empty array is none", async () => {
    const { code, sources } = await scan("[]\n");
    expect([code, sources]).toEqual([0, [{ source: "inspect:-", subjects: 0, errors: [] }]]);
  });
});

describe("classify", () => {
  test("a byte order mark at the beginning is passed over, and nowhere else", async () => {
    const line = `${JSON.stringify({ id: 1, name: "DB_PASSWORD", value: password })}\n`;
    const { code, stdout } = await world.unsprawl(["classify"], { stdin: `\ufeff${line}\ufeff${line}` });
    expect(code).toBe(1);
    const answers = stdout.trimEnd().split("\n");
    expect(answers.map((one) => JSON.parse(one) as unknown)).toMatchObject([{ id: 1, secret: true }, { line: 2 }]);
  });

  test("a value of nearly 1 MiB is read however it is escaped; a line of more than 8 MiB is not", async () => {
    const escaped = "\\u0061".repeat((1 << 20) - 1);
    const stdin = `{"id":1,"name":"A","value":"${escaped}"}\n{"id":2,"name":"A","value":"${"a".repeat(8 << 20)}"}\n`;
    const { code, stdout } = await world.unsprawl(["classify"], { stdin });
    expect(code).toBe(1);
    const answers = stdout.trimEnd().split("\n");
    expect(answers.map((one) => JSON.parse(one) as unknown)).toMatchObject([
      { id: 1 },
      { line: 2, error: "the line is longer than 8 MiB" },
    ]);
  });
});
