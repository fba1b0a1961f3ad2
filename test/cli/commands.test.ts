import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { containers, DB_PASSWORD } from "./containers.ts";

const { world, standing } = await containers("commands");

describe("every other --json document is one of version 1", () => {
  it.each<[args: readonly string[], shape: object]>([
    [["runs", "--json"], { runs: [] }],
    [["stores", "--json"], { stores: [] }],
    [["rules", "--json"], { rules: expect.any(Array) as unknown[] }],
    [["doctor", "--json"], { checks: expect.any(Array) as unknown[] }],
    [["runtime", "status", "--json"], { installed: false, registered: false, lines: expect.any(Array) as unknown[] }],
    [["runtime", "install", "--print", "--json"], { programText: expect.stringContaining("#!/bin/sh") as string }],
    [["render", "--all", "--json"], { rendered: [] }],
    [["plan", "docker:commands-clean", "--to", "local", "--json"], { steps: [], notMoved: [] }],
    [
      ["plan", "docker:commands-two", "--to", "local", "--json"],
      {
        id: expect.any(String) as string,
        keyId: expect.any(String) as string,
        steps: expect.arrayContaining([expect.objectContaining({ kind: "put", unit: "commands-two" })]) as unknown[],
      },
    ],
    [["migrate", "docker:commands-clean", "--to", "local", "--yes", "--json"], { run: null, state: "done", units: [] }],
  ])("%j", async (args, shape) => {
    const ran = await world.unsprawl(args);
    expect(JSON.parse(ran.stdout)).toMatchObject({ version: 1, ...shape });
    expect(ran.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(ran.stdout + ran.stderr).not.toContain(DB_PASSWORD);
  });
});

describe("what reads only, changes nothing", () => {
  it("scan and plan leave the engine, the store and the working directory as they are", async () => {
    const before = [standing(), readdirSync(world.dir).sort()];
    await world.unsprawl(["scan", "docker:commands-*"]);
    await world.unsprawl(["plan", "docker:commands-*", "--to", "local"]);
    expect([standing(), readdirSync(world.dir).sort()]).toEqual(before);
  });
});

describe("classify", () => {
  it("answers in order, one line each; a bad line is numbered, not quoted, and exits 1 at the end", async () => {
    const lines = [
      JSON.stringify({ id: 7, where: "env", name: "DB_PASSWORD", value: DB_PASSWORD }),
      `{"id": ${DB_PASSWORD}`,
      "",
      JSON.stringify({ id: "b", where: "env", name: "LOG_LEVEL", value: "info" }),
    ];
    const ran = await world.unsprawl(["classify"], { stdin: lines.join("\n") });
    expect(ran.code).toBe(1);
    const answers = ran.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { [key: string]: unknown });
    expect(answers).toMatchObject([
      { id: 7, secret: true, confidence: "high" },
      { line: 2, error: expect.any(String) as string },
      { id: "b", secret: false },
    ]);
    expect(Object.keys(answers[0] ?? {})).toEqual(["id", "secret", "confidence", "score", "rule", "why"]);
    expect(ran.stdout + ran.stderr).not.toContain(DB_PASSWORD);
  });

  it("exits 0 when every line is good, and on no line at all", async () => {
    expect(await world.unsprawl(["classify"], { stdin: "" })).toMatchObject({ code: 0, stdout: "" });
    expect(
      (
        await world.unsprawl(["classify"], {
          stdin: `${JSON.stringify({ id: 1, where: "env", name: "A", value: "b" })}\n`,
        })
      ).code,
    ).toBe(0);
  });
});

it("rules test reads its value on stdin and does not repeat it", async () => {
  const ran = await world.unsprawl(["rules", "test", "--name", "DB_PASSWORD"], { stdin: `${DB_PASSWORD}\n` });
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("secret: ") as string });
  expect(ran.stdout).not.toContain(DB_PASSWORD);
});

it("an engine that is not there is unreachable, exit 1, with what to do", async () => {
  const ran = await world.unsprawl(["scan"], { env: { DOCKER_HOST: "unix:///nonexistent.sock" } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/no such socket[^]*next: start the engine/);
});

it("a reader that goes away early is no failure", () => {
  const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const told = execFileSync(
    "bash",
    [
      "-c",
      `set -o pipefail; "$0" "$1" rules | head -n 1 > /dev/null; echo "\${PIPESTATUS[0]}"`,
      process.execPath,
      main,
    ],
    { cwd: world.dir, env: world.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
  );
  expect(told.trim()).toBe("0");
});
