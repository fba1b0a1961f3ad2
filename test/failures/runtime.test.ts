import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { filesBelow, random } from "../support/canary.ts";
import type { SmallDisk } from "../support/small-disk.ts";
import type { World } from "../support/world.ts";
import { bao, disk, engine, expectTold, newWorld, runIdOf, useRig } from "./rig.ts";
import { Subject } from "./subject.ts";

useRig({ tls: true });

/** The world whose runtime is registered with the engine; its memory folder is a small disk. */
let runtimeWorld: World;
let runtimeDisk: SmallDisk;

beforeAll(async () => {
  runtimeWorld = newWorld();
  runtimeDisk = disk(runtimeWorld.memory, 256);
  const install = ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile];
  const installed = await runtimeWorld.unsprawl(install);
  expect(installed.code, installed.stderr).toBe(0);
});

describe("the runtime delivery at a container's start", () => {
  it("says why when the store cannot be asked, and does not run the container without its secret", async () => {
    const subject = new Subject("start", { world: runtimeWorld });
    const moved = await subject.migrate("vault", "runtime");
    expect(moved.code, moved.stderr).toBe(0);
    await subject.expectServing();
    const down = (): boolean => !subject.inspect().State.Running;

    await bao.seal();
    try {
      expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*is sealed/);
      expect(down()).toBe(true);
    } finally {
      await bao.unseal();
    }
    engine.docker("start", subject.name);
    await subject.expectServing();

    await bao.api("DELETE", `secret/metadata/apps/${subject.name}`);
    expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*nothing is stored at ref\+vault:/);
    expect(down()).toBe(true);
    await bao.api("POST", `secret/data/apps/${subject.name}`, { data: subject.secrets });
    engine.docker("start", subject.name);
    await subject.expectServing();
    expect(filesBelow(join(runtimeWorld.memory, "bundles"))).toEqual([]);

    const back = await runtimeWorld.unsprawl(["rollback", runIdOf(moved)]);
    expect(back.code, back.stderr).toBe(0);
    await subject.expectAsBefore();
  });

  it("does not start the container without its secret when the memory folder is full", async () => {
    const subject = new Subject("full-runtime", {
      world: runtimeWorld,
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    runtimeDisk.fill(1);
    try {
      expectTold(await subject.migrate("vault", "runtime"), 1, /unsprawl: .*no space left/);
      await subject.expectAsBefore();
      await subject.expectNothingLeft();
    } finally {
      runtimeDisk.empty();
    }
    const moved = await subject.migrate("vault", "runtime");
    expect(moved.code, moved.stderr).toBe(0);
    runtimeDisk.fill(0);
    try {
      expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*no space left/);
      expect(subject.inspect().State.Running).toBe(false);
    } finally {
      runtimeDisk.empty();
    }
    engine.docker("start", subject.name);
    await subject.expectServing();
    subject.remove();
  });

  // Last: the credential is gone then.
  it("migrating while the runtime's credential is revoked: put back as before", async () => {
    const subject = new Subject("revoked", { world: runtimeWorld });
    const { keys } = ((await bao.api("LIST", "auth/token/accessors")) as { data: { keys: string[] } }).data;
    const accessors = await Promise.all(
      keys.map(async (accessor) => {
        const { data } = (await bao.api("POST", "auth/token/lookup-accessor", { accessor })) as {
          data: { display_name: string };
        };
        return { accessor, name: data.display_name };
      }),
    );
    const readers = accessors.filter((one) => one.name.includes("unsprawl-runtime"));
    expect(readers.length).toBeGreaterThan(0);
    for (const { accessor } of readers) await bao.api("POST", "auth/token/revoke-accessor", { accessor });
    expectTold(await subject.migrate("vault", "runtime"), 1, /unsprawl: .*does not know this token/);
    await subject.expectAsBefore();
    await subject.expectNothingLeft();
    const status = await runtimeWorld.unsprawl(["runtime", "status"]);
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/✗ .*does not know this token/);
  });
});
