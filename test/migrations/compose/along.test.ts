import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// A variable that is no secret by its name moves with the secret that it equals; a plain word that two equal is named, and
// one that is a part of a variable's name is no copy of the value.

const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const WORD = "admin";
const key = password();

const COMPOSE = `name: along
x-app: &app { image: ${BUSYBOX}, network_mode: none, command: ${COMMAND} }
x-base: &base
  PLAIN_NAME: \${S3_SECRET_KEY}
services:
  minio:
    <<: *app
    environment:
      - ROOT_LOGIN=\${S3_SECRET_KEY}
      - SITE=postgresql://<app>:\${S3_SECRET_KEY}@db/\${OTHER}
  app:
    <<: *app
    environment:
      <<: *base
      S3_SECRET_KEY: \${S3_SECRET_KEY}
  gvm:
    <<: *app
    logging: { driver: json-file, options: { tag: '"${WORD}"' } }
    environment:
      - USERNAME="${WORD}"
      - TITLE="${WORD}"
      - PASSWORD="${WORD}"
  web:
    <<: *app
    environment: { EDITOR_API_KEY: "${key}-web", NEXT_PUBLIC_EDITOR_API_KEY: "${key}-web" }
  same:
    <<: *app
    environment: { password: password, ADMIN_TOKEN: OTHER_TOKEN, OTHER_TOKEN: "${key}-other" }
  root:
    <<: *app
    environment: { DB_ROOT_PASSWORD: ROOT_PASSWORD }
    healthcheck: { test: "/bin/busybox/below-a-file || true", interval: 1s }
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  world.plant({ S3_SECRET_KEY: key });
  dir = join(world.dir, "along");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `S3_SECRET_KEY=${key}\nOTHER=1\n`);
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] });
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const planned = async (source: string, ...more: readonly string[]): Promise<Plan> => {
  const args = ["plan", source, "--to", "local", "--json", "--fail-on", "never", ...more];
  return JSON.parse((await world.unsprawl(args)).stdout) as Plan;
};
const movesOf = ({ steps }: Plan): string[] =>
  steps.flatMap((step) =>
    step.kind === "deliver" ? step.moves.map(({ name }) => `${step.id.split("/").at(-1) ?? ""} ${name}`) : [],
  );

it(
  "what has the same value from the same line moves along; a word that stands elsewhere is named",
  { timeout: 300_000 },
  async () => {
    const all = [
      "app PLAIN_NAME",
      "app S3_SECRET_KEY",
      "gvm PASSWORD",
      "minio ROOT_LOGIN",
      "minio SITE",
      "root DB_ROOT_PASSWORD",
      ...["same ADMIN_TOKEN", "same OTHER_TOKEN", "same password"],
      ...["web EDITOR_API_KEY", "web NEXT_PUBLIC_EDITOR_API_KEY"],
    ];
    for (const source of ["docker:", "compose:along"]) {
      const plan = await planned(source);
      expect(plan.notMoved).toEqual([]);
      expect(movesOf(plan).sort()).toEqual(all);
      const puts = plan.steps.flatMap((step) => (step.kind === "put" ? [step.move] : []));
      expect(new Set(puts.map(({ reference }) => reference)).size).toBe(all.length);
      expect(plan.warnings.map(({ text }) => text)).toEqual(
        expect.arrayContaining([
          "minio: ROOT_LOGIN moves along: it has the same value as S3_SECRET_KEY",
          "minio: SITE moves along: the value of S3_SECRET_KEY is filled into it, from the same line of .env",
          "app: PLAIN_NAME moves along: it has the same value as S3_SECRET_KEY",
          "web: NEXT_PUBLIC_EDITOR_API_KEY moves along: it has the same value as EDITOR_API_KEY",
          "gvm: the value of PASSWORD is a plain word that also stands at Config.Env.TITLE, Config.Env.USERNAME, HostConfig.LogConfig.Config.tag; those places stay as they are, and inspect still shows the word there",
        ]),
      );
    }
    const moved = await world.unsprawl(["migrate", "docker:", "--to", "local", "--yes", "--grace", "500ms"]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stdout + moved.stderr).toContain("a fresh inspect shows no value, except Config.Env.TITLE");
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe("OTHER=1\n");
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).not.toContain("${S3_SECRET_KEY}");
    expect(engine.docker("inspect", "along-minio-1", "along-app-1")).not.toContain(key);
    for (const [service, name] of [
      ["minio", "ROOT_LOGIN"],
      ["app", "PLAIN_NAME"],
    ])
      expect(engine.docker("exec", `along-${service}-1`, "cat", `/run/unsprawl/secrets/${name}`)).toBe(key);
    const [, run = ""] = /Plan (\S+):/.exec(moved.stdout) ?? [];
    const back = await world.unsprawl(["rollback", run]);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
  },
);
