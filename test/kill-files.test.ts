import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { filesBelow, random } from "./support/canary.ts";
import { FORMATS, filesOf, layFiles, leftovers } from "./support/formats.ts";
import { makeWorld, type Ran } from "./support/world.ts";

// The second guard of the laws, for formats that are files and nothing else: a run is killed after every other effect of
// its rewrite (of the first format: of all of it), which ones being drawn; then resumed to the very files of an undisturbed
// run, or rolled back to the very bytes from before; so is the rollback. Nothing else is left: no file of its own, no value
// in the store or in memory.

const HOOK = new URL("./support/kill-hook.mjs", import.meta.url).pathname;

let bao: OpenBao;
beforeAll(async () => void (bao = await startOpenBao()));
afterAll(() => bao?.stop());

describe.concurrent("killed after its effects", () => {
  it.each(FORMATS)("$name", { timeout: 300_000 }, async (format) => {
    const world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    const dir = join(world.dir, "app");
    const secrets = join(world.dir, "secrets");
    mkdirSync(dir);
    layFiles(dir, format.files([["DB_PASSWORD", random(20)]], [["API_TOKEN", random(20)]]));
    const before = filesOf(dir);
    let run = "";
    const now = (): unknown => JSON.parse(JSON.stringify(filesOf(dir)).replaceAll(run, "RUN"));
    const migrate = ["migrate", format.source.replace("DIR", dir), ...format.options, "--yes"];
    const killed = async (args: readonly string[], at: number, from: string): Promise<Ran> =>
      world.unsprawl(args, { nodeArgs: ["--import", HOOK], env: { KILL_AT_WRITE: String(at), KILL_FROM: from } });

    const undisturbed = await world.unsprawl(migrate);
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    run = /Plan (\S+):/.exec(undisturbed.stdout)?.[1] ?? "no run";
    const after = now();
    expect((await world.unsprawl(["rollback", run])).code).toBe(0);

    const from = format === FORMATS[0] ? '"step":"run"' : '"step":"rewrite:';
    // Odd ones are after an effect.
    for (let at = 1 + 2 * randomInt(2), resume = randomInt(2) === 0; ; at += 4, resume = !resume) {
      const ran = await killed(migrate, at, from);
      run = /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "no run";
      const what = `killed at ${at}, run ${run}`;
      if (resume) {
        const resumed = await world.unsprawl(["resume", run]);
        expect(resumed.code, `${what}: ${resumed.stderr}`).toBe(0);
        expect(now(), what).toEqual(after);
      }
      const back = await killed(["rollback", run], at, '"step":"rollback"');
      const again = await world.unsprawl([resume || back.signal === null ? "rollback" : "resume", run]);
      if (back.signal === null) expect(back.code, `${what}: ${back.stderr}`).toBe(0);
      else expect(again.stderr, what).not.toContain("error");
      expect(filesOf(dir), what).toEqual(before);
      expect([...leftovers(world), ...filesBelow(secrets)], what).toEqual([]);
      if (format.options.includes("vault"))
        await expect(bao.api("GET", "secret/data/apps/api"), what).rejects.toThrow("404");
      if (ran.signal === null && back.signal === null) {
        expect(at).toBeGreaterThan(15);
        break;
      }
    }
    world.remove();
  });
});
