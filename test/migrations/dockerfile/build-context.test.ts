import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copiedSecrets } from "../../../migrations/dockerfile/build-context.ts";
import { parseDockerfile } from "../../../src/images/dockerfile.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "unsprawl-context-"))));
afterEach(() => rmSync(dir, { recursive: true }));

async function copied(dockerfile: string, files: readonly string[], more: { [name: string]: string } = {}) {
  for (const path of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), "x\n");
  }
  for (const [path, text] of Object.entries(more)) writeFileSync(join(dir, path), text);
  const found = await copiedSecrets(join(dir, "Dockerfile"), parseDockerfile(dockerfile));
  return found.copied.map(
    ({ path, file, instruction }) => `${path}${file === null ? " missing" : ""}:${instruction.line}`,
  );
}

const ALL = [
  ".env",
  "src/.npmrc",
  "deploy/id_rsa",
  "readme.md",
  ".env.example",
  "node_modules/a/.env",
  "certs/tls.key",
];

test.each([
  ["all of the folder", "FROM a\nCOPY . /app\n", [".env:2", "certs/tls.key:2", "deploy/id_rsa:2", "src/.npmrc:2"]],
  ["a folder", "COPY ./src/ /app/", ["src/.npmrc:1"]],
  ["a glob", "COPY c*s/*.key /app/", ["certs/tls.key:1"]],
  ["a list with flags", 'COPY --chown=1:1 --link ["deploy", "src/.npmrc", "/x/"]', ["deploy/id_rsa:1", "src/.npmrc:1"]],
  ["a file by its name", "ADD .env .\n", [".env:1"]],
  ["one that is not there", "COPY prod.env /app/", ["prod.env missing:1"]],
  ["another stage's", "COPY --from=build . /app", []],
  ["what is written in the Dockerfile itself", "COPY <<EOF /app/.env\nA=b\nEOF\n", []],
  ["what is fetched", "ADD https://example.org/.env /app/", []],
  ["nothing secret", "COPY readme.md .", []],
])("%s", async (_what, dockerfile, expected) => {
  expect(await copied(dockerfile, ALL)).toEqual(expected);
});

test("what .dockerignore keeps out is not copied, and the Dockerfile's own one wins", async () => {
  const ignore = { ".dockerignore": "**/.env\n*.key\n" };
  expect(await copied("COPY . .", ALL, ignore)).toEqual(["certs/tls.key:1", "deploy/id_rsa:1", "src/.npmrc:1"]);
  const own = { ...ignore, "Dockerfile.dockerignore": "*\n!src\n" };
  expect(await copied("COPY . .", [], own)).toEqual(["src/.npmrc:1"]);
  expect(await copied("COPY .env .", [], { ".dockerignore": ".env", "Dockerfile.dockerignore": ".env" })).toEqual([]);
});

test("links are not followed", async () => {
  symlinkSync("/etc", join(dir, "etc"));
  symlinkSync("/etc/passwd", join(dir, ".env"));
  expect(await copied("COPY . .", [])).toEqual([]);
});
