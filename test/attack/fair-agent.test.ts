/** The agent serves many tenants: what one of them does to it delays nobody else. */
import fc from "fast-check";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lanes } from "../../src/agent/lanes.ts";
import { paceOf } from "../../src/agent/pace.ts";
import type { ServedConsumer } from "../../src/agent/tools.ts";
import { change, migrated, startAgent, valueIn, type RunningAgent } from "../agent/stage.ts";
import { random } from "../support/canary.ts";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { faultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { makeWorld, type World } from "../support/world.ts";

describe("tenants of one host", () => {
  let engine: WorkerEngine;
  let bao: OpenBao;
  let world: World;
  let slow: FaultProxy;
  let agent: RunningAgent | null = null;

  /** Takes no notice of SIGTERM once it has a file. */
  const DEAF = ["sh", "-c", "trap '[ -e /deaf ] || exit 0' TERM; while :; do sleep 1000 & wait $!; done"];
  const app = (name: string, more: readonly string[], command?: readonly string[]): Promise<string> =>
    migrated(engine, world, { name, image: BUSYBOX, deliver: "shim", more, ...(command && { command }) });
  const started = (name: string): string => engine.docker("inspect", "-f", "{{.State.StartedAt}}", name).trim();

  beforeAll(async () => {
    [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
    slow = await faultProxy(bao.address);
    world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    await app("honest", ["--stop-timeout", "1"]);
    await app("deaf", ["--stop-timeout", "3600"], DEAF);
    await app("endless", ["--stop-timeout", "-1"], DEAF);
    for (const name of ["deaf", "endless"]) engine.docker("exec", name, "touch", "/deaf");
    await app("sick", ["--stop-timeout", "1", "--health-cmd", "true", "--health-interval", "1s"]);
  });
  afterAll(async () => {
    await agent?.end("SIGKILL").catch(() => null);
    await engine?.clean();
    await slow?.stop();
    await bao?.stop();
    world?.remove();
  });

  const expectServed = (name: string, value: string): Promise<void> =>
    expect.poll(() => valueIn(engine, name), { message: name, interval: 200 }).toBe(value);

  it("is served while others do not stop, whatever their stop timeout is, and they are served in the end", async () => {
    agent = startAgent(world, "--grace", "200ms");
    await expect.poll(agent.output).toContain("serving 4 consumers");
    const before = new Map(["deaf", "endless"].map((name) => [name, started(name)]));
    const theirs = new Map<string, string>();
    for (const name of before.keys()) theirs.set(name, await change(bao, world, name));
    for (const name of before.keys())
      await expect.poll(agent.output).toContain(`${name}: API_TOKEN changed in the store`);
    await expectServed("honest", await change(bao, world, "honest"));
    // It was not their restart that had ended.
    for (const [name, at] of before) expect(started(name), name).toBe(at);
    for (const [name, value] of theirs) await expectServed(name, value);
  });

  it("is served while another's store does not answer, also when that store is asked whose a secret is", async () => {
    writeFileSync(
      join(world.dir, "unsprawl.yaml"),
      `stores:\n  stalled: { provider: vault, address: "${slow.url}", auth: { method: token } }\n`,
    );
    const own = ["run", "-d", "--name", "stalled", "-e", `API_TOKEN=${random(24)}`, "--stop-timeout", "1", BUSYBOX];
    engine.docker(...own, ...DEAF);
    const moved = await world.unsprawl([
      ...["migrate", "docker:stalled", "--to", "stalled", "--deliver", "shim", "--grace", "100ms", "--yes"],
    ]);
    expect(moved.code, moved.stderr).toBe(0);
    agent = startAgent(world, "--grace", "200ms");
    await expect.poll(agent.output).toContain("serving 5 consumers");
    slow.fault({ kind: "slow" }, 1_000_000);
    const label = "unsprawl.ref.API_TOKEN=ref+stalled://secret/apps/new/API_TOKEN#/API_TOKEN";
    engine.docker(
      "run",
      "-d",
      "--name",
      "waiting",
      "--label",
      label,
      "-v",
      `${world.memory}:/run/secrets:ro`,
      BUSYBOX,
      ...DEAF,
    );
    await expect.poll(() => slow.met).toBeGreaterThan(0);
    await expectServed("honest", await change(bao, world, "honest"));
  });

  it("ends at once when it is asked to, while it waits for all of them", async () => {
    agent = startAgent(world, "--grace", "200ms");
    await expect.poll(agent.output).toContain("serving ");
    await change(bao, world, "deaf");
    await expect.poll(agent?.output ?? (() => "")).toContain("deaf: API_TOKEN changed in the store");
    const before = started("deaf");
    expect(await agent.end(), agent.output()).toBe(0);
    expect(started("deaf"), "it has waited for the container").toBe(before);
    agent = null;
  });
});

describe("lanes", () => {
  const work = fc.record({
    lanes: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1, maxLength: 3 }),
    stuck: fc.boolean(),
  });

  it("what shares a lane runs in order and never together; what shares none with stuck work is done", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 7 }), async (all) => {
        const lanes = new Lanes();
        const [running, done, order] = [new Set<number>(), new Set<number>(), new Map<string, number[]>()];
        let release: () => void = () => undefined;
        const stuck = new Promise<void>((end) => (release = end));
        const entered = all.map((one, at) =>
          lanes.enter(one.lanes, async () => {
            for (const other of running) expect(all[other]?.lanes.some((lane) => one.lanes.includes(lane))).toBe(false);
            for (const lane of one.lanes) order.set(lane, [...(order.get(lane) ?? []), at]);
            running.add(at);
            await (one.stuck ? stuck : sleep(0));
            running.delete(at);
            done.add(at);
          }),
        );
        // Whom stuck work holds up: itself, and whoever comes after one of those in a lane.
        const held = new Set<number>();
        for (const [at, one] of all.entries())
          if (one.stuck || [...held].some((other) => all[other]?.lanes.some((lane) => one.lanes.includes(lane))))
            held.add(at);
        await Promise.all(entered.filter((_, at) => !held.has(at)));
        for (const at of all.keys()) expect(done.has(at)).toBe(!held.has(at));
        release();
        await Promise.all(entered);
        for (const found of order.values()) expect(found).toEqual(found.toSorted((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it("work that fails holds up nobody, and is reported to who entered it", async () => {
    const lanes = new Lanes();
    const failing = lanes.enter(["a"], async () => Promise.reject(new Error("no")));
    const next = lanes.enter(["a"], async () => undefined);
    await expect(failing).rejects.toThrow("no");
    await next;
  });
});

it("however many paths a project has, others are asked about as often as before, and it in its turn", () => {
  const served = (project: string, paths: number): ServedConsumer => ({
    key: project,
    files: true,
    consumer: {
      ...{ id: `compose:${project}/app`, delivery: "file", folder: `/x/${project}`, owner: { uid: 0, gid: 0 } },
      ...{ script: false, onChange: null, stores: [] },
      values: Array.from({ length: paths }, (_, at) => ({
        ...{ name: `V${at}`, reference: `ref+vault://apps/${project}/${at}#/V`, store: null },
      })),
    },
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 50 }), (theirs, own) => {
      const [hostile, honest] = [served("hostile", theirs), served("honest", own)];
      const pace = paceOf([hostile, honest], 2000);
      expect(pace.everyMs).toBeLessThanOrEqual(4000);
      const rounds = Array.from({ length: 50 }, (_, round) => round);
      expect(rounds.every((round) => pace.isTurn(honest, round))).toBe(true);
      expect(rounds.filter((round) => pace.isTurn(hostile, round)).length).toBeGreaterThan(0);
    }),
  );
});
