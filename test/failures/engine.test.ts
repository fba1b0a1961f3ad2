import { spawn } from "node:child_process";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow } from "../support/canary.ts";
import type { Verdict } from "../support/engine-proxy.ts";
import { MAIN, type Ran } from "../support/world.ts";
import { expectTold, proxied, runIdOf, stored, useRig } from "./rig.ts";
import { Subject } from "./subject.ts";

useRig();

describe("the engine", () => {
  it("that is gone", async () => {
    const subject = new Subject("engine-gone");
    for (const host of ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"]) {
      for (const args of [
        ["scan"],
        ["plan", ...subject.target("vault")],
        ["migrate", ...subject.target("vault"), "--yes"],
      ]) {
        const ran = await subject.world.unsprawl(args, { env: { DOCKER_HOST: host } });
        expectTold(ran, 1, /cannot reach the engine at (unix|tcp)/);
      }
    }
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it.each(["/containers/create", "/rename", "/start"])(
    "that goes away at %s: exit 5, and rollback when it is back",
    async (at) => {
      const subject = new Subject(`engine-dies-at-${at.replaceAll("/", "-")}`);
      let [dead, died] = [false, false];
      await proxied(subject.world, (method, path) => {
        if (!died && method === "POST" && path.split("?")[0]?.endsWith(at)) dead = died = true;
        return dead ? "drop" : "pass";
      });
      const ran = await subject.migrate("vault");
      expectTold(ran, 5, /unsprawl rollback \d{8}-\d{6}-[0-9a-f]{4}/);
      subject.expectUnlocked();
      expect(await stored(subject.name)).toEqual(subject.secrets); // nothing is lost meanwhile
      dead = false;
      const back = await subject.world.unsprawl(["rollback", runIdOf(ran)]);
      expect(back.code, back.stderr).toBe(0);
      await subject.expectAsBefore();
      await subject.expectNothingLeft();
    },
  );

  it("whose socket may not be opened: exit 4", async () => {
    const subject = new Subject("engine-denied");
    const { dir, env } = subject.world;
    const nobody = 65_534;
    chownSync(dir, nobody, nobody);
    const ran = await new Promise<Ran>((done) => {
      const child = spawn(process.execPath, [MAIN, "migrate", ...subject.target("local"), "--yes"], {
        cwd: dir,
        env,
        uid: nobody,
        gid: nobody,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
    });
    expectTold(ran, 4, /permission denied: unix:/);
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that forbids creating containers: exit 4", async () => {
    const subject = new Subject("engine-forbids");
    await proxied(subject.world, (method, path) =>
      method === "POST" && path.startsWith("/containers/create")
        ? { status: 403, message: "authorization denied by plugin" }
        : "pass",
    );
    expectTold(await subject.migrate("vault"), 4, /authorization denied by plugin/);
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });
});

describe("the engine's lock", () => {
  /** Starts a migration and holds it at its container's creation. */
  async function held(
    subject: Subject,
  ): Promise<{ readonly ran: Promise<Ran>; readonly at: Promise<void>; release: () => void }> {
    let arrive: () => void = () => undefined;
    let release: () => void = () => undefined;
    const at = new Promise<void>((done) => (arrive = done));
    const gate = new Promise<void>((done) => (release = done));
    let first = true;
    await proxied(subject.world, async (method, path): Promise<Verdict> => {
      if (first && method === "POST" && path.startsWith("/containers/create")) {
        first = false;
        arrive();
        await gate;
      }
      return "pass";
    });
    const ran = subject.migrate("vault");
    return { ran, at, release };
  }

  it("keeps a second run out, which does nothing; the first goes on", async () => {
    const subject = new Subject("locker");
    const second = new Subject("locked-out", { world: subject.world });
    const first = await held(subject);
    await first.at;
    const refused = await second.migrate("vault");
    expectTold(refused, 1, /another unsprawl is working on this engine: run \d{8}.*process \d+/);
    const { stdout } = await subject.world.unsprawl(["runs"]);
    expect(stdout).toContain("running");
    first.release();
    expect(await first.ran).toMatchObject({ code: 0 });
    await second.expectAsBefore(true);
    expect(await stored(second.name)).toBeNull();
    await subject.expectServing();
    subject.expectUnlocked();
  });

  it("of a killed run is free, whoever is noted as its holder", async () => {
    const subject = new Subject("lock-killed");
    const { dir, env } = subject.world;
    let killed = false;
    await proxied(subject.world, (method, path): Verdict => {
      if (killed || method !== "POST" || !path.startsWith("/containers/create")) return "pass";
      killed = true;
      child.kill("SIGKILL");
      return "drop";
    });
    const child = spawn(process.execPath, [MAIN, "migrate", ...subject.target("vault"), "--yes"], {
      cwd: dir,
      env,
      stdio: "ignore",
    });
    await new Promise((done) => child.on("close", done));
    expect(killed).toBe(true);
    await subject.expectAsBefore(true);
    const [note = ""] = filesBelow(join(dir, "state/unsprawl/lock")).filter((file) => file.endsWith(".holder"));
    const holder = JSON.parse(readFileSync(note, "utf8")) as { host: string };
    writeFileSync(note, JSON.stringify({ ...holder, host: "another-host" }));
    const resumed = await subject.world.unsprawl(["resume"]);
    expect(resumed.code, resumed.stderr).toBe(0);
    await subject.expectServing();
    subject.expectUnlocked();
  });

  it("that was broken while its run goes on: neither takes the other's away", async () => {
    const subject = new Subject("lock-broken");
    const second = new Subject("lock-breaker", { world: subject.world });
    const first = await held(subject);
    await first.at;
    const broke = await second.migrate("vault", "shim", {}, ["--break-lock"]);
    expect(broke.code, broke.stderr).toBe(0);
    first.release();
    expect(await first.ran).toMatchObject({ code: 0 });
    await subject.expectServing();
    await second.expectServing();
    subject.expectUnlocked();
  });
});
