import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { exposedText } from "../../src/cli/views/exposed-text.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";

/** A unit's file needs no engine. */
const { DB_PASSWORD = "", STRIPE_SECRET_KEY = "", GITHUB_TOKEN = "" } = twelveSecrets();
const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const unit = { DB_PASSWORD, STRIPE_SECRET_KEY, GITHUB_TOKEN };

type Told = { exposed: { rule: string; secrets: object[]; rotate: { text: string; url: string | null } }[] };

it("a run ends by saying how to rotate what it moved; `runs RUN` says it again, a rollback does not", async () => {
  const lines = Object.entries(unit).map(([name, value]) => `Environment=${name}=${value}\n`);
  writeFileSync(join(world.dir, "app.service"), `[Service]\n${lines.join("")}ExecStart=/bin/true\n`);
  const ran = await world.unsprawl(["migrate", "systemd:app.service", "--to", "local", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
  const [, told = ""] = ran.stdout.split("Rotate these secrets: ");
  expect(told).toMatch(
    /DB_PASSWORD \(app\.service\)\n +Change it where .*ALTER ROLE.* {2}https:\/\/developer\.hashicorp/,
  );
  expect(told).toMatch(/STRIPE_SECRET_KEY \(app\.service\)\n +Issue a new one at Stripe.* {2}https:\/\/docs\.stripe/);
  expect(told).toMatch(/GITHUB_TOKEN \(app\.service\)\n.* {2}https:\/\/docs\.github/);

  const run = /scrub (\S+)/.exec(ran.stdout)?.[1] ?? "";
  expect((await world.unsprawl(["runs", run])).stdout).toContain(told.trimEnd());
  const { exposed } = JSON.parse((await world.unsprawl(["runs", run, "--json"])).stdout) as Told;
  expect(exposed.map(({ rule, secrets }) => `${rule} ${secrets.length}`).toSorted()).toEqual([
    "github-token 1",
    "password 1",
    "stripe-key 1",
  ]);
  const back = await world.unsprawl(["rollback", run]);
  expect([back.code, back.stdout.includes("Rotate")]).toEqual([0, false]);
  expect((await world.unsprawl(["runs", run])).stdout).not.toContain("Rotate");

  const again = await world.unsprawl(["migrate", "systemd:app.service", "--to", "local", "--yes", "--json"]);
  expect((JSON.parse(again.stdout) as Told).exposed).toEqual(exposed);
  for (const value of Object.values(unit)) expect(ran.stdout + back.stdout + again.stdout).not.toContain(value);
});

it("many of a kind are counted, and names are text", () => {
  const secrets = Array.from({ length: 9 }, (_, at) => ({ name: `A\u001b[2J${at}`, subject: "x\n" }));
  const lines = exposedText([{ rule: "password", secrets, rotate: { text: "Change it.", url: null } }], null);
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/^ {2}A\\e\[2J0 \(x\\n\), .*A\\e\[2J5 \(x\\n\) and 3 more$/);
  expect(lines[3]).toBe("    Change it.");
  expect(exposedText([], null)).toEqual([]);
});
