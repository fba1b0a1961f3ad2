import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { BUSYBOX } from "../services/images.ts";
import { random } from "../support/canary.ts";
import { savePlan } from "../support/in-process.ts";
import { killedAt } from "../support/kill.ts";
import type { Ran } from "../support/world.ts";
import { engine, newWorld, proxied, runIdOf, stored, useRig } from "./rig.ts";
import { Subject } from "./subject.ts";

// An undo takes a value out of a store only after it has seen another holder, and says "as before" only after looking.

useRig();

/** Plans the migration of a container, and kills it right after this record. */
async function killed(
  subject: Subject,
  kind: string,
  more: Parameters<Subject["planned"]>[0] = "vault",
): Promise<string> {
  const run = await savePlan(subject.world, "plan.json", ...subject.planned(more));
  const { signal } = await killedAt(subject.world, ["apply", "plan.json"], { kind, nth: 0 });
  expect(signal).toBe("SIGKILL");
  return run;
}

/** What follows is each value that is not where it was, and that an earlier rollback found so. */
const ANY: readonly unknown[] = Array.from({ length: 3 }, () => expect.any(String));

/** Exit 5, never "as before", the reason, and where each value is. */
function expectNotAsBefore(ran: Ran, why: RegExp, names: readonly string[]): void {
  expect.soft([ran.code, ran.stdout], ran.stderr).toEqual([5, expect.stringContaining("✗ not as before")]);
  expect.soft(ran.stdout).not.toContain("as before\n");
  expect.soft(ran.stdout).toMatch(why);
  for (const name of names)
    expect.soft(ran.stdout).toMatch(new RegExp(`${name} stays in the store at ref\\+\\S+: nothing else was seen`));
  expect.soft(ran.stderr).toMatch(/not as before the run\n +next: unsprawl runs \S+ shows where the values are/);
}

describe("a container that somebody removed", () => {
  it.each(["after done put", "after done recreate/created"])("%s, then rolled back", async (kind) => {
    const subject = new Subject(`gone-${kind.replaceAll(/\W/g, "-")}`);
    const run = await killed(subject, kind);
    engine.docker("rm", "-f", subject.name);
    const names = kind.endsWith("put") ? [] : Object.keys(subject.secrets);
    expectNotAsBefore(await subject.world.unsprawl(["rollback", run]), /the container gone-\S+ is gone/, names);
    expect(Object.keys((await stored(subject.name)) ?? {})).not.toEqual([]);
    if (names.length > 0) expect(await stored(subject.name)).toEqual(subject.secrets);
    const again = await subject.world.unsprawl(["rollback", run, "--json"]);
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([
      5,
      { state: "partly", units: [{ state: "partly undone", notes: [expect.stringContaining("is gone"), ...ANY] }] },
    ]);
    expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).not.toContain(subject.name);
  });

  it("while it was being migrated: the automatic undo leaves its values in the store", async () => {
    const subject = new Subject("gone-meanwhile");
    await proxied(subject.world, (method, path) => {
      if (method === "POST" && path.startsWith("/containers/create")) engine.docker("rm", "-f", subject.name);
      return "pass";
    });
    const ran = await subject.migrate("vault");
    expectNotAsBefore(ran, /the container gone-meanwhile is gone/, Object.keys(subject.secrets));
    expect(await stored(subject.name)).toEqual(subject.secrets);
    const kept = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    expect(kept.filter((name) => name.startsWith(subject.name))).toEqual([]);
    expect(runIdOf(ran)).toMatch(/^\d/);
  });

  it("and made again with another value, which is left alone", async () => {
    const subject = new Subject("made-again");
    const run = await killed(subject, "after done recreate/created");
    engine.docker("rm", "-f", subject.name);
    engine.docker("run", "-d", "--name", subject.name, "-e", `DB_PASSWORD=${random(18)}`, BUSYBOX, "sleep", "1000");
    const id = subject.inspect().Id;
    const back = await subject.world.unsprawl(["rollback", run]);
    expectNotAsBefore(back, /made-again is another container than before/, Object.keys(subject.secrets));
    expect([await stored(subject.name), subject.inspect().Id]).toEqual([subject.secrets, id]);
  });
});

it("a container whose restart policy somebody changed after the rollback's run began is reported", async () => {
  const subject = new Subject("policy");
  const run = await killed(subject, "after done recreate/created");
  engine.docker("update", "--restart", "no", subject.name);
  const back = await subject.world.unsprawl(["rollback", run]);
  expect([back.code, back.stdout]).toEqual([5, expect.stringContaining("the restart policy of policy is no")]);
  expect(await stored(subject.name)).toEqual(subject.secrets);
});

it("a container that somebody stopped is up again, as the plan saw it", async () => {
  const subject = new Subject("stopped-meanwhile");
  const run = await killed(subject, "after done put");
  engine.docker("stop", subject.name);
  const back = await subject.world.unsprawl(["rollback", run]);
  expect(back.code, back.stderr).toBe(0);
  await subject.expectAsBefore();
  await subject.expectNothingLeft();
});

it("a Compose project whose container and value somebody removed: what was stored stays", async () => {
  const world = newWorld();
  const [value, dir] = [random(24), join(world.dir, "lost")];
  world.plant({ "lost API_TOKEN": value });
  mkdirSync(dir);
  const web = {
    image: BUSYBOX,
    network_mode: "none",
    command: "sleep 1000",
    environment: { API_TOKEN: value },
    init: true,
  };
  writeFileSync(join(dir, "compose.yaml"), JSON.stringify({ services: { web } }));
  execFileSync(await composeCli(), ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
  const options = { to: "vault", deliver: "shim", grace: "100ms" };
  const run = await savePlan(world, "plan.json", ["docker:lost-*"], options);
  const at = { kind: "after done put", nth: 0 };
  expect((await killedAt(world, ["apply", "plan.json"], at)).signal).toBe("SIGKILL");
  engine.docker("rm", "-f", "lost-web-1");
  rmSync(join(dir, "compose.yaml"));
  const back = await world.unsprawl(["rollback", run]);
  expectNotAsBefore(back, /0 of 1 container of web exist/, ["API_TOKEN"]);
  expect(await stored("lost/web")).toEqual({ API_TOKEN: value });
});

it("a scrub deletes no old container whose values the store has lost", async () => {
  const subject = new Subject("store-lost");
  const ran = await subject.migrate("vault");
  expect(ran.code, ran.stderr).toBe(0);
  const { bao } = await import("./rig.ts");
  await bao.api("DELETE", `secret/metadata/apps/${subject.name}`);
  const kept = `${subject.name}-before-${runIdOf(ran)}`;
  const scrubbed = await subject.world.unsprawl(["scrub", runIdOf(ran)]);
  expect([scrubbed.code, scrubbed.stderr]).toEqual([1, expect.stringMatching(/is no longer in the store vault/)]);
  expect(engine.docker("inspect", "-f", "{{.Name}}", kept)).toBe(`/${kept}`);
  const back = await subject.world.unsprawl(["rollback", runIdOf(ran)]);
  expect(back.code, back.stderr).toBe(0);
  await subject.expectAsBefore();
});
