import { expect, it } from "vitest";
import { serviceOutage } from "../../../migrations/swarm/outage.ts";
import { outageText, planTotals } from "../../../src/core/plan-text.ts";
import type { ServiceSpec } from "../../../src/engine/swarm.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { Plan, RecreateStep } from "../../../src/model/plan.ts";

const SECOND = 1e9;
const limits = { graceMs: 5000, healthTimeoutMs: 90_000 };

function text(tasks: number, more: object, stop?: number, isChecked = false): string {
  const ContainerSpec = stop === undefined ? {} : { StopGracePeriod: stop };
  const Spec: ServiceSpec = { Name: "api", TaskTemplate: { ContainerSpec }, ...more };
  const container = {
    Config: isChecked ? { Healthcheck: { Test: ["CMD", "true"] } } : {},
    HostConfig: {},
    State: { Running: true },
  } as unknown as ContainerDoc;
  const all = [
    ...Array.from({ length: tasks }, () => ({ DesiredState: "running" })),
    { DesiredState: "shutdown" }, // of an earlier update
  ];
  return outageText(stepOf(serviceOutage({ Spec }, all, container, limits)));
}

const stepOf = (outage: NonNullable<RecreateStep["outage"]>): RecreateStep => ({
  id: "recreate:swarm/api",
  kind: "recreate",
  unit: "swarm/api",
  delivery: "file",
  moves: [],
  subject: { id: "1", name: "api", image: "app" },
  digest: "d",
  diff: [],
  outage,
});

const web = { PublishedPort: 8080, TargetPort: 80, PublishMode: "ingress" };
const debug = { PublishedPort: 9000, TargetPort: 9000, PublishMode: "host" };

it.each<[string, string, Parameters<typeof text>]>([
  [
    "nothing is said: swarmkit's defaults",
    "api: its task is replaced: the old one stops first (stop-first), up to 10 s to stop, then the new one must be running within 90 s; watched for 5 s; 105 s in all at most; published ports closed meanwhile: 8080",
    [1, { EndpointSpec: { Ports: [web] } }],
  ],
  [
    "one task after another: the others serve, and only a port of the host closes",
    "api: 3 tasks are replaced, 1 at a time: the old one stops first (stop-first), up to 30 s to stop, then the new one must be healthy within 90 s; 5 s between; watched for 10 s; 7 min in all at most; published ports closed meanwhile: 9000",
    [
      3,
      {
        UpdateConfig: { Parallelism: 1, Delay: 5 * SECOND, Monitor: 10 * SECOND, Order: "stop-first" },
        EndpointSpec: { Ports: [web, debug] },
      },
      30 * SECOND,
      true,
    ],
  ],
  [
    "the new one first: nothing closes",
    "api: 4 tasks are replaced, 2 at a time: the new one starts first (start-first), running within 90 s; then the old one has up to 0 s to stop, so none is missing; watched for 5 s; 4 min in all at most",
    [4, { UpdateConfig: { Parallelism: 2, Order: "start-first" }, EndpointSpec: { Ports: [web] } }, 0],
  ],
  [
    "zero is all at once, and the engine leaves it out",
    "api: all 2 tasks are replaced at once: the old one stops first (stop-first), up to 10 s to stop, then the new one must be running within 90 s; watched for 0 s; 100 s in all at most; published ports closed meanwhile: 8080",
    [2, { UpdateConfig: { Delay: SECOND, Monitor: 0 }, EndpointSpec: { Ports: [web] } }],
  ],
])("%s", (_what, expected, args) => {
  expect(text(...args)).toBe(expected);
});

it("the totals count tasks, and promise no loss at a reboot: the swarm keeps what it mounts", () => {
  const update = { order: "stop-first", tasks: 3, atOnce: 1, delayMs: 0, monitorMs: 0 } as const;
  const outage = { isRunning: true, stopMs: 0, startMs: 0, isChecked: false, ports: [], update };
  const one = stepOf(outage);
  expect(planTotals({ steps: [one] } as unknown as Plan)).toEqual(["3 tasks of 1 service are replaced"]);
  expect(planTotals({ steps: [one, one] } as unknown as Plan)).toEqual([
    "6 tasks of 2 services are replaced, one service after another in this order",
  ]);
});
