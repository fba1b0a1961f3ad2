import { expect, test } from "vitest";
import { startCompared, type ComparedService } from "../../../migrations/compose/engine/start.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

// Compose started services in the order of what they depend on. So does unsprawl, with an engine in memory here.

function stage(health: { readonly [name: string]: string }): { engine: Engine; started: string[] } {
  const started: string[] = [];
  const asked = new Map<string, number>();
  const container = async (id: string): Promise<ContainerDoc> => {
    const running = started.includes(id);
    // Its first answer after the start is still `starting`.
    const times = (asked.get(id) ?? 0) + (running ? 1 : 0);
    asked.set(id, times);
    const Status = times > 1 ? (health[id] ?? "healthy") : "starting";
    return { ...doc(id, 1), State: { Status: "running", Running: running, Paused: false, Health: { Status } } };
  };
  const docker = async (): Promise<object> => ({
    getContainer: (id: string) => ({ start: async () => void started.push(id) }),
  });
  const call = async (_what: string, act: () => Promise<unknown>): Promise<unknown> => (await act()) ?? true;
  return { engine: { container, docker, call } as unknown as Engine, started };
}

function doc(id: string, number: number, needs = ""): ContainerDoc {
  const Labels = {
    "com.docker.compose.container-number": String(number),
    "com.docker.compose.depends_on": needs,
  };
  const State = { Status: "created", Running: false, Paused: false };
  return { Id: id, Name: `/${id}`, Image: "i", State, Config: { Labels }, HostConfig: {} };
}

/** Follows what is started; `phases` are what is reported meanwhile. */
function follow(): Parameters<typeof startCompared>[2] & { readonly phases: string[] } {
  const phases: string[] = [];
  return { signal: new AbortController().signal, phases, phase: (text) => void phases.push(text) };
}
const SHOP: readonly ComparedService[] = [
  {
    service: "web",
    docs: [
      doc("web-2", 2, "db:service_healthy:false,off:service_started:false"),
      doc("web-1", 1, "db:service_healthy:false"),
    ],
  },
  { service: "db", docs: [doc("db-1", 1, "web:service_started:true")] },
];

test("by what they depend on, then by their numbers, and even in a circle", async () => {
  const { engine, started } = stage({});
  const work = follow();
  await startCompared(engine, SHOP, work);
  expect(started).toEqual(["db-1", "web-1", "web-2"]);
  expect(work.phases).toEqual([
    "starting db-1",
    "waiting until db-1 is healthy",
    "waiting until db-1 is healthy",
    "starting web-1",
    "starting web-2",
  ]);
});

test("what depends on a service that is not healthy is not started", async () => {
  const { engine, started } = stage({ "db-1": "unhealthy" });
  await expect(startCompared(engine, SHOP, follow())).rejects.toMatchObject({ code: "unhealthy" });
  expect(started).toEqual(["db-1"]);
});
