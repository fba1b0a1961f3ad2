import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AgentNotice } from "../../src/model/notice.ts";
import { startReceiver, type Receiver } from "../notify/receiver.ts";
import { BUSYBOX, FILE_ENV } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { freePort } from "../services/tls.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { faultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { plantedIn } from "../support/planted.ts";
import { makeWorld, type World } from "../support/world.ts";
import { change, migrated, startAgent, type RunningAgent } from "./stage.ts";

// What the agent does, and what it cannot do, is told on the channels of `notify:` and counted, without a value.

let engine: WorkerEngine;
let bao: OpenBao;
let proxy: FaultProxy;
let receiver: Receiver;
let world: World;
let agent: RunningAgent;
let metrics = "";

const frail = "[ ! -e /state/broken ] || exit 3; exec sleep 100000";

beforeAll(async () => {
  [engine, bao, receiver] = await Promise.all([workerEngine(), startOpenBao(), startReceiver()]);
  proxy = await faultProxy(bao.address);
  world = makeWorld(engine.host, { VAULT_ADDR: proxy.url, VAULT_TOKEN: bao.token });
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    JSON.stringify({
      notify: {
        ops: { kind: "webhook", url: `${receiver.origin}/ops` },
        chat: { kind: "slack", urlFile: "chat.url" },
        loud: { kind: "webhook", url: `${receiver.origin}/loud`, minSeverity: "high", minConfidence: "high" },
        scans: { kind: "webhook", url: `${receiver.origin}/scans`, on: ["new"] },
        logs: { kind: "otlp", url: receiver.origin },
      },
    }),
  );
  writeFileSync(join(world.dir, "chat.url"), `${receiver.origin}/chat\n`, { mode: 0o600 });
  await migrated(engine, world, { name: "noted", image: BUSYBOX, deliver: "shim", more: ["--stop-timeout", "1"] });
  engine.docker("volume", "create", "frail");
  const more = ["--stop-timeout", "1", "-v", "frail:/state"];
  await migrated(engine, world, {
    ...{ name: "frail", image: FILE_ENV, deliver: "file", more, command: ["sh", "-c", frail] },
  });
  agent = await startServing();
});

/** An agent that answers at `metrics`: somebody else may have taken the port that was free a moment ago. */
async function startServing(attempt = 1): Promise<RunningAgent> {
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  const started = startAgent(world, "--grace", "200ms", "--every", "300ms", "--metrics", `127.0.0.1:${port}`);
  const hasEnded = (): boolean => started.child.exitCode !== null;
  while (!hasEnded() && !started.output().includes("serving")) await sleep(200);
  if (!hasEnded()) return started;
  if (attempt === 3) throw new Error(started.output());
  return startServing(attempt + 1);
}

afterAll(async () => {
  await agent?.end().catch(() => null);
  await engine?.clean();
  await proxy?.stop();
  await bao?.stop();
  await receiver?.stop();
  world?.remove();
});

const told = (path: string): AgentNotice[] =>
  receiver.received
    .filter((one) => one.path === path)
    .flatMap(({ body }) => (JSON.parse(body) as { readonly agent?: readonly AgentNotice[] }).agent ?? []);
const events = (path = "/ops"): string[] => told(path).map(({ event }) => event);
const counted = async (line: RegExp): Promise<string[]> =>
  [...(await (await fetch(metrics)).text()).matchAll(line)].map(String);

it("a changed value that was applied", async () => {
  expect((await fetch(metrics)).ok).toBe(true);
  await change(bao, world, "noted");
  await expect.poll(() => events()).toEqual(["applied"]);
  expect(told("/ops")[0]).toMatchObject({
    ...{ kind: "agent", severity: "low", subject: "container:noted", names: ["API_TOKEN"], next: null },
    text: "container:noted: API_TOKEN applied; 1 container has it",
  });
  expect(await counted(/^unsprawl_agent_events_total\{kind="applied"\} \d+$/gm)).toEqual([
    'unsprawl_agent_events_total{kind="applied"} 1',
  ]);
});

