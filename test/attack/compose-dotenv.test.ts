import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { password } from "../migrations/files-world.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// Somebody else's `.env` names Compose files: none outside its folder is read for it.

const SOMEBODY = 65_534;
const secret = password();
let world: World;

beforeAll(() => {
  world = makeWorld("unix:///nowhere");
  world.plant({ VICTIM: secret });
  put("victim/compose.yaml", `services: { db: { image: x, environment: { DB_PASSWORD: ${secret} } } }\n`);
  chmodSync(join(world.dir, "victim"), 0o700);
});

afterAll(() => world.remove());

function put(file: string, text: string): string {
  const path = join(world.dir, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const scan = (what: string): Promise<Ran> => world.unsprawl(["scan", `compose:${join(world.dir, what)}`, "--json"]);

it.each([
  ["up", "../victim/compose.yaml", true],
  ["a link", "link.yaml", true],
  ["a folder of it", "deploy/compose.yaml", false],
])("%s, in a folder that belongs to somebody else", async (name, named, isRefused) => {
  const dir = join(world.dir, name);
  put(`${name}/.env`, `COMPOSE_FILE=${named}\n`);
  put(`${name}/deploy/compose.yaml`, "services: { web: { image: x } }\n");
  symlinkSync("../victim/compose.yaml", join(dir, "link.yaml"));
  const trusted = await scan(name);
  expect(trusted.code, trusted.stderr).toBe(isRefused ? 3 : 0);
  for (const path of [join(dir, ".env"), dir]) chownSync(path, SOMEBODY, SOMEBODY);
  const ran = await scan(name);
  if (!isRefused) return expect(ran.code, ran.stderr).toBe(0);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toBe("");
  expect(ran.stderr).toContain(`names ${join(dir, named)} as a Compose file, which is outside ${dir}`);
  expect(ran.stderr).toContain(`belongs to user ${SOMEBODY}, not to you`);
});

it("a folder that everybody can write gives none to the folders below it", async () => {
  put("shared/compose.yaml", "services: { web: { image: x } }\n");
  put("shared/own/.env", "A=1\n");
  expect((await scan("shared/own")).code).toBe(0);
  chmodSync(join(world.dir, "shared"), 0o1777);
  const ran = await scan("shared/own");
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("there is no Compose file in")]);
});
