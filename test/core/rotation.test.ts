import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isOverdue, rotationReminder, rotationChecks } from "../../src/core/rotation-text.ts";
import type { MovedSecret } from "../../src/core/rotation.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

const { DB_PASSWORD = "", SESSION_SECRET = "", STRIPE_SECRET_KEY = "", GITHUB_TOKEN = "" } = twelveSecrets();
const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const now = new Date("2026-11-25T12:00:00Z");
const moved = (rotation: MovedSecret["rotation"], movedAt: string, name = "DB_PASSWORD"): MovedSecret => ({
  ...{ run: "run", name, subject: "api", rule: "password", store: "vault", key: "apps/api DB_PASSWORD", movedAt },
  ...{
    rotation,
    reference: `ref+vault://secret/apps/api#/${name}`,
    why: rotation === "unknown" ? "cannot reach Vault" : null,
    ...{ rotatedAt: null, everyDays: null },
  },
});

it("what is not rotated within a week is a problem, and watch reminds of it", () => {
  const all = [
    moved("rotated", "2026-11-01T00:00:00Z"),
    moved("same", "2026-11-24T00:00:00Z", "FRESH"),
    moved("same", "2026-11-10T00:00:00Z", "LATE"),
    moved("unknown", "2026-11-10T00:00:00Z", "UNKNOWN"),
  ];
  const checks = rotationChecks(all, new Map(), now);
  expect(checks.map(({ state }) => state)).toEqual(["ok", "warn", "fail", "unknown"]);
  expect(checks[0]?.text).toBe("DB_PASSWORD of api has been rotated since it was moved");
  expect(checks[1]?.text).toBe("FRESH of api was exposed until moved, and is not rotated yet");
  expect(checks[2]).toMatchObject({
    text: "LATE of api, now in vault at apps/api DB_PASSWORD: exposed until it was moved 15 days ago, and not rotated yet",
    hint: "unsprawl rotate run --only LATE --dry-run shows whether it can be done from here; by hand: unsprawl rules show password",
  });
  expect(checks[3]).toMatchObject({
    text: "whether UNKNOWN of api has been rotated is not known: cannot reach Vault",
    hint: "unsprawl stores check vault",
  });
  expect(rotationReminder(all, now)).toMatch(/^rotation is due: LATE of api.*; unsprawl doctor lists them$/);
  expect(rotationReminder(all.slice(0, 2), now)).toBeNull();
});

it("what was rotated is due again as the configuration says, counted from then on", () => {
  const at = (rotatedAt: string | null, everyDays: number | null): MovedSecret => ({
    ...{ ...moved("rotated", "2026-01-01T00:00:00Z"), rotatedAt, everyDays },
  });
  const due = (one: MovedSecret): boolean => isOverdue(one, now);
  const [longAgo, lately] = ["2026-08-01T00:00:00Z", "2026-11-01T00:00:00Z"];
  expect([due(at(longAgo, 90)), due(at(lately, 90)), due(at(lately, 20))]).toEqual([true, false, true]);
  // Without a schedule, or where nobody saw when.
  expect([due(at(longAgo, null)), due(at(null, 90))]).toEqual([false, false]);
  expect(rotationChecks([at(longAgo, 90)], new Map(), now)).toMatchObject([
    { state: "fail", text: expect.stringContaining("rotated 116 days ago, and every 90 days is wanted") },
  ]);
  expect(rotationReminder([at(longAgo, 90)], now)).toMatch(/^rotation is due: DB_PASSWORD of api/);
  // One that was never rotated is due after a week at the latest.
  const never = (everyDays: number): MovedSecret => ({ ...moved("same", "2026-11-20T00:00:00Z"), everyDays });
  expect([due(never(3)), due(never(90))]).toEqual([true, false]);
});

it("nothing is well of which nothing was rotated", () => {
  const at = "2026-11-24T00:00:00Z";
  const states = (...all: readonly MovedSecret[]): string[] =>
    rotationChecks(all, new Map(), now).map(({ state, text }) => `${state}: ${text}`);
  expect(states(moved("same", at, "A"), moved("same", at, "B"))).toEqual([
    "warn: A of api, B of api were exposed until moved, and are not rotated yet",
  ]);
  expect(states(moved("rotated", at, "A"), moved("rotated", at, "B"))).toEqual([
    "ok: all 2 moved secrets have been rotated since",
  ]);
  expect(states(moved("rotated", at))).toEqual(["ok: the moved secret has been rotated since"]);
  expect(states()).toEqual(["ok: nothing was moved"]);
});

