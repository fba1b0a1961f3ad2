/**
 * A SOPS file that somebody else has put where a store's file would be: its data key is known to them, so no secret of
 * the operator's is encrypted with it. What the operator owns may be shared with a team, and the plan says with whom.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, lchownSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { provider } from "../../providers/local/index.ts";
import { Secret } from "../../src/model/secret.ts";
import { identityFile, newIdentity } from "../../src/stores-kit/sops/index.ts";
import { mustBeOurs } from "../../src/stores-kit/sops/own-file.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

const OTHER = 12_345;
const password = randomBytes(18).toString("base64url");
const origin = { runId: "r", subject: "web" };

let world: World;
let file: string;
let planted: string;
let attacker: Awaited<ReturnType<typeof newIdentity>>;

beforeAll(async () => {
  world = makeWorld("unix:///nowhere");
  attacker = await newIdentity();
  const operator = await newIdentity();
  mkdirSync(join(world.dir, "age"), { mode: 0o700 });
  writeFileSync(join(world.dir, "age/keys.txt"), identityFile(operator), { mode: 0o600 });
  env();
  writeFileSync(join(world.dir, "unsprawl.yaml"), `stores: { here: { provider: local, file: "${FILE}" } }\n`);
  const { stdout } = await unsprawl("plan", "--json");
  file = (JSON.parse(stdout) as { steps: { move?: { key: { path: string } } }[] }).steps[0]?.move?.key.path ?? "";
  expect(dirname(file)).toBe(join(world.dir, "secrets"));
  // As its author makes it: for themselves, and for the operator, who then opens it without a question.
  const store = await provider.open(
    "local",
    { file: "planted.sops.yaml" },
    { env: { SOPS_AGE_KEY: attacker.identity, SOPS_AGE_RECIPIENTS: operator.recipient }, dir: world.dir },
  );
  await store.put({ path: join(world.dir, "planted.sops.yaml"), field: "OLD" }, Secret.of("x"), null, origin);
  planted = readFileSync(join(world.dir, "planted.sops.yaml"), "utf8");
});
afterAll(() => world.remove());

beforeEach(() => {
  rmSync(join(world.dir, "secrets"), { recursive: true, force: true });
  mkdirSync(join(world.dir, "secrets"), { mode: 0o755 });
  writeFileSync(file, planted, { mode: 0o644 });
  env();
});

/** In the folder that a team shares. */
const FILE = "secrets/{subject}.sops.yaml";
const env = (): void => writeFileSync(join(world.dir, "a.env"), `DB_PASSWORD=${password}\n`, { mode: 0o600 });
const unsprawl = (verb: string, ...more: readonly string[]): Promise<Ran> =>
  world.unsprawl([verb, "env:a.env", "--to", "here", ...more]);

test.each<[string, RegExp, () => void]>([
  ["it and its folder are theirs", /belongs to user 12345/, () => [file, dirname(file)].forEach(theirs)],
  ["it is theirs", /belongs to user 12345/, () => theirs(file)],
  ["its folder is theirs", /belongs to user 12345/, () => theirs(dirname(file))],
  [
    "its folder is theirs, and the file not there yet",
    /belongs to user 12345/,
    () => (rmSync(file), theirs(dirname(file))),
  ],
  ["everybody can write to its folder", /can be written by everybody/, () => chmodSync(dirname(file), 0o777)],
  [
    "their group can write to it",
    /can be written by group 12345/,
    () => (chownSync(file, 0, OTHER), chmodSync(file, 0o664)),
  ],
  ["their link leads to it", /belongs to user 12345|a symbolic link/, linked],
])("root gives nothing to a file when %s", async (_what, why, prepare) => {
  prepare();
  const before = read();
  const ran = await unsprawl("migrate", "--yes");
  expect(ran.code).not.toBe(0);
  expect(ran.stdout + ran.stderr).toMatch(why);
  expect(read()).toBe(before);
  expect(readFileSync(join(world.dir, "a.env"), "utf8")).toContain(password);
  const store = await provider.open("local", { file: FILE }, { env: world.env, dir: world.dir });
  const put = store.put({ path: file, field: "DB_PASSWORD" }, Secret.of(password), null, origin);
  await expect(put).rejects.toMatchObject({ code: "refused" });
  expect(read()).toBe(before);
});

test("a file of the operator's own that a team shares is added to, and the plan names who else opens it", async () => {
  const plan = await unsprawl("plan");
  expect(plan.stdout + plan.stderr).toContain(`encrypted for age ${attacker.recipient} too`);
  const ran = await unsprawl("migrate", "--yes");
  expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
  const store = await provider.open("local", { file: FILE }, { env: world.env, dir: world.dir });
  expect((await store.get({ path: file, field: "DB_PASSWORD" }))?.value.exposeText()).toBe(password);
  // One that the settings name is no surprise.
  env();
  rmSync(file);
  writeFileSync(file, planted, { mode: 0o600 });
  const named = await world.unsprawl(["plan", "env:a.env", "--to", "here"], {
    env: { SOPS_AGE_RECIPIENTS: attacker.recipient },
  });
  expect([named.code, named.stdout + named.stderr]).toEqual([0, expect.not.stringContaining("encrypted for age")]);
});

test("a file of somebody else's is read as before", async () => {
  theirs(file);
  const store = await provider.open("local", { file: FILE }, { env: world.env, dir: world.dir });
  expect((await store.get({ path: file, field: "OLD" }))?.value.exposeText()).toBe("x");
});

test("what was read must be what lies there", async () => {
  await mustBeOurs(file, planted);
  await expect(mustBeOurs(file, planted.replace("OLD", "NEW"))).rejects.toMatchObject({ code: "changed" });
});

function theirs(path: string): void {
  chownSync(path, OTHER, OTHER);
}

function linked(): void {
  const real = join(world.dir, "real.sops.yaml");
  writeFileSync(real, planted, { mode: 0o600 });
  rmSync(file);
  symlinkSync(real, file);
  lchownSync(file, OTHER, OTHER);
  theirs(dirname(file));
}

function read(): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
