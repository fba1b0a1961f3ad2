import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { filesBelow, random } from "./support/canary.ts";
import { FORMATS, filesOf, layFiles, leftovers } from "./support/formats.ts";
import { savePlan, stateOf } from "./support/in-process.ts";
import { sample } from "./support/deep.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, type Boundary } from "./support/kill.ts";
import { makeWorld } from "./support/world.ts";

// The second guard of the laws, for formats that are files and nothing else: a run is killed at its boundaries, then
// resumed to the very files of an undisturbed run, or rolled back to the very bytes from before; so is the rollback.
// Nothing else is left: no file of its own, no value in the store or in memory.

let bao: OpenBao;
beforeAll(async () => void (bao = await startOpenBao()));
afterAll(() => bao?.stop());

/** One file after the other is written in the same way whatever is in it: a format that is drawn, and all in a deep run. */
const chosen = sample(FORMATS, 1);

// In turn: those that move to Vault have one subject.
describe("killed at its boundaries", () => {
  it.each(chosen)("$name", { timeout: 900_000 }, async (format) => {
    const world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    const dir = join(world.dir, "app");
    const secrets = join(world.dir, ".local/share/unsprawl/secrets");
    mkdirSync(dir);
    layFiles(dir, format.files([["DB_PASSWORD", random(20)]], [["API_TOKEN", random(20)]]));
    const before = filesOf(dir);
    const source = format.source.replace("DIR", dir);
    const [, to, , deliver] = format.options;
    let run = "";
    const plan = async (): Promise<unknown> => (run = await savePlan(world, "plan.json", [source], { to, deliver }));
    const now = (): unknown => JSON.parse(JSON.stringify(filesOf(dir)).replaceAll(run, "RUN"));
    const ofApply = { from: '"step":"run"' };
    const ofRollback = { from: '"step":"rollback"' };
    const expectBack = async (what: string): Promise<void> => {
      expect(filesOf(dir), what).toEqual(before);
      expect([...leftovers(world), ...filesBelow(secrets)], what).toEqual([]);
      if (to === "vault") await expect(bao.api("GET", "secret/data/apps/api"), what).rejects.toThrow("404");
    };

    // The first of all runs also makes what the later ones find: it is none to count boundaries in.
    await plan();
    expect((await world.unsprawl(["apply", "plan.json"])).code).toBe(0);
    expect((await world.unsprawl(["rollback", run])).code).toBe(0);
    await plan();
    const applied = await recorded(world, ["apply", "plan.json"], ofApply);
    expect(applied.ran.code, applied.ran.stderr).toBe(0);
    const after = now();
    expect(after).not.toEqual(before);
    const undone = await recorded(world, ["rollback", run], ofRollback);
    expect(undone.ran.code, undone.ran.stderr).toBe(0);
    await expectBack("undisturbed");

    const backs = shuffled(oneOfEachStep(boundariesOf(undone.kinds)));
    /** Rolls back, killed at this boundary; false when the rollback does not come by there. */
    const undo = async (at: Boundary | undefined): Promise<boolean> => {
      const what = `rollback of ${run}, killed ${at?.kind ?? "nowhere"}`;
      const killed = at === undefined ? null : await killedAt(world, ["rollback", run], at, ofRollback);
      if (killed === null || killed.signal === "SIGKILL") {
        // `resume` goes on with a rollback that was begun.
        const verb = killed !== null && randomInt(2) === 0 ? "resume" : "rollback";
        const finished = await world.unsprawl([verb, run]);
        expect(finished.code, `${what}: ${finished.stderr}`).toBe(0);
      } else expect(killed.code, `${what}: ${killed.stderr}`).toBe(0);
      await expectBack(what);
      return killed?.signal === "SIGKILL";
    };
    const all = boundariesOf(applied.kinds);
    expect(all.length).toBeGreaterThan(4);
    let resume = randomInt(2) === 0;
    for (const at of all) {
      await plan();
      const what = `${run}, killed ${at.kind}`;
      expect((await killedAt(world, ["apply", "plan.json"], at, ofApply)).signal, what).toBe("SIGKILL");
      if (stateOf(world, run) !== null) {
        if (resume) {
          const resumed = await world.unsprawl(["resume", run]);
          expect(resumed.code, `${what}: ${resumed.stderr}`).toBe(0);
          expect(now(), what).toEqual(after);
        }
        const next = resume ? backs.shift() : undefined;
        // One that was resumed has less to take away again in places.
        if (!(await undo(next)) && next !== undefined) backs.push(next);
      } else await expectBack(what);
      resume = !resume;
    }
    for (const at of backs) {
      await plan();
      expect((await world.unsprawl(["apply", "plan.json"])).code).toBe(0);
      expect(await undo(at), at.kind).toBe(true);
    }
    world.remove();
  });
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}
