import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describedIn } from "../../../migrations/platform-file/recognise.ts";
import { platforms } from "../../../migrations/platform-file/platforms/index.ts";
import { mayHoldVariables } from "../../../migrations/platform-file/syntax/keys.ts";
import { readHcl } from "../../../migrations/platform-file/syntax/hcl.ts";
import { memberText, member } from "../../../migrations/platform-file/syntax/part.ts";
import { assemble } from "../../../src/assembly/index.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { scan } from "../../../src/core/scan.ts";
import type { Finding } from "../../../src/model/finding.ts";
import { password } from "../files-world.ts";
import { filled, PLATFORM_FILES } from "./fixtures.ts";

const secrets = Array.from({ length: 4 }, password);

it("every platform has a file here", () => {
  expect(PLATFORM_FILES.map(({ platform }) => platform).sort()).toEqual(
    platforms
      .map(({ name }) => name)
      .filter((name) => name !== "github-action")
      .sort(),
  );
});

describe("scan dir:", () => {
  let dir: string;
  let findings: readonly Finding[];
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "unsprawl-platform-"));
    for (const { file, text } of PLATFORM_FILES) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), filled(text, secrets));
    }
    writeFileSync(join(dir, "broken.tf"), `resource "docker_container" "x" {\n  env = ["DB_PASSWORD=${secrets[0]}",\n`);
    const tools = await assemble({ HOME: dir }, dir, null).scanTools(false);
    const host = {
      emit: () => undefined,
      ask: () => Promise.reject(new Error("asks")),
      signal: new AbortController().signal,
    };
    const { report } = await scan({ sources: [`dir:${dir}`], minConfidence: "medium" }, tools, host);
    ({ findings } = report);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(PLATFORM_FILES)(
    "finds the secrets of $platform and nothing else, each once, with its place",
    ({ file, at }) => {
      const own = findings.filter(({ location }) => location.subjectName === file);
      expect(own.map(({ name, location: { path } }) => `${name} ${path}`).sort()).toEqual(
        at.map(([name, of, line]) => `${name} line ${line}${of === "" ? "" : ` in ${of}`}`).sort(),
      );
      expect(own.flatMap(({ exposure }) => exposure)).not.toEqual([]);
    },
  );

  it("a broken file is still searched as text", () => {
    const own = findings.filter(({ location }) => location.subjectName === "broken.tf");
    expect(own.map(({ name, location: { path } }) => [name, path])).toEqual([
      ["DB_PASSWORD", expect.stringMatching(/^line 2/)],
    ]);
  });
});

describe("what is not a description", () => {
  const deep = 200_000;
  it.each([
    ["an empty file", "main.tf", ""],
    ["nested brackets", "main.tf", `variable "x" { default = ${"[".repeat(deep)}`],
    ["nested blocks", "main.tf", 'resource "a" "b" {'.repeat(deep / 20)],
    ["heredocs without an end", "main.tf", `variable ${"<<A\n".repeat(deep / 4)}`],
    ["quotes without an end", "main.tf", `variable ${'"${'.repeat(deep / 3)}`],
    ["nested JSON", "task.json", `{"containerDefinitions":${"[".repeat(deep)}`],
    ["nested YAML", "roles/a/vars/main.yml", "[".repeat(deep / 100)],
    [
      "aliases of aliases",
      "roles/a/vars/main.yml",
      `a: &a {x: y}\n${Array.from({ length: 99 }, (_, at) => `b${at}: &b${at} [*a, *a]\n`).join("")}`,
    ],
    ["template markup without an end", "x.yml.j2", "{{".repeat(deep / 2)],
  ])("%s is read to its end and declares nothing", async (_what, file, text) => {
    const platform = platforms.find(({ path }) => path.test(file));
    expect((await describedIn(file, text, platform))?.variables).toEqual([]);
  });
});

describe("only a text with the keys of an environment is parsed", () => {
  const environments = [
    { at: "services/*/environment", form: "map" },
    { at: "**/env", form: { name: "name", value: "value" } },
  ] as const;

  it.each([
    "services:\n  a:\n    environment:\n      A: b",
    `"services" : {"a": {"environment"\n: {}}}`,
    "? services\n: {a: {environment: {}}}",
    'services "a" {\n  environment   = {}\n}',
    "[services.a.environment]",
    "env:\n- name: A\n  value: b",
  ])("%j has them", (text) => {
    expect(mayHoldVariables(text, environments)).toBe(true);
  });

  it.each(["the environment of services: none", "{{ .Values.env }}\nname: a\nvalue: b", "env:\n- name: A"])(
    "%j has not",
    (text) => {
      expect(mayHoldVariables(text, environments)).toBe(false);
    },
  );
});

it.each([
  ["an escape", String.raw`a = "x\"\n\u00e4\\"`, 'x"\nä\\'],
  ["a dollar sign that is meant", 'a = "x$${y}"', "x${y}"],
  ["a name filled in", 'a = "x${var.y["z"]}-"', '${var.y["z"]}'],
  ["a heredoc", "a = <<-EOF\n  x\n  EOF\nb = 1", "  x\n"],
  ["a comment after it", 'a = "x" # "y"', "x"],
])("%s in HCL is read as Terraform reads it", (_what, text, expected) => {
  expect(memberText(readHcl(text), "a")).toContain(expected);
});

it("an expression that is more than a literal is left out of HCL, and what follows it is read", () => {
  const read = readHcl(`
    a = join(",", ["x", "y"])
    b = var.c ? "x" : "y"
    d = { for k, v in var.m : k => upper(v) if v != "" }
    e = "last"
  `);
  expect(memberText(read, "e")).toBe("last");
  expect([member(read, "a"), member(read, "b")]).toEqual([null, null]);
});

it("the offsets are those of the written values", async () => {
  for (const { file, text, at } of PLATFORM_FILES) {
    const written = filled(text, secrets);
    const { variables = [] } = (await describedIn(file, written)) ?? {};
    for (const [name, of, line] of at) {
      const found = variables.find((one) => one.name === name && one.of === of && lineOf(written, one.start) === line);
      expect(found, `${file} ${name}`).toBeDefined();
      expect(
        secrets.some((secret) => written.slice(found?.start, found?.end).includes(secret)),
        file,
      ).toBe(true);
    }
  }
});
