import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyOf, SCANNED, settingsOf } from "./fixtures/upgrade/derived.ts";
import { makeWorld, type World } from "./support/world.ts";

// What earlier versions left behind is read: test/fixtures/upgrade/write.ts made it when they were current.

const FIXTURES = fileURLToPath(new URL("fixtures/upgrade/", import.meta.url));
const versions = readdirSync(FIXTURES).filter((name) => /^\d/.test(name));

describe.each(versions)("the state of version %s", (version) => {
  const from = join(FIXTURES, version);
  let world: World;
  let run: string;

  beforeEach(() => {
    const history = readFileSync(join(from, "history.sql"), "utf8");
    // What was found belongs to the engine that was there.
    world = makeWorld(/unix:\/\/[^']+/.exec(history)?.[0] ?? "");
    const state = join(world.dir, "state/unsprawl");
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(join(state, "fingerprint.key"), keyOf(version), { mode: 0o600 });
    cpSync(join(from, "runs"), join(state, "runs"), { recursive: true });
    const db = new DatabaseSync(join(state, "history.db"));
    db.exec(history);
    db.close();
    run = readdirSync(join(from, "runs"))[0]?.replace(/\.jsonl$/, "") ?? "";
  });
  afterEach(() => {
    world.remove();
    rmSync(dirname(SCANNED), { recursive: true, force: true });
  });

  it("its runs are listed and shown, and its plans are some", async () => {
    const listed = await world.unsprawl(["runs", "--json"]);
    expect(listed.code, listed.stderr).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject({ runs: [{ run, state: "done" }] });
    const shown = await world.unsprawl(["runs", run]);
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toContain("API_TOKEN");
    // It is understood: what is wrong is that the engine is not there.
    const plans = readdirSync(from).filter((name) => /^plan.*\.json$/.test(name));
    expect(plans).toContain("plan.json");
    for (const plan of plans) {
      const applied = await world.unsprawl(["apply", join(from, plan), "--json"]);
      expect(JSON.parse(applied.stdout || applied.stderr), plan).toMatchObject({ error: { code: "unreachable" } });
    }
  });

  it("its baseline and its history know what they knew", async () => {
    mkdirSync(SCANNED, { recursive: true });
    writeFileSync(join(SCANNED, "settings.env"), settingsOf(version));
    const words = ["scan", `dir:${SCANNED}`, "--json", "--fail-on", "never"];
    for (const more of [["--baseline", join(from, "baseline.json")], ["--remember"]]) {
      const { code, stdout, stderr } = await world.unsprawl([...words, ...more]);
      expect(code, stderr).toBe(0);
      const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string }[] };
      expect(findings.map(({ name, state }) => [name, state])).toEqual([
        ["DB_PASSWORD", "known"],
        ["SESSION_SECRET", "known"],
      ]);
    }
  });
});
