import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, it, vi } from "vitest";
import { fetcher } from "../../src/agent/fetch.ts";
import { openRecord } from "../../src/agent/record.ts";
import { roller } from "../../src/agent/roll.ts";
import type { AgentTools, ServedConsumer } from "../../src/agent/tools.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";
import { DEEP } from "../support/deep.ts";

// The agent runs for months: what it remembers does not grow with the polls, the changes or the containers that were.

const POLLS = DEEP ? 20_000 : 1500;
const CONSUMERS = 30;
/** Nothing is left over of so many polls but what the collector has not come to. */
const MOST_BYTES = 1_500_000;

afterEach(() => void vi.useRealTimers());

it(`the heap is as large after ${POLLS} polls more`, { timeout: 600_000 }, async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    for (let times = 0; times < 3; times++) collect();
    return process.memoryUsage().heapUsed;
  };
  let poll = 0;
  const away = (): boolean => poll % 50 > 40;
  const open = (name: string): Partial<Provider> => ({
    target: { name, provider: name, settings: {} },
    parse: (reference) => ({ path: reference.split("#")[0] ?? "", field: "A" }),
    version: async () => {
      if (name === "flapping" && away()) throw new UnsprawlError("unreachable", `away since ${poll}`, null);
      return name === "versionless" ? null : `${poll - (poll % 10)}`;
    },
    get: async () => ({ value: Secret.of(random(2000)), version: "" }),
  });
  let told = 0;
  const tools: Partial<AgentTools> = {
    stores: {
      store: async (name) => open(name) as Provider,
      storeOf: async ({ name }) => open(name) as Provider,
      resolve: async () => new Map(),
      know: () => undefined,
      known: () => ({ runs: [], key: null }),
    },
    key: fingerprintKey(Buffer.alloc(32, 1)),
    told: () => void told++,
    forget: () => undefined,
  };
  const fetch = fetcher(tools as AgentTools);
  const settings = { everyMs: 2000, onChange: { kind: "restart" }, graceMs: 1, healthTimeoutMs: 1 } as const;
  const roll = roller(settings, tools as AgentTools, openRecord(null), new AbortController().signal);
  let keys = new Set<string>();
  // Containers of the OCI runtime are made again, and have another id then.
  const all = (): ServedConsumer[] =>
    Array.from({ length: CONSUMERS }, (_, at) => {
      const store = ["versioned", "versionless", "flapping"][at % 3] ?? "";
      const values = [{ name: "A", reference: `ref+${store}://${at}#A`, store }];
      const key = `${at}-${at % 10 === 0 ? poll : 0}`.padEnd(64, "0");
      return {
        ...{ key, files: false },
        consumer: {
          ...{ id: `container:${key}`, delivery: "shim", folder: "", owner: { uid: 0, gid: 0 }, script: false },
          ...{ values, onChange: null, stores: [] },
        },
      };
    });
  const once = async (): Promise<void> => {
    vi.setSystemTime(Date.now() + 2000);
    const now = all();
    const fresh = new Set(now.map(({ key }) => key));
    for (const key of keys) if (!fresh.has(key)) await roll.forget(key);
    keys = fresh;
    await fetch.poll(now, roll.take);
    poll++;
  };
  for (let times = 0; times < POLLS / 6; times++) await once();
  const before = heap();
  for (let times = 0; times < POLLS; times++) await once();
  const after = heap();
  if (DEEP) console.log(`${POLLS} polls: heap ${before} bytes before, ${after} after; ${told} events`);
  expect(told).toBeGreaterThan(POLLS / 50);
  expect(after - before).toBeLessThan(MOST_BYTES);
});
