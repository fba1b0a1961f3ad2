import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadProject, type ComposeProject } from "../../../migrations/compose/syntax/project.ts";
import type { ServiceChange } from "../../../migrations/compose/rewrite/change.ts";
import { newToFile } from "../../../migrations/compose/syntax/copied-words.ts";
import { expressionsOf, fileWords } from "../../../migrations/compose/words/written.ts";

// Words that a delivery copies: what Compose fills in is not written out.

const dir = mkdtempSync(join(tmpdir(), "unsprawl-words-"));
afterAll(() => rmSync(dir, { recursive: true }));

const ENV = "DOOR=blue-door\nNOTE=the blue door\nPORT=8080\n";

async function projectOf(...services: readonly string[]): Promise<ComposeProject> {
  writeFileSync(join(dir, ".env"), ENV);
  const files = services.map((text, at) => {
    const file = join(dir, `${at}.yaml`);
    writeFileSync(file, `services:\n  web:\n    image: x\n${text}\n`);
    return file;
  });
  return loadProject({ files, dir, name: "p", envFiles: [], env: {} });
}

const BOTH = { entrypoint: true, health: true };

describe("an entrypoint", () => {
  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ["the image's", [""], ["run", "$A"], ["run", "$$A"]],
    ["a list", ['    entrypoint: [run, "${DOOR}", "$$A"]'], ["run", "blue-door", "$A"], ["run", "${DOOR}", "$$A"]],
    [
      "a text",
      ["    entrypoint: run --a=${DOOR} ${MODE:-a}"],
      ["run", "--a=blue-door", "a"],
      ["run", "--a=${DOOR}", "${MODE:-a}"],
    ],
    [
      "a text with a default in a default",
      ["    entrypoint: run --a=${NONE:-${MODE:-a}} ${DOOR}"],
      ["run", "--a=a", "blue-door"],
      ["run", "--a=${NONE:-${MODE:-a}}", "${DOOR}"],
    ],
    // In a time that does not grow with the square of them.
    [
      "a text of very many variables",
      [`    entrypoint: run${" ${MODE:-a}".repeat(20_000)}`],
      ["run", "b"],
      ["run", "b"],
    ],
    [
      "with an earlier run's words",
      ['    entrypoint: [/bin/sh, /run/unsprawl/entrypoint, A, --, run, "${DOOR}"]'],
      ["run", "blue-door"],
      ["run", "${DOOR}"],
    ],
    ["of an override", ["    entrypoint: [old]", '    entrypoint: ["${NOTE}"]'], ["the blue door"], ["${NOTE}"]],
    ["a port, written out", ['    entrypoint: run "a" ${PORT}'], ["run", "a", "8080"], ["run", "a", "8080"]],
  ])("%s", async (_what, files, runs, expected) => {
    const words = { service: "web", entrypoint: runs, health: null };
    expect(fileWords(await projectOf(...files), words, BOTH)).toEqual({ entrypoint: expected, health: null });
  });

  it.each<[string, string, readonly string[]]>([
    ["whose text Compose splits by what is filled in", "    entrypoint: run ${NOTE}", ["run", "the", "blue", "door"]],
    ["with quotes around a variable", '    entrypoint: run "${DOOR}"', ["run", "blue-door"]],
    ["that the container has another of", '    entrypoint: [run, "${DOOR}"]', ["run", "red-door"]],
  ])("is not copied: %s", async (_what, file, runs) => {
    const project = await projectOf(file);
    const words = { service: "web", entrypoint: runs, health: null };
    expect(() => fileWords(project, words, BOTH)).toThrow(
      /of entrypoint would be written in plain text into the Compose file/,
    );
    expect(() => fileWords(project, words, { entrypoint: false, health: false })).not.toThrow();
  });
});

it("a health check keeps its kind", async () => {
  const checks: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["test -n ${DOOR}", ["CMD-SHELL", "test -n blue-door"], ["CMD-SHELL", "test -n ${DOOR}"]],
    ['["CMD", "a", "${NOTE}"]', ["CMD", "a", "the blue door"], ["CMD", "a", "${NOTE}"]],
    [
      '["CMD", "/bin/sh", "/run/unsprawl/entrypoint", "A", "--", "a", "${NOTE}"]',
      ["CMD", "a", "the blue door"],
      ["CMD", "a", "${NOTE}"],
    ],
  ];
  for (const [test, runs, expected] of checks) {
    const project = await projectOf(`    healthcheck:\n      test: ${test}`);
    expect(fileWords(project, { service: "web", entrypoint: [], health: runs }, BOTH).health).toEqual(expected);
  }
});

it("a variable is kept as the file fills it in", async () => {
  const project = await projectOf('    command: "run ${MODE:-quiet} ${DOOR} $DOOR"');
  const web = project.services.get("web");
  const found = web === undefined ? [] : [...expressionsOf(web)].map(([name, texts]) => [name, ...texts]);
  expect(found).toEqual([
    ["MODE", "${MODE:-quiet}"],
    ["DOOR", "${DOOR}", "$DOOR"],
  ]);
});

it("only words that no file of the project had may bring a secret into one", async () => {
  const project = await projectOf('    entrypoint: [run, "${DOOR}"]\n    healthcheck: { test: "check ${DOOR}" }');
  const wish = (health: readonly string[], entrypoint: readonly string[] = ["run", "blue-door"]): ServiceChange => ({
    ...{ service: "web", moves: [], entrypoint, cmd: ["serve"], health, words: null },
    change: {
      ...{ unset: [], set: [], mounts: [], runtime: null },
      ...{ entrypointPrefix: ["/bin/sh"], healthcheckPrefix: ["/bin/sh"] },
    },
  });
  const none = { Entrypoint: [], Cmd: ["serve"], Healthcheck: [] };
  expect(newToFile(project, wish(["CMD-SHELL", "check blue-door"]))).toEqual(none);
  const other = newToFile(project, wish(["CMD", "old"], ["old"]));
  expect([other.Entrypoint, other.Healthcheck]).toEqual([["old"], ["CMD", "old"]]);
  const bare = newToFile(await projectOf(""), wish(["CMD-SHELL", "its own"]));
  expect(bare).toEqual({
    Entrypoint: ["run", "blue-door"],
    Cmd: ["serve"],
    Healthcheck: ["CMD", "/bin/sh", "-c", "its own"],
  });
});
