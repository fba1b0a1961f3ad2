import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { plant } from "../../support/planted.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

// A project that is called as its folder is, and the days after its migration: whoever runs unsprawl again changes
// nothing and is told of no secret, and the folder gets another name.

let engine: WorkerEngine;
let world: World;
let program: string;

const secret = (name: string): readonly [string, string] => {
  const value = randomBytes(18).toString("hex");
  plant(name, value);
  return [name, value];
};

/** Names with a digit behind names of secrets, as many projects have. */
const WEB = Object.fromEntries(
  ["DB_PASSWORD", "S3_SECRET_KEY", "N8N_ENCRYPTION_KEY", "OAUTH2_DISCORD_CLIENT_SECRET"].map(secret),
);
const DB = Object.fromEntries(["DB_PASSWORD", "APP_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY"].map(secret));

const service = { network_mode: "none", stop_grace_period: "1s" };
const services = {
  web: {
    ...{ ...service, image: BUSYBOX, command: APP.map((word) => word.replaceAll("$", "$$$$")), environment: WEB },
    healthcheck: { test: ["CMD", "true"], interval: "1s" },
  },
  db: { ...service, image: FILE_ENV, environment: DB },
};

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  const store = { provider: "local", file: "store/{project/}{subject}.sops.yaml" };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: { here: store } }));
  mkdirSync(at("shop"));
  writeFileSync(join(at("shop"), "compose.yaml"), stringify({ services }));
  compose("shop", "up", "-d");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const at = (project: string): string => join(world.dir, project);
const compose = (project: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: at(project), env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();
const migrate = (source: string): Promise<Ran> =>
  world.unsprawl(["migrate", source, "--to", "here", "--yes", "--grace", "100ms"]);
const said = ({ code, stdout, stderr }: Ran): string => `exit ${code}: ${stdout}${stderr}`;

it("a second run changes nothing and finds nothing, and a renamed folder is served once that is accepted", async () => {
  const moved = await migrate("compose:shop");
  expect(moved.code, said(moved)).toBe(0);
  await expectServed(engine.docker, "shop-web-1", WEB);

  const state = (): readonly string[] => [
    readFileSync(join(at("shop"), "compose.yaml"), "utf8"),
    engine.docker("ps", "-aq", "--no-trunc"),
  ];
  const before = state();
  for (const source of ["compose:shop", "docker:shop-*", "dir:shop"]) {
    const scanned = await world.unsprawl(["scan", source]);
    expect(said(scanned), source).toMatch(/^exit 0: no secrets found/);
  }
  for (const source of ["compose:shop", "docker:shop-*"]) expect(said(await migrate(source))).toMatch(/^exit 0/);
  expect(state()).toEqual(before);

  // Its name is its folder's: under another one it asks for what is another project's, which needs a word.
  await expectRendered("shopmoved", () => renameSync(at("shop"), at("shopmoved")));
  compose("shopmoved", "up", "-d");
  await expectServed(engine.docker, "shopmoved-web-1", WEB);
  compose("shopmoved", "down", "-t", "1");
  // A second checkout has the same in the same folder: what the first one has is written.
  await expectRendered("shopmoved", () => cpSync(at("shopmoved"), at("checkout"), { recursive: true }), "checkout");
});

/** After a reboot: no container, and nothing in memory. What this host has not given yet needs a word, once. */
async function expectRendered(project: string, meanwhile: () => void, from = project): Promise<void> {
  const left = engine.docker("ps", "-aq").split("\n").filter(Boolean);
  if (left.length > 0) engine.docker("rm", "-f", ...left);
  rmSync(join(world.memory, "compose"), { recursive: true });
  meanwhile();
  if (from === project) {
    const refused = await world.unsprawl(["render", `compose:${from}`]);
    expect(said(refused)).toMatch(/^exit 1: nothing rendered[^]*next: unsprawl render \S+ --accept other-secrets/);
  }
  const word = from === project ? ["--accept", "other-secrets"] : [];
  const rendered = await world.unsprawl(["render", `compose:${from}`, ...word]);
  expect(rendered.stdout).toBe(`compose:${project}/web: 4 files\ncompose:${project}/db: 2 files\n`);
  expect(said(rendered)).toMatch(
    from === project ? /^exit 0[^]*accepted: compose:\S+ asks for ref\+sops:/ : /^exit 0(?![^]*accepted:)/,
  );
}