it("a store that does not answer, and that does again, once each", async () => {
  proxy.fault({ kind: "reset" }, Infinity);
  await expect.poll(() => events()).toEqual(["applied", "unreachable"]);
  expect(await counted(/^unsprawl_agent_stores_unreachable \d$/gm)).toEqual(["unsprawl_agent_stores_unreachable 1"]);
  await sleep(4000);
  proxy.fault({ kind: "reset" }, 0);
  await expect.poll(() => events()).toEqual(["applied", "unreachable", "reachable"]);
  expect(told("/ops").slice(1)).toMatchObject([
    { subject: "the store vault", severity: "high" },
    { subject: "the store vault", severity: "low" },
  ]);
  expect(await counted(/^unsprawl_agent_stores_unreachable \d$/gm)).toEqual(["unsprawl_agent_stores_unreachable 0"]);
});

it("a reference that its container may not have", async () => {
  const folder = join(world.memory, "units/greedy/secrets");
  const labels = {
    ...{ "unsprawl.ref.STOLEN": "ref+vault://secret/apps/noted#/API_TOKEN", "unsprawl.deliver.STOLEN": "file" },
    ...{ "unsprawl.store.STOLEN": "vault", "unsprawl.owner": "0:0" },
  };
  const flags = Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  engine.docker("run", "-d", "--name", "greedy", ...flags, "-v", `${folder}:/x:ro`, BUSYBOX, "sleep", "1000");
  await expect.poll(() => events().at(-1)).toBe("refused");
  expect(told("/ops").at(-1)).toMatchObject({
    severity: "medium",
    next: "unsprawl render docker:greedy, if it may have it",
  });
  expect(told("/ops").at(-1)?.text).toContain("container:greedy asks for ref+vault://secret/apps/noted#/API_TOKEN");
  engine.docker("rm", "-f", "greedy");
});

it("a container that does not get well with a new value", async () => {
  engine.docker("run", "--rm", "-v", "frail:/state", BUSYBOX, "touch", "/state/broken");
  await change(bao, world, "frail");
  await expect.poll(() => events().at(-1)).toBe("stopped");
  expect(told("/ops").at(-1)).toMatchObject({ severity: "high", subject: "frail", next: expect.any(String) });
});

it("each channel gets what it asks for, in its own form, and no value is in any", async () => {
  await agent.end();
  await expect.poll(() => events("/loud")).toEqual(["unreachable", "stopped"]);
  expect(receiver.received.filter(({ path }) => path === "/scans")).toEqual([]);
  const chat = receiver.received.filter(({ path }) => path === "/chat").map(({ body }) => body);
  expect(chat.join("\n")).toContain("unsprawl: 1 from the agent");
  expect(chat.join("\n")).toMatch(
    /agent: container:noted: API_TOKEN applied; 1 container has it, on \S+, \d{4}-\d\d-\d\d \d\d:\d\d UTC; low severity/,
  );
  const logs = receiver.received.filter(({ path }) => path === "/v1/logs").map(({ body }) => body);
  for (const event of events()) expect(logs.join("\n")).toContain(`"eventName":"unsprawl.agent.${event}"`);
  expect(plantedIn(receiver.received.map(({ body }) => body).join("\n"))).toEqual([]);
});

it("channels that are set up wrongly keep no container from its files", async () => {
  const file = join(world.dir, "broken.yaml");
  writeFileSync(file, JSON.stringify({ notify: { chat: { kind: "slack", urlFile: "nowhere", caFile: 3 } } }));
  const { stderr, code } = await world.unsprawl(["agent", "--once", "--config", file, "--grace", "100ms"]);
  expect(stderr).toContain("no notification is sent: ");
  // What stopped before is still due.
  expect(code, stderr).toBe(5);
});
