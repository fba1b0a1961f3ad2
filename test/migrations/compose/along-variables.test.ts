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

it("what the same line of .env is filled into moves along", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-along-"));
  try {
    writeFileSync(join(dir, ".env"), `KEY=${key}\nSAME=${key}\nOUTSIDE=\n`);
    writeFileSync(
      join(dir, "own.env"),
      'LATER=${KEY}\nHIDDEN=${KEY}\nOPTIONS="--login= ${KEY}$$"\nESCAPED="\\\\ ${KEY}"\n',
    );
    const file = join(dir, "compose.yaml");
    writeFileSync(
      file,
      `services:
  app: { image: x, environment: { KEY: , URL: "redis://:\${KEY}@db", OTHER: "\${SAME}", BY_DEFAULT: "\${NONE:-\${KEY}}", AS_TEXT: "a${key}" } }
  web: { image: x, environment: { API_KEY: "${key}", NEXT_PUBLIC_API_KEY: "${key}", PASSWORD: my_app, USERNAME: my_app } }
  db: { image: x, environment: ["LOGIN=\${KEY:-none}", "NOTE=KEY"] }
  job: { image: x, env_file: own.env, environment: { HIDDEN: "1" } }
  all: { image: x, env_file: .env }
`,
    );
    const project = await loadProject({ files: [file], dir: null, name: "p", envFiles: [], env: {} });
    const along = (name: string, value = key, of = "app"): readonly string[] =>
      alongVariables(project, [{ service: of, name, value: Secret.of(value) }]).map(
        ({ service, name: found, within }) => [service, found, ...(within === null ? [] : [within.start])].join(" "),
      );
    const parts = ["app URL 9", "job OPTIONS 9", "job ESCAPED 2"];
    expect(along("KEY")).toEqual([
      parts[0],
      "app OTHER",
      "app BY_DEFAULT",
      "db LOGIN",
      "job LATER",
      ...parts.slice(1),
      "all KEY",
    ]);
    // Another line with the same text, and what the files do not set to this.
    expect([along("OTHER"), along("URL", `redis://:${key}@db`), along("KEY", password())]).toEqual([
      ["app KEY", "app BY_DEFAULT", "all SAME"],
      [],
      [],
    ]);
    // Of the same service, one that has the value by itself; not a user's name.
    expect([along("API_KEY", key, "web"), along("PASSWORD", "my_app", "web")]).toEqual([
      ["web NEXT_PUBLIC_API_KEY"],
      [],
    ]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("what moves along stays if nothing of its value moves any more", () => {
  const one = (name: string, value: string): Selected =>
    ({ move: { name }, value: Secret.of(value), finding: { fingerprint: value } }) as unknown as Selected;
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
