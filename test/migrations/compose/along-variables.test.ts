import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { leftBehind, without } from "../../../migrations/compose/along.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { alongVariables } from "../../../migrations/compose/words/along.ts";
import type { Selected } from "../../../src/contract/migration.ts";
import { Secret } from "../../../src/model/secret.ts";
import { password } from "../files-world.ts";

const key = password();

it("only the whole value from the same line of .env moves along", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-along-"));
  try {
    writeFileSync(join(dir, ".env"), `KEY=${key}\nSAME=${key}\nOUTSIDE=\n`);
    writeFileSync(join(dir, "own.env"), "LATER=${KEY}\nHIDDEN=${KEY}\n");
    const file = join(dir, "compose.yaml");
    writeFileSync(
      file,
      `services:
  app: { image: x, environment: { KEY: , URL: "redis://:\${KEY}@db", OTHER: "\${SAME}", BY_DEFAULT: "\${NONE:-\${KEY}}" } }
  db: { image: x, environment: ["LOGIN=\${KEY:-none}", "NOTE=KEY"] }
  job: { image: x, env_file: own.env, environment: { HIDDEN: "1" } }
`,
    );
    const project = await loadProject({ files: [file], dir: null, name: "p", envFiles: [], env: {} });
    const along = (name: string, value = key): readonly string[] =>
      alongVariables(project, [{ service: "app", name, value: Secret.of(value) }]).map(
        (one) => `${one.service} ${one.name}`,
      );
    expect(along("KEY")).toEqual(["app BY_DEFAULT", "db LOGIN", "job LATER"]);
    // Another line with the same text, a part of a value, and what the files do not set to this.
    expect([along("OTHER"), along("URL", `redis://:${key}@db`), along("KEY", password())]).toEqual([[], [], []]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("what moves along stays if nothing of its value moves any more", () => {
  const one = (name: string, value: string): Selected =>
    ({ move: { name }, value: Secret.of(value) }) as unknown as Selected;
  const [leader, follower, other] = [one("KEY", key), one("LOGIN", key), one("TOKEN", password())];
  const isAlong = (it: Selected): boolean => it === follower;
  const all = new Map([
    ["app", [leader, other]],
    ["db", [follower]],
  ]);
  expect(leftBehind(all, isAlong)).toEqual([]);
  const rest = without(all, [leader]);
  expect(leftBehind(rest, isAlong)).toEqual([follower]);
  expect([...without(rest, [follower])]).toEqual([["app", [other]]]);
});
