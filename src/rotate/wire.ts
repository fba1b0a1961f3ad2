import type { RotationWire } from "../contract/rotator.ts";
import { FOREIGN, FOREIGN_HERE } from "../kit/net/outgoing.ts";
import type { RotateStep } from "../model/plan.ts";
import type { RotateTools } from "./types.ts";

/** The most that a request to a server may take. */
const REQUEST_MS = 15_000;

/** Connections to a server that a container's variables name: no person has. */
export function wireOf(
  { env }: Pick<RotateTools, "env">,
  { server, usesHostNetwork }: Pick<RotateStep, "server" | "usesHostNetwork">,
  signal: AbortSignal,
): RotationWire {
  const isHere = server !== null;
  return {
    reach: isHere || usesHostNetwork ? FOREIGN_HERE : FOREIGN,
    local: isHere,
    timeoutMs: REQUEST_MS,
    env,
    signal,
  };
}
