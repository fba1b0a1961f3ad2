import { randomInt } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BUSYBOX, FILE_ENV } from "../services/images.ts";
import { variableCanaries, Watch } from "../support/canary.ts";
import { DEEP, sample } from "../support/deep.ts";
import { watched } from "../support/watched.ts";
import { APP, makeStage, runIdOf } from "./stage.ts";

// The guard of Law 1 for every step of a migration, by each delivery and to two kinds of store.

const stage = makeStage();
const { runContainer, idOf, quiet, expectQuietEngine } = stage;

describe("moving", () => {
  beforeAll(async () => {
    // Makes the age key, of which the runtime gets a copy.
    await stage.world.unsprawl(["stores", "check", "local"]);
    const installed = await stage.world.unsprawl([
      "runtime",
      "install",
      "--to",
      "vault",
      "--to",
      "local",
      "--daemon-config",
      stage.engine.configFile,
    ]);
    expect(installed.code, installed.stderr).toBe(0);
  });

  // Each delivery, and each kind of store; which of them meet is drawn. A deep run has every pair.
  const stores = randomInt(2) === 0 ? ["local", "vault", "local"] : ["vault", "local", "vault"];
  const pairs = ["shim", "runtime", "file"].flatMap((deliver, at) =>
    ["local", "vault"].filter((to) => DEEP || to === stores[at]).map((to) => [deliver, to] as const),
  );
  // Every kind of value by one of the two that take them all, some by the other.
  const whole = ["shim", "runtime"][randomInt(2)];
  it.each(pairs)("by %s to %s: plan, apply, runs, render, rollback, migrate, run, scrub", async (deliver, to) => {
    const name = `moved-${deliver}-${to}`;
    const all = variableCanaries();
    const some = ["DB_PASSWORD", "API_TOKEN", ...(deliver === "file" ? [] : sample(all, 4).map((one) => one.name))];
    const canaries = deliver === whole ? all : all.filter((one) => some.includes(one.name));
    const watch = new Watch(canaries);
    runContainer(name, canaries, [], APP, deliver === "file" ? FILE_ENV : BUSYBOX);
    const old = idOf(name);
    const target = [`docker:${name}`, "--to", to, "--deliver", deliver, "--grace", "300ms"];

    const planned = await quiet(watch, ["plan", ...target, "-o", `${name}.plan`]);
    expect(planned.code).toBe(0);
    const applied = await quiet(watch, ["apply", `${name}.plan`], { sampled: true });
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stderr).toContain(`${canaries.length} of ${canaries.length} received`);
    expect(idOf(name)).not.toBe(old);
    expectQuietEngine(watch, idOf(name));
    expect(watch.find(stage.engine.docker("inspect", name))).toEqual([]);
    const run = runIdOf(planned.stdout);
    // Each of these at one delivery at least; a deep run has all at each.
    const shows = [
      ["runs"],
      ["runs", run],
      ["render", run],
      ["runs", run, "--log"],
      ["runs", run, "--json"],
      ["render", "--all", "--json"],
      ["doctor", "--json"],
    ];
    const turn = ["shim", "runtime", "file"].indexOf(deliver);
    for (const args of shows.filter((_, at) => DEEP || at % 3 === turn)) {
      const ran = await quiet(watch, args);
      expect(ran.code, args.join(" ")).toBe(0);
    }
    const back = await quiet(watch, ["rollback", run]);
    expect(back.code).toBe(0);
    expect(idOf(name)).toBe(old);

    const moved = await quiet(watch, ["migrate", ...target, "--yes", "--json"], { sampled: deliver === "runtime" });
    expect(moved.code, moved.stderr).toBe(0);
    // The resolver lives for a moment, at each of the two starts.
    if (deliver === "runtime")
      expect(
        [...applied.shown, ...moved.shown].some(
          ({ where, text }) => where.endsWith("/cmdline") && text.includes("resolve-main"),
        ),
      ).toBe(true);
    const references = Object.fromEntries(canaries.map((one) => [one.name, reference(name, to, one.name)]));
    const ran = await watched(
      stage.world,
      ["run", "--", "sh", "-c", 'test "${#DB_PASSWORD}" -eq 18 && echo it has it'],
      {
        env: references,
      },
    );
    expect(ran.stdout).toBe("it has it\n");
    expect(watch.find(ran.stderr)).toEqual([]);
    const scrubbed = await quiet(watch, ["scrub", runIdOf(moved.stdout), "--accept", "key-backup"]);
    expect(scrubbed.stdout).not.toContain("not searched: ");
    expect(scrubbed.stdout).not.toContain("residue: ");
    expect(scrubbed.code, scrubbed.stdout).toBe(0);
    expectQuietEngine(watch, idOf(name));
    expect(watch.findInFiles(join(stage.engine.dir, "data/containers"))).toEqual([]);
    expect(watch.findInFiles(join(stage.engine.dir, "exec"))).toEqual([]);
    expect(watch.findInFiles("/etc/unsprawl")).toEqual([]);
  });

  function reference(name: string, to: string, variable: string): string {
    return to === "local"
      ? `ref+sops://${stage.world.dir}/.local/share/unsprawl/secrets/${name}.sops.yaml#/${variable}`
      : `ref+vault://secret/apps/${name}#/${variable}`;
  }
});
