import { expect, test } from "vitest";
import type { Outlet, ChannelFilter } from "../../src/contract/channel.ts";
import type { Notice } from "../../src/model/notice.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { startDelivery } from "../../src/notify/deliver.ts";
import type { Clock } from "../../src/notify/clock.ts";
import { webhook } from "../../src/notify/webhook.ts";
import { Undelivered, type Remedy } from "../../src/notify/undelivered.ts";
import { change, changes, opened } from "./changes.ts";
import { startReceiver } from "./receiver.ts";
import { settled, TestClock, TestOutbox } from "./outbox.ts";

const ALL: ChannelFilter = { on: ["new", "back", "regressed", "gone"], minSeverity: null, minConfidence: null };

type Answer = (batch: readonly Notice[], signal: AbortSignal, count: number) => unknown;

/** A channel that notes, with the second at which it was, what it was told and whether that was taken. */
function outlet(name: string, clock: TestClock, answer: Answer = () => {}, wanted = ALL, most = 100) {
  const began = clock.now();
  const sent: { readonly at: number; readonly names: string; readonly ok: boolean }[] = [];
  const it: Outlet = {
    wanted,
    channel: {
      ...{ name, goesTo: name, most },
      async send(batch, signal) {
        const at = (clock.now() - began) / 1000;
        const names = batch
          .map((one) => (one.kind === "agent" ? one.text : one.finding.name.replace("DB_PASSWORD_", "")))
          .join(" ");
        let ok = false;
        try {
          await answer(batch, signal, sent.length);
          ok = true;
        } finally {
          sent.push({ at, names, ok });
        }
      },
      probe: async () => "",
    },
  };
  return { it, sent };
}

function fails(remedy: Remedy, message = "ops: no"): never {
  throw new Undelivered("unreachable", remedy, message, "mend it");
}

const AGAIN: Remedy = { do: "again", afterMs: null };

function started(clock: TestClock, ...outlets: readonly { readonly it: Outlet }[]) {
  const [outbox, said] = [new TestOutbox(clock), [] as string[]];
  const begin = () =>
    startDelivery({ history: outbox, outlets: outlets.map(({ it }) => it), say: (text) => said.push(text), clock });
  return { outbox, said, begin };
}

test("what lies together is told together, a few seconds after the first", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock);
  const { outbox, begin, said } = started(clock, ops);
  const delivery = begin();
  await clock.pass(1000);
  outbox.put("ops", change(1));
  delivery.wake();
  await clock.pass(1500);
  outbox.put("ops", change(2), change(3));
  delivery.wake();
  await clock.pass(10_000);
  outbox.put("ops", change(4));
  delivery.wake();
  await clock.pass(10_000);
  expect(ops.sent).toEqual([
    { at: 4, names: "1 2 3", ok: true },
    { at: 15.5, names: "4", ok: true },
  ]);
  expect((await outbox.waiting("ops")).count).toBe(0);
  await delivery.stop(5000);
  expect(said).toEqual([]);
});

test("a secret that is back after it was moved hardly waits, and takes along what was being collected", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock);
  const { outbox, begin } = started(clock, ops);
  const delivery = begin();
  await settled();
  outbox.put("ops", change(1));
  delivery.wake();
  await clock.pass(1000);
  outbox.put("ops", change(2, { kind: "regressed" }));
  delivery.wake();
  await clock.pass(1000);
  outbox.put("ops", change(3, { kind: "regressed" }));
  delivery.wake();
  await clock.pass(1000);
  expect(ops.sent.map(({ at, names }) => [at, names])).toEqual([
    [1, "1 2"],
    [2.2, "3"],
  ]);
  await delivery.stop(5000);
});

test("what nobody announced is found: other processes fill the outbox too", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock);
  const { outbox, begin } = started(clock, ops);
  const delivery = begin();
  await clock.pass(1000);
  outbox.put("ops", change(1));
  await clock.pass(33_000);
  expect(ops.sent.map(({ names }) => names)).toEqual(["1"]);
  await delivery.stop(5000);
});

