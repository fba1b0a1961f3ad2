import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SOURCES } from "../../src/assembly/plug-ins.ts";
import { COMMANDS, COMMON_OPTIONS } from "../../src/cli/commands.ts";
import { KEYMAP } from "../../src/tui/keymap.ts";
import { need } from "../services/apt.ts";
import { makeWorld } from "../support/world.ts";

const NAMES = COMMANDS.map((spec) => spec.usage.split(" ")[0] ?? "");
const world = makeWorld("unix:///nonexistent");

afterAll(() => world.remove());

describe("help", () => {
  it("without a terminal `unsprawl` alone is the usage on stderr, exit 2", async () => {
    const ran = await world.unsprawl([]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("Usage: unsprawl");
    for (const name of NAMES) expect(ran.stderr).toContain(`  ${name}`);
  });

  it("asks nothing without a terminal, whatever was asked for", async () => {
    const ran = await world.unsprawl(["--accessible"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("needs a terminal");
    expect((await world.unsprawl(["--accessible", "scan"])).code).toBe(2);
  });

  it("lists every command, and every exit code", async () => {
    const { code, stdout, stderr } = await world.unsprawl(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { usage, summary } of COMMANDS) {
      expect(stdout).toContain(`  ${usage.split(" ")[0] ?? ""}`);
      expect(stdout.replace(/\s+/g, " ")).toContain(summary.replace(/\s+/g, " "));
    }
    for (const exit of [
      "0 fine",
      "1 failed",
      "2 usage",
      "3 findings",
      "4 authentication",
      "5 partly",
      "130 interrupted",
    ])
      expect(stdout).toContain(exit);
  });

  it.each(NAMES)("of %s names each of its flags", async (name) => {
    const { code, stdout } = await world.unsprawl([name, "--help"]);
    expect(code).toBe(0);
    for (const [flags] of [...(COMMANDS.find((spec) => spec.usage.startsWith(name))?.options ?? []), ...COMMON_OPTIONS])
      expect(stdout).toContain(flags);
  });

  it("the version is printed alone", async () => {
    expect(await world.unsprawl(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n", stderr: "" });
  });
});

it("the manual is one that man(7) has nothing against, and tells every command, flag and key", async () => {
  const man = new URL("../../dist/unsprawl.1", import.meta.url).pathname;
  const groff = await need("groff", ["groff-base"]);
  const { status, stdout, stderr } = spawnSync(groff, ["-man", "-Tutf8", "-P-cbou", "-ww", man], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  const shown = stdout.replaceAll("\u2010\n", "-").replace(/\s+/g, " ");
  const text = shown.replace(/- (?=\S)/g, ""); // words cut at a line's end
  for (const { usage, options } of COMMANDS) {
    expect(text).toContain(`unsprawl ${usage.split(" ")[0] ?? ""}`);
    for (const [flags] of options) expect(text).toContain(flags.split(/[ ,]/)[0]);
  }
  for (const { show } of KEYMAP) expect(text).toContain(show);
});

describe("a completion script", () => {
  const script = async (shell: string): Promise<string> => {
    const ran = await world.unsprawl(["completion", shell]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const file = join(world.dir, `completion.${shell}`);
    writeFileSync(file, ran.stdout);
    return file;
  };
  const output = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, {
      cwd: world.dir,
      env: { PATH: world.env["PATH"], HOME: world.dir, TERM: "dumb" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  it("for bash is valid, and completes commands and flags", async () => {
    const file = await script("bash");
    output("bash", ["-n", file]);
    const complete = (...words: string[]): string[] =>
      output("bash", [
        "--norc",
        "-c",
        `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _unsprawl; printf '%s\\n' "\${COMPREPLY[@]}"`,
        file,
        ...words,
      ])
        .split("\n")
        .filter(Boolean);
    expect(complete("unsprawl", "").sort()).toEqual([...NAMES].sort());
    expect(complete("unsprawl", "mig")).toEqual(["migrate"]);
    expect(complete("unsprawl", "migrate", "--deliv")).toEqual(["--deliver"]);
    expect(complete("unsprawl", "scan", "--format", "gi")).toEqual(["github", "gitlab"]);
    expect(complete("unsprawl", "plan", "--accept", "s")).toEqual(["sharers", "stack"]);
    for (const { kind } of SOURCES) expect(complete("unsprawl", "scan", kind)).toContain(`${kind}:`);
    expect(complete("unsprawl", "classify", "--")).toEqual(
      COMMON_OPTIONS.map(([flags]) => /--[\w-]+/.exec(flags)?.[0]),
    );
  });

  it("for zsh is valid", async () => {
    output(await need("zsh", ["zsh"]), ["-n", await script("zsh")]);
  });

  it("for fish is valid, and completes commands and flags", async () => {
    const fish = await need("fish", ["fish"]);
    const file = await script("fish");
    output(fish, ["--no-execute", file]);
    const complete = (line: string): string[] =>
      output(fish, ["--no-config", "-c", `source ${file}; complete --do-complete '${line}'`])
        .split("\n")
        .filter(Boolean)
        .map((one) => one.split("\t")[0] ?? "");
    expect(complete("unsprawl mig")).toEqual(["migrate"]);
    expect(complete("unsprawl migrate --deliv")).toEqual(["--deliver"]);
    expect(complete("unsprawl scan --format gi")).toEqual(["github", "gitlab"]);
    expect(complete("unsprawl plan --accept s")).toEqual(["sharers", "stack"]);
    for (const { kind } of SOURCES) expect(complete(`unsprawl scan ${kind}`)).toContain(`${kind}:`);
    expect(NAMES.filter((name) => !complete("unsprawl ").includes(name))).toEqual([]);
  });
});
