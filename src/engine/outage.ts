import type { RecreateStep } from "../model/plan.ts";
import type { ContainerDoc } from "./types.ts";

/** Without a configured stop timeout, the engine waits this long before it kills. */
const STOP_SECONDS = 10;
const FOREVER_SECONDS = 24 * 3600;

/** How long the engine waits for a container to stop, before it kills it. */
export function stopLimitMs({ Config }: ContainerDoc): number {
  const seconds = Config.StopTimeout ?? STOP_SECONDS;
  // A negative one is for ever.
  return (seconds < 0 ? FOREVER_SECONDS : seconds) * 1000;
}

/** How long a container that is created again is away at most, and which published ports close meanwhile. */
export function outageOf(
  doc: ContainerDoc,
  limits: { readonly graceMs: number; readonly healthTimeoutMs: number },
): NonNullable<RecreateStep["outage"]> {
  const test = doc.Config.Healthcheck?.Test?.[0];
  const isChecked = test !== undefined && test !== "NONE";
  const bindings = Object.entries(doc.HostConfig.PortBindings ?? {});
  const ports = bindings.flatMap(([port, hosts]) => (hosts ?? []).map(({ HostPort }) => HostPort || port));
  return {
    isRunning: doc.State.Running,
    stopMs: stopLimitMs(doc),
    startMs: isChecked ? limits.healthTimeoutMs : limits.graceMs,
    isChecked,
    ports: [...new Set(ports)].sort(),
  };
}