test("what is not wanted counts as told; a channel's limit makes several batches", async () => {
  const clock = new TestClock();
  const wanted: ChannelFilter = { on: ["new", "regressed"], minSeverity: "high", minConfidence: "medium" };
  const ops = outlet("ops", clock, () => {}, wanted);
  const few = outlet("few", clock, () => {}, ALL, 2);
  const { outbox, begin } = started(clock, ops, few);
  const low = change(6);
  outbox.put(
    "ops",
    ...[change(1), change(2, { kind: "gone" }), change(3, { kind: "back" }), change(4, { severity: "medium" })],
    ...[change(5, { severity: "critical" }), { ...low, finding: { ...low.finding, confidence: "low" as const } }],
  );
  outbox.put("few", ...changes(5));
  const delivery = begin();
  await clock.pass(10_000);
  expect(ops.sent.map(({ names }) => names)).toEqual(["1 5"]);
  expect(few.sent.map(({ names }) => names)).toEqual(["0 1", "2 3", "4"]);
  expect((await outbox.waiting("ops")).count).toBe(0);
  await delivery.stop(5000);
});

test("a failure is tried again after growing pauses, the same batch as it was; then spoken of, once", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock, (_batch, _signal, count) => (count < 4 ? fails(AGAIN) : undefined));
  const { outbox, begin, said } = started(clock, ops);
  outbox.put("ops", change(1), change(2));
  const delivery = begin();
  await clock.pass(4000);
  outbox.put("ops", change(3));
  delivery.wake();
  await clock.pass(120_000);
  expect(ops.sent).toEqual([
    { at: 3, names: "1 2", ok: false },
    // Two seconds later, then those that came since; each time twice as long.
    { at: 5, names: "1 2", ok: false },
    { at: 9, names: "1 2", ok: false },
    { at: 17, names: "1 2", ok: false },
    { at: 33, names: "1 2", ok: true },
    { at: 33, names: "3", ok: true },
  ]);
  expect(said).toEqual(["ops: no; 3 changes wait; next: mend it", "ops: works again"]);
  await delivery.stop(5000);
});

test("the pause is never so long that a channel which is back is not noticed, and has some chance in it", async () => {
  const clock = new TestClock();
  clock.random = () => 0;
  const ops = outlet("ops", clock, () => fails(AGAIN));
  const { outbox, begin } = started(clock, ops);
  outbox.put("ops", change(1));
  const delivery = begin();
  await clock.pass(6 * 3_600_000);
  const times = ops.sent.map(({ at }) => at);
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(new Set(pauses.slice(10))).toEqual(new Set([300]));
  await delivery.stop(5000);
});

test("Retry-After is kept, up to a day", async () => {
  const clock = new TestClock();
  const asked = [90_000, 10 * 24 * 3_600_000];
  const ops = outlet("ops", clock, (_batch, _signal, count) => {
    const afterMs = asked[count];
    if (afterMs !== undefined) fails({ do: "again", afterMs });
  });
  const { outbox, begin } = started(clock, ops);
  outbox.put("ops", change(1));
  const delivery = begin();
  await clock.pass(3 * 24 * 3_600_000);
  expect(ops.sent.map(({ at }) => at)).toEqual([3, 93, 93 + 24 * 3600]);
  await delivery.stop(5000);
});

