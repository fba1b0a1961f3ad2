import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngine } from "./services/engine.ts";
import { makeImages } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { DEEP, sample } from "./support/deep.ts";
import { KilledSubject, type Bystanders } from "./support/kill-around.ts";
import { makeWorld } from "./support/world.ts";

// The program is killed while the old container is being stopped, and the engine wherever the run is: both aim at what the
// plan saw. kill.test.ts kills the program at its own steps.

let around: Bystanders;
beforeAll(async () => {
  const [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  around = { engine, bao, world: makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token }) };
});
afterAll(async () => {
  await around?.engine.stop();
  await around?.bao.stop();
  around?.world.remove();
});

const VERBS = ["resume", "rollback"] as const;
const pause = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

const into = DEEP ? [1, 2, 3] : [1];
it.each(VERBS.flatMap((verb) => into.map((seconds) => ({ verb, seconds }))))(
  "killed $seconds s into the stop of the old container: $verb",
  async ({ verb, seconds }) => {
    const subject = await new KilledSubject(`stop-${verb}-${seconds}`, "container", around).begin(true);
    const kill = async (pid: number): Promise<void> => {
      await pause(seconds);
      process.kill(pid, "SIGKILL");
    };
    expect(await subject.applyUntil(() => subject.isStopping(), kill)).toBe(true);
    expect(await subject.finish(verb)).toBe(true);
    await pause(5);
    subject.expectUp();
    subject.clear();
  },
);

it.each(VERBS.flatMap((verb) => into.map((seconds) => ({ verb, seconds }))))(
  "killed $seconds s after Compose began to recreate the project: $verb",
  async ({ verb, seconds }) => {
    const subject = await new KilledSubject(`up-${verb}-${seconds}`, "Compose", around).begin(true);
    const kill = async (pid: number): Promise<void> => {
      await pause(seconds);
      process.kill(pid, "SIGKILL");
    };
    expect(await subject.applyUntil(() => subject.isAt("/before"), kill)).toBe(true);
    expect(await subject.finish(verb)).toBe(true);
    // What the killed program had begun in the engine has ended by now, too.
    await pause(5);
    subject.expectUp();
    subject.clear();
  },
);

/** Where the engine is killed: by what the journal says last, or what the engine does. */
const PLACES = {
  "before anything is recreated": (subject: KilledSubject): boolean => subject.isAt("verify:"),
  "while the old container is being stopped": (subject: KilledSubject): boolean => subject.isStopping(),
  "once the new one has been started": (subject: KilledSubject): boolean => subject.isAt("/start"),
} as const;

const cases = (Object.keys(PLACES) as (keyof typeof PLACES)[]).flatMap((place) =>
  VERBS.map((verb) => ({ place, verb })),
);
it.each(sample(cases, 2))("the engine is killed $place: $verb", async ({ place, verb }) => {
  const subject = await new KilledSubject(
    `engine-${cases.findIndex((one) => one.place === place && one.verb === verb)}`,
    "container",
    around,
  ).begin(true);
  expect(await subject.applyUntil(() => PLACES[place](subject), around.engine.kill)).toBe(true);
  await around.engine.start();
  expect(await subject.finish(verb)).toBe(true);
  subject.clear();
});

it.each(sample(VERBS, 1))("the engine is killed while a Compose project is being moved: %s", async (verb) => {
  const subject = await new KilledSubject(`project-${verb}`, "Compose", around).begin(true);
  expect(await subject.applyUntil(() => subject.isAt("rewrite:"), around.engine.kill)).toBe(true);
  await around.engine.start();
  expect(await subject.finish(verb)).toBe(true);
  subject.clear();
});
