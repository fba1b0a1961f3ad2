import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { filesBelow, random } from "../support/canary.ts";
import { engine, expectTold, newWorld, proxied, useRig } from "./rig.ts";
import { freePort } from "../services/tls.ts";
import { APP, Subject } from "./subject.ts";

useRig();

describe("what is taken", () => {
  it.each(["unsprawl", "before"])("the name NAME-%s-RUN", async (part) => {
    const subject = new Subject(`taken-${part}`);
    await subject.plan("vault");
    const other = `${subject.name}-${part}-${subject.planId()}`;
    engine.docker("create", "--name", other, BUSYBOX, "true");
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, new RegExp(other));
    await subject.expectAsBefore();
    expect(engine.docker("inspect", "-f", "{{.State.Status}}", other)).toBe("created");
    engine.docker("rm", other);
    await subject.expectNothingLeft();
  });

  it("a port that another takes while the container is swapped", async () => {
    const world = newWorld();
    const suffix = random(6).toLowerCase();
    const thief = `thief-${suffix}`;
    const port = await freePort();
    // Not the default bridge: an engine without one takes docker0 away at its start, whoever made it.
    const network = `ports-${suffix}`;
    engine.docker("network", "create", network);
    const subject = new Subject(`port-${suffix}`, {
      world,
      more: ["--network", network, "-p", `127.0.0.1:${port}:80`],
    });
    let stolen = 0;
    const isStart = (method: string, path: string): boolean => method === "POST" && path.endsWith("/start");
    await proxied(
      world,
      (method, path) => {
        if (isStart(method, path) && stolen++ === 0)
          engine.docker(
            "run",
            "-d",
            "--name",
            thief,
            "--network",
            network,
            "-p",
            `127.0.0.1:${port}:80`,
            BUSYBOX,
            "sleep",
            "1000",
          );
        return "pass";
      },
      (method, path) => {
        if (isStart(method, path) && stolen === 1) engine.docker("rm", "-f", thief);
      },
    );
    try {
      expectTold(await subject.migrate("vault"), 1, new RegExp(`${port}.*(already allocated|already in use)`));
      expect(stolen).toBeGreaterThan(0);
      await subject.expectAsBefore();
      await subject.expectNothingLeft();
    } finally {
      subject.remove();
      engine.docker("network", "rm", network);
    }
  });
});

describe("a container", () => {
  it("that dies at its start", async () => {
    const world = newWorld();
    const starts = join(world.dir, "starts");
    mkdirSync(starts);
    // The second start is the migration's.
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then echo cannot go on; exit 3; fi; ${APP}`;
    const subject = new Subject("dies", { world, script, more: ["-v", `${starts}:/starts`] });
    const other = new Subject("lives", { world });
    expect((await other.migrate("vault")).stderr).toContain("this host has no agent: after a reboot");
    const died = await subject.migrate("vault");
    expectTold(died, 1, /did not stay up.*cannot go on/);
    expect(died.stderr, "of what was put back").not.toContain("agent");
    const back = await world.unsprawl(["rollback", "--yes"]);
    expect(back.code, back.stderr).toBe(0);
    expect(back.stderr).not.toContain("agent");
    other.remove();
    await subject.expectAsBefore();
    await subject.expectNothingLeft();
  });

  it.each([
    ["", 'echo "refused for $DB_PASSWORD"', "refused for"],
    // The engine cuts it within the value.
    [", with a long answer", 'printf "%04090d%s" 0 "$DB_PASSWORD"', ""],
  ])("that turns unhealthy%s", async (what, print, quoted) => {
    const world = newWorld();
    const starts = join(world.dir, "starts");
    mkdirSync(starts);
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; ${APP}`;
    const health = [
      "--health-cmd",
      // Before the migration it prints nothing: the engine shows what a health check has printed.
      `[ "$(cat /starts/n)" != xx ] || { ${print}; false; }`,
      "--health-interval",
      "500ms",
      "--health-retries",
      "1",
    ];
    const subject = new Subject(what === "" ? "unhealthy" : "unhealthy-long", {
      world,
      script,
      more: ["-v", `${starts}:/starts`, ...health],
    });
    const moved = await subject.migrate("vault");
    const answer = new RegExp(
      `is unhealthy after .*its health check exits 1${quoted === "" ? "(?!:)" : `: ${quoted}`}`,
    );
    expectTold(moved, 1, answer);
    expectTold(moved, 1, /next: docker inspect \S+ shows its health check/);
    const shown = await world.unsprawl(["runs", "last"]);
    expect(shown.stdout).toMatch(new RegExp(`failed +\\S+ ${answer.source}`));
    for (const text of [moved.stderr, moved.stdout, shown.stdout])
      for (const value of Object.values(subject.secrets)) expect(text).not.toContain(value.slice(0, 5));
    await subject.expectAsBefore();
    await subject.expectNothingLeft();
  });

  it.each([
    ["is configured otherwise", (name: string) => engine.docker("update", "--restart", "no", name)],
    ["has another name", (name: string) => engine.docker("rename", name, `${name}-renamed`)],
  ])("that %s since the plan: nothing is done", async (what, change) => {
    const subject = new Subject(`drift-${what.replaceAll(" ", "-")}`);
    await subject.plan("vault");
    change(subject.name);
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /has changed since the plan/);
    if (what === "has another name") engine.docker("rename", `${subject.name}-renamed`, subject.name);
    else subject.noteChange();
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
    expect(filesBelow(join(subject.world.dir, "state/unsprawl/runs"))).toEqual([]);
  });

  it("that is gone, or was made again, since the plan", async () => {
    const subject = new Subject("drift-gone");
    await subject.plan("vault");
    subject.remove();
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /is gone/);
    const again = new Subject("drift-gone", { world: subject.world, secrets: subject.secrets });
    expectTold(await again.world.unsprawl(["apply", "plan.json"]), 1, /is gone/);
    await again.expectAsBefore(true);
    await again.expectNothingLeft();
  });
});