test("a channel that is wrong holds up no other, is said once with what to do, and tried now and then", async () => {
  const clock = new TestClock();
  let mended = false;
  const chat = outlet("chat", clock, () => (mended ? undefined : fails({ do: "fix" }, "chat: nothing is there (404)")));
  const ops = outlet("ops", clock);
  const { outbox, begin, said } = started(clock, chat, ops);
  for (const name of ["chat", "ops"]) outbox.put(name, change(1), change(2));
  const delivery = begin();
  await clock.pass(3_600_000);
  outbox.put("ops", change(3));
  await clock.pass(3_600_000);
  expect(ops.sent.map(({ names }) => names)).toEqual(["1 2", "3"]);
  expect(chat.sent.length).toBeGreaterThan(2);
  expect(chat.sent.length).toBeLessThan(9);
  expect(said).toEqual(["chat: nothing is there (404); 2 changes wait; next: mend it"]);
  mended = true;
  await clock.pass(3_600_000);
  expect(chat.sent.at(-1)).toMatchObject({ names: "1 2", ok: true });
  expect(said.slice(1)).toEqual(["chat: works again"]);
  await delivery.stop(5000);
});

test("one change that is never taken holds up no other, and is never lost", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock, (batch) => {
    if (batch.some((one) => one.kind !== "agent" && one.finding.name === "DB_PASSWORD_5")) fails({ do: "refused" });
  });
  const { outbox, begin, said } = started(clock, ops);
  outbox.put("ops", ...changes(8));
  const delivery = begin();
  await clock.pass(10_000);
  const taken = ops.sent.filter(({ ok }) => ok).flatMap(({ names }) => names.split(" "));
  expect(taken.sort()).toEqual(["0", "1", "2", "3", "4", "6", "7"]);
  expect((await outbox.waiting("ops")).count).toBe(1);
  outbox.put("ops", change(9));
  delivery.wake();
  await clock.pass(10_000);
  expect(ops.sent.at(-1)).toMatchObject({ names: "9", ok: true });
  await clock.pass(24 * 3_600_000);
  expect((await outbox.waiting("ops")).count).toBe(1);
  expect(said).toEqual(["ops: no; it stays in the outbox; next: mend it"]);
  await delivery.stop(5000);
});

test("a file of the channel that is missing is a matter for a person; any other fault is tried again", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock, (_batch, _signal, count) => {
    if (count === 0) throw new TypeError("a fault of ours");
    if (count === 1) throw new UnsprawlError("config", "notify.ops.secretFile names a file that is not there");
  });
  const { outbox, begin, said } = started(clock, ops);
  outbox.put("ops", change(1));
  const delivery = begin();
  await clock.pass(3_600_000);
  expect(ops.sent.map(({ at }) => at)).toEqual([3, 5, 5 + 1800]);
  expect(said).toEqual(["notify.ops.secretFile names a file that is not there; 1 change waits", "ops: works again"]);
  await delivery.stop(5000);
});

test("when it stops, what is due is told at once, and what is in its pause is left to whoever comes next", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock);
  const chat = outlet("chat", clock, () => fails(AGAIN));
  const { outbox, begin } = started(clock, ops, chat);
  const delivery = begin();
  outbox.put("chat", change(1));
  delivery.wake();
  await clock.pass(3500);
  outbox.put("ops", change(1), change(2));
  await delivery.stop(5000);
  expect(ops.sent).toEqual([{ at: 3.5, names: "1 2", ok: true }]);
  expect(chat.sent).toHaveLength(1);
  expect((await outbox.waiting("chat")).count).toBe(1);
  const next = begin();
  await clock.pass(2000);
  await next.stop(5000);
  expect(chat.sent).toHaveLength(2);
});

test("a channel that does not answer is given up after the limit, and its changes are due at once", async () => {
  const clock = new TestClock();
  let hang = true;
  const ops = outlet("ops", clock, async (_batch, signal) => {
    if (!hang) return;
    await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
    fails(AGAIN);
  });
  const { outbox, begin } = started(clock, ops);
  outbox.put("ops", change(1), change(2));
  const delivery = begin();
  await clock.pass(3500);
  const stopping = delivery.stop(4000);
  await clock.pass(4000);
  await stopping;
  hang = false;
  const next = begin();
  await settled();
  await next.stop(4000);
  expect(ops.sent.map(({ names, ok }) => [names, ok])).toEqual([
    ["1 2", false],
    ["1 2", true],
  ]);
  expect((await outbox.waiting("ops")).count).toBe(0);
});