it("a value that its store has lost is a problem where an application needs it, and was not rotated", () => {
  const gone = moved("gone", "2026-11-24T00:00:00Z");
  const [needed, ...rest] = rotationChecks([gone], new Map([[gone.reference, "web"]]), now);
  expect(rest).toEqual([]);
  expect(needed).toMatchObject({
    state: "fail",
    text: "DB_PASSWORD is no longer in vault at apps/api DB_PASSWORD; web needs it at its next start",
  });
  expect(rotationChecks([gone], new Map(), now)[0]?.state).toBe("warn");
});

async function told(of: World): Promise<string[]> {
  const { stdout } = await of.unsprawl(["doctor", "--no-residue", "--json"]);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; text: string }[] };
  return checks.filter(({ name }) => name === "rotation").map(({ text }) => text);
}

it("doctor sees by the store that a moved secret was rotated", async () => {
  writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${DB_PASSWORD}\nSESSION_SECRET=${SESSION_SECRET}\n`);
  const ran = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(await told(world)).toEqual([
    "DB_PASSWORD of app.env, SESSION_SECRET of app.env were exposed until moved, and are not rotated yet",
  ]);
  const write = async (value: string, state?: string): Promise<void> => {
    writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${value}\n`);
    const env = state === undefined ? {} : { XDG_STATE_HOME: join(world.dir, state) };
    const again = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--overwrite", "--yes"], { env });
    expect(again.code, again.stderr).toBe(0);
  };
  // Another installation puts a new value where the old one was.
  await write(STRIPE_SECRET_KEY, "elsewhere");
  expect((await told(world))[0]).toBe("DB_PASSWORD of app.env has been rotated since it was moved");
  // Of what this one moves there itself the newest counts.
  await write(GITHUB_TOKEN);
  expect((await told(world))[0]).toMatch(/^DB_PASSWORD of app\.env, .* are not rotated yet$/);
});

it("of a value with two secrets each is found, moved, and rotated by itself", async () => {
  const two = makeWorld("unix:///nonexistent");
  const options = (password: string, token: string): string =>
    `JAVA_OPTS="-Xmx1g -Dspring.datasource.password=${password} -Dapi.token=${token}"\n`;
  const settings = (password: string, token: string): string =>
    `SETTINGS='${JSON.stringify({ db: { password }, api: { token } })}'\n`;
  const migrate = async (text: string, env: { readonly [name: string]: string } = {}): Promise<string> => {
    writeFileSync(join(two.dir, "app.env"), text);
    const args = ["migrate", "env:app.env", "--to", "local", "--overwrite", "--yes"];
    const ran = await two.unsprawl(args, { env });
    expect(ran.code, ran.stderr).toBe(0);
    return ran.stdout;
  };
  try {
    writeFileSync(
      join(two.dir, "app.env"),
      options(DB_PASSWORD, GITHUB_TOKEN) + settings(SESSION_SECRET, STRIPE_SECRET_KEY),
    );
    const { stdout } = await two.unsprawl(["scan", "env:app.env", "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: { name: string }[] };
    expect(findings.map(({ name }) => name).toSorted()).toEqual(["JAVA_OPTS", "JAVA_OPTS", "SETTINGS", "SETTINGS"]);
    const end = await migrate(options(DB_PASSWORD, GITHUB_TOKEN) + settings(SESSION_SECRET, STRIPE_SECRET_KEY));
    // A vendor's token is known by itself, the other secret by where it is in the value.
    const [option, entry] = ["JAVA_OPTS: the value of -Dspring.datasource.password", "SETTINGS: json → db.password"];
    const all = [option, "JAVA_OPTS", entry, "SETTINGS"].map((name) => [name, "app.env"] as const);
    for (const [name, subject] of all) expect(end).toContain(`  ${name} (${subject})`);
    const [before = ""] = await told(two);
    expect(before).toMatch(
      / of app\.env, .* of app\.env, .* and 1 more were exposed until moved, and are not rotated yet$/,
    );

    // Somebody replaces one of each value.
    const elsewhere = { XDG_STATE_HOME: join(two.dir, "elsewhere") };
    const [first, second] = [twelveSecrets()["DB_PASSWORD"] ?? "", twelveSecrets()["GITHUB_TOKEN"] ?? ""];
    await migrate(options(first, GITHUB_TOKEN) + settings(SESSION_SECRET, second), elsewhere);
    const after = await told(two);
    expect(after).toHaveLength(2);
    expect(after[0]).toMatch(
      new RegExp(`^(?=.*SETTINGS of)(?=.*${option} of).* have been rotated since they were moved$`),
    );
    expect(after[1]).toMatch(/^(?=.*JAVA_OPTS of)(?=.*SETTINGS: json → db\.password of).* and are not rotated yet$/);
  } finally {
    two.remove();
  }
});
