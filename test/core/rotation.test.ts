import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { rotationReminder, rotationChecks } from "../../src/core/rotation-text.ts";
import type { MovedSecret } from "../../src/core/rotation.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";

const { DB_PASSWORD = "", SESSION_SECRET = "", STRIPE_SECRET_KEY = "", GITHUB_TOKEN = "" } = twelveSecrets();
const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const now = new Date("2026-11-25T12:00:00Z");
const moved = (rotated: boolean | null, movedAt: string, name = "DB_PASSWORD"): MovedSecret => ({
  ...{ run: "run", name, subject: "api", rule: "password", store: "vault", key: "apps/api DB_PASSWORD", movedAt },
  ...{ rotated, why: rotated === null ? "cannot reach Vault" : null },
});

it("what is not rotated within a week is held against whoever asks, and watch reminds of it", () => {
  const all = [
    moved(true, "2026-11-01T00:00:00Z"),
    moved(false, "2026-11-24T00:00:00Z", "FRESH"),
    moved(false, "2026-11-10T00:00:00Z", "LATE"),
    moved(null, "2026-11-10T00:00:00Z", "UNKNOWN"),
  ];
  const checks = rotationChecks(all, now);
  expect(checks.map(({ ok }) => ok)).toEqual([true, true, false, true]);
  expect(checks[0]?.text).toBe("1 of 4 moved secrets have been rotated since");
  expect(checks[2]).toMatchObject({
    text: "LATE of api, now in vault at apps/api DB_PASSWORD: could be read until it was moved 15 days ago, and is the same still",
    hint: "unsprawl rules show password says how to rotate it; the new value goes into the store alone",
  });
  expect(checks[3]?.hint).toBe("unsprawl stores check vault");
  expect(rotationReminder(all, now)).toMatch(/^not rotated yet: LATE of api.*; unsprawl doctor lists them$/);
  expect(rotationReminder(all.slice(0, 2), now)).toBeNull();
});

it("doctor sees by the store that a moved secret was rotated", { timeout: 120_000 }, async () => {
  writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${DB_PASSWORD}\nSESSION_SECRET=${SESSION_SECRET}\n`);
  const ran = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
  const told = async (): Promise<string[]> => {
    const { stdout } = await world.unsprawl(["doctor", "--no-residue", "--json"]);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; text: string }[] };
    return checks.filter(({ name }) => name === "rotation").map(({ text }) => text);
  };
  expect(await told()).toEqual([
    "0 of 2 moved secrets have been rotated since",
    expect.stringMatching(/^DB_PASSWORD of app\.env, .* moved today, and is the same still$/),
    expect.stringMatching(/^SESSION_SECRET of app\.env, /),
  ]);
  const write = async (value: string, state?: string): Promise<void> => {
    writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${value}\n`);
    const env = state === undefined ? {} : { XDG_STATE_HOME: join(world.dir, state) };
    const again = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--overwrite", "--yes"], { env });
    expect(again.code, again.stderr).toBe(0);
  };
  // Another installation puts a new value where the old one was.
  await write(STRIPE_SECRET_KEY, "elsewhere");
  expect((await told())[0]).toBe("1 of 2 moved secrets have been rotated since");
  // Of what this one moves there itself the newest counts.
  await write(GITHUB_TOKEN);
  expect((await told())[0]).toBe("0 of 2 moved secrets have been rotated since");
});
