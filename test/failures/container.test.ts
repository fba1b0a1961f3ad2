import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { filesBelow, random } from "../support/canary.ts";
import { savePlan } from "../support/in-process.ts";
import type { Ran } from "../support/world.ts";
import { bao, engine, expectTold, newWorld, proxied, stored, useRig } from "./rig.ts";
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

describe("two users of one engine, each with locks of their own", () => {
  const isCreate = (method: string, path: string): boolean =>
    method === "POST" && path.startsWith("/containers/create");

  it.each([
    ["before", { code: 5, says: /is another container than a moment ago/ }, { code: 0, says: /^/ }],
    [
      "after",
      { code: 0, says: /^/ },
      { code: 1, says: /another run is recreating \S+ it has[^]*docker rm \S+-unsprawl-/ },
    ],
  ] as const)(
    "of two runs of one container, the second %s the first creates its own: one moves it",
    async (when, one, two) => {
      const [first, second] = [newWorld(), newWorld()];
      const subject = new Subject(`two-${when}`, { world: first });
      for (const world of [first, second]) await savePlan(world, "plan.json", ...subject.planned("vault"));
      let other: Promise<Ran> | null = null;
      const apply = async (method: string, path: string): Promise<void> => {
        // A process of its own: one run waits for the other.
        if (isCreate(method, path)) await (other ??= second.unsprawl(["apply", "plan.json"], { nodeArgs: [] }));
      };
      if (when === "after") await proxied(first, () => "pass", apply);
      else await proxied(first, async (...call) => (await apply(...call), "pass" as const));
      const own = await first.unsprawl(["apply", "plan.json"]);
      const others = await (other ?? Promise.reject(new Error("nothing was created")));
      for (const [{ code, stderr }, end] of [
        [own, one],
        [others, two],
      ] as const) {
        expect.soft(code, stderr).toBe(end.code);
        expect.soft(stderr).toMatch(end.says);
      }
      expect(await stored(subject.name)).toEqual(subject.secrets);
      await subject.expectServing();
      const winner = when === "before" ? second : first;
      const undone = await winner.unsprawl(["rollback", "last", "--yes"]);
      expect(undone.code, undone.stderr).toBe(0);
      await subject.expectAsBefore();
      // The second found the first one's entries, which are not its to remove.
      if (when === "before") await bao.api("DELETE", `secret/metadata/apps/${subject.name}`);
      await subject.expectNothingLeft();
    },
  );

  it("an entry that the other takes out of the store meanwhile is missed before the run ends, which is undone", async () => {
    const subject = new Subject("taken-out");
    let taken = 0;
    await proxied(subject.world, async (method, path) => {
      // After the values were read back: as the undo of a run that had put them there first.
      if (isCreate(method, path) && taken++ === 0) await bao.api("DELETE", `secret/metadata/apps/${subject.name}`);
      return "pass" as const;
    });
    expectTold(await subject.migrate("vault"), 1, /was written but is not there/);
    expect(taken).toBe(1);
    await subject.expectAsBefore();
    await subject.expectNothingLeft();
  });

  it("a rollback leaves an entry in the store that a container of the other has too", async () => {
    const secrets = { DB_PASSWORD: random(18) };
    const [one, two] = ["shared-web", "shared-api"].map((name) => new Subject(name, { secrets }));
    if (one === undefined || two === undefined) throw new Error("two");
    for (const { world } of [one, two])
      writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { team: { provider: vault, path: apps/shared } }\n");
    for (const subject of [one, two]) {
      const { code, stderr } = await subject.migrate("team");
      expect(code, stderr).toBe(0);
    }
    const back = await one.world.unsprawl(["rollback", "last", "--yes"]);
    expect([back.code, `${back.stdout}${back.stderr}`]).toEqual([0, expect.stringContaining("container shared-api")]);
    await one.expectAsBefore();
    expect(await stored("shared")).toEqual(secrets);
    const last = await two.world.unsprawl(["rollback", "last", "--yes"]);
    expect(last.code, last.stderr).toBe(0);
    expect(await stored("shared")).toEqual(secrets); // it was there before, for this user
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
