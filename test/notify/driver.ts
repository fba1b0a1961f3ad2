import { setTimeout as sleep } from "node:timers/promises";
import { openSqliteHistory } from "../../src/history/sqlite.ts";
import { startDelivery } from "../../src/notify/deliver.ts";
import { webhook } from "../../src/notify/webhook.ts";
import { change, opened } from "./changes.ts";

// A process that remembers ten changes and tells what is in the outbox, to be killed at any instant; its clock is ahead
// by so much, and hurries. Without a round it ends when nothing is left to tell.
const [state = "", url = "", ahead = "0", round = ""] = process.argv.slice(2);
const real = Date.now;
Date.now = () => real() + Number(ahead);

const history = await openSqliteHistory(state);
const channels = ["ops"];
if (round !== "") {
  const changes = Array.from({ length: 10 }, (_, at) => change(Number(round) * 10 + at));
  const at = new Date().toISOString();
  const scan = { id: `scan ${round}`, at, durationMs: 1, sources: [], subjects: 1, errors: 0, trend: null };
  await history.remember("web1", scan.id, channels, () => ({
    findings: [],
    seen: [],
    changes,
    moved: [],
    undone: [],
    scan,
  }));
}
const { channel } = opened(webhook, { url });
const wanted = { on: ["new"], minSeverity: null, minConfidence: null } as const;
const delivery = startDelivery({
  history,
  outlets: [{ channel, wanted }],
  say: (text) => process.stderr.write(`${text}\n`),
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(Math.min(ms, 20), undefined, { signal }).catch(() => {}),
    random: () => Math.random(),
  },
});
if (round !== "") await sleep(60_000);
while ((await history.waiting("ops")).count > 0) await sleep(20);
await delivery.stop(5000);
await history.close();
