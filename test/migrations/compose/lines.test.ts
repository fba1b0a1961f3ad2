import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { carriedSecret } from "../../../migrations/compose/rewrite/carries.ts";
import type { ServiceChange } from "../../../migrations/compose/rewrite/change.ts";
import { rewriteProject } from "../../../migrations/compose/rewrite/index.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { Secret } from "../../../src/model/secret.ts";
import { makeWorld } from "../../support/world.ts";
import { password } from "../files-world.ts";

/** The file and line that a scan names are those of the secret: editors, SARIF and CI systems point there. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

type Report = {
  readonly findings: readonly {
    readonly name: string;
    readonly location: { readonly place: { readonly file: string; readonly fileLine: number } };
  }[];
};

/** By the name of each variable that a scan finds: the line that it names. */
async function linesOf(
  files: { readonly [name: string]: string },
  env = {},
): Promise<{ readonly [name: string]: string }> {
  const dir = mkdtempSync(join(world.dir, "project-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const { stdout } = await world.unsprawl(["scan", `compose:${dir}`, "--json"], { env });
  rmSync(dir, { recursive: true });
  const { findings } = JSON.parse(stdout) as Report;
  return Object.fromEntries(
    findings.map(({ name, location: { place } }) => [name, `${place.file.replace(`${dir}/`, "")}:${place.fileLine}`]),
  );
}

test("of a URL that several lines of .env fill in, the line of its password", async () => {
  const url = "postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST}/${DB_NAME}";
  const dotenv = `DB_USER=app\nDB_PASSWORD=${password()}\nDB_HOST=db.internal\nDB_NAME=app\n`;
  const compose = `services:\n  web:\n    image: a\n    environment:\n      DATABASE_URL: ${url}\n`;
  expect(await linesOf({ "compose.yaml": compose, ".env": dotenv })).toEqual({ DATABASE_URL: ".env:2" });
  // By way of another line, and in an env file that the service names.
  const byLine = `${dotenv}URL=${url}\n`;
  expect(await linesOf({ "compose.yaml": compose.replace(url, "${URL}"), ".env": byLine })).toEqual({
    DATABASE_URL: ".env:2",
  });
  const named = "services:\n  web:\n    image: a\n    env_file: web.env\n";
  expect(await linesOf({ "compose.yaml": named, "web.env": `A=1\nDATABASE_URL=${url}\n`, ".env": dotenv })).toEqual({
    DATABASE_URL: ".env:2",
  });
});

test("of a line that a later one overrides, the later one; of a default, its text; of what the shell sets, where it is filled in", async () => {
  const [one, two] = [password(), password()];
  const compose = `services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: \${DB}\n      API_PASSWORD: \${API:-${one}}\n`;
  expect(await linesOf({ "compose.yaml": compose, ".env": `DB=${two}\nDB=${two}\n` })).toEqual({
    DB_PASSWORD: ".env:2",
    API_PASSWORD: "compose.yaml:6",
  });
  // The line of .env has the same value, and no effect.
  expect(await linesOf({ "compose.yaml": compose, ".env": `DB=${two}\nAPI=\n` }, { DB: two })).toEqual({
    DB_PASSWORD: "compose.yaml:5",
    API_PASSWORD: "compose.yaml:6",
  });
});

test("of a variable that an env file passes on by its name alone, the line that sets it", async () => {
  const compose = "services:\n  web:\n    image: a\n    env_file: web.env\n";
  expect(
    await linesOf({
      "compose.yaml": compose,
      "web.env": "DB_PASSWORD\nA=1\n",
      ".env": `B=2\nDB_PASSWORD=${password()}\n`,
    }),
  ).toEqual({ DB_PASSWORD: ".env:2" });
});

test("a variable that an env file passes on by its name alone leaves the line that sets it too", async () => {
  const [value, reference] = [password(), "ref+vault://secret/apps/web#/DB_PASSWORD"];
  const dir = mkdtempSync(join(world.dir, "project-"));
  writeFileSync(join(dir, "compose.yaml"), "services:\n  web:\n    image: a\n    env_file: web.env\n");
  writeFileSync(join(dir, "web.env"), "DB_PASSWORD\nA=1\n");
  writeFileSync(join(dir, ".env"), `B=2\nDB_PASSWORD=${value}\n`);
  const project = await loadProject({
    files: [join(dir, "compose.yaml")],
    dir: null,
    name: "p",
    envFiles: [],
    env: {},
  });
  const name = "DB_PASSWORD";
  const wish: ServiceChange = {
    ...{ service: "web", entrypoint: [], cmd: [], health: null, words: null },
    moves: [{ name, masked: "••••", ...carriedSecret(Secret.of(value), null) }],
    change: {
      ...{ unset: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null },
      ...{ set: [{ name, value: reference }], runtime: "unsprawl" },
    },
  };
  const { files } = await rewriteProject(project, [wish], new Set());
  const texts = Object.fromEntries(files.map(({ file, text }) => [relative(dir, file), text]));
  expect(texts).toMatchObject({ ".env": "B=2\n", "web.env": expect.not.stringContaining(value) as string });
  expect(Object.values(texts).join("")).toContain(reference);
});

test("of a text that an alias repeats, the text", async () => {
  const compose = `x-password: &password ${password()}\nservices:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: *password\n`;
  expect(await linesOf({ "compose.yaml": compose })).toEqual({ DB_PASSWORD: "compose.yaml:1" });
});