test("killed between being told and noting it: told again, as the same batch", async () => {
  const clock = new TestClock();
  const ops = outlet("ops", clock);
  const { outbox, begin, said } = started(clock, ops);
  outbox.put("ops", change(1), change(2));
  const delivery = begin();
  await clock.pass(2900);
  // The second look while collecting comes first.
  outbox.faults.push(...([undefined, new UnsprawlError("failed", "no space left")] as Error[]));
  await clock.pass(1000);
  outbox.put("ops", change(3));
  await clock.pass(300_000);
  const names = ops.sent.map((one) => one.names);
  expect(names.filter((one) => one === "1 2")).toHaveLength(2);
  expect(names).toContain("3");
  expect((await outbox.waiting("ops")).count).toBe(0);
  expect(said).toEqual(["ops: the history cannot be read: no space left", "ops: works again"]);
  await delivery.stop(5000);
});

test("a real server that has trouble, asks to wait, breaks off and then takes it: the same batch each time", async () => {
  const answers = [500, 503, 429, 0, 204];
  const receiver = await startReceiver((response, _one, count) => {
    const status = answers[count - 1] ?? 204;
    if (status === 0) response.destroy();
    else response.writeHead(status, status === 429 ? { "retry-after": "30" } : {}).end();
  });
  const began = Date.now();
  let slept = 0;
  const clock: Clock = {
    now: () => Date.now() + slept,
    // Time goes by at once, and others have their turn.
    sleep: async (ms, signal) => {
      await new Promise((done) => setImmediate(done));
      if (!signal.aborted) slept += ms;
    },
    random: () => 1,
  };
  const outbox = new TestOutbox(clock);
  outbox.put("ops", ...changes(3));
  const { channel } = opened(webhook, { url: receiver.origin });
  const delivery = startDelivery({ history: outbox, outlets: [{ channel, wanted: ALL }], say: () => {}, clock });
  while ((await outbox.waiting("ops")).count > 0) await settled();
  await delivery.stop(60_000);
  await receiver.stop();
  expect(receiver.received).toHaveLength(answers.length);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  // Collecting, the pauses that grow, and the half minute that was asked for.
  expect(clock.now() - began).toBeGreaterThanOrEqual(3000 + 2000 + 4000 + 30_000 + 16_000);
});

test("whatever fails and whoever is killed, each change is told", async () => {
  const clock = new TestClock();
  let seed = 20_261_125;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  clock.random = random;
  const heard = new Set<string>();
  const ops = outlet("ops", clock, async (batch, signal) => {
    const luck = random();
    if (luck < 0.2) fails(AGAIN);
    if (luck < 0.3) fails({ do: "again", afterMs: 60_000 });
    if (luck < 0.35) fails({ do: "fix" });
    if (luck < 0.4) fails({ do: "refused" });
    await clock.sleep(random() * 5000, signal);
    if (luck < 0.5) fails(AGAIN);
    for (const { id } of batch) heard.add(id);
    if (luck < 0.55) fails(AGAIN);
  });
  const { outbox, begin } = started(clock, ops);
  const all = changes(400);
  let running = [begin(), begin()];
  for (let round = 0; round < 40; round++) {
    outbox.put("ops", ...all.slice(round * 10, round * 10 + 10));
    if (random() < 0.3) outbox.faults.push(new UnsprawlError("failed", "busy"));
    running[0]?.wake();
    await clock.pass(random() * 20_000);
    if (random() < 0.2) {
      const stopping = running.map((one) => one.stop(random() * 3000));
      await clock.pass(3000);
      await Promise.all(stopping);
      running = [begin(), begin()];
    }
  }
  await clock.pass(2 * 24 * 3_600_000);
  expect(all.filter(({ id }) => !heard.has(id))).toEqual([]);
  expect((await outbox.waiting("ops")).count).toBe(0);
  await Promise.all(running.map((one) => one.stop(1000)));
});
