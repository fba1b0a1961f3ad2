import type { Delivery } from "../../../src/contract/delivery.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { swarmOf } from "../../../src/engine/swarm.ts";
import type { ComposeProject } from "../syntax/project.ts";

const NAMESPACE = "com.docker.stack.namespace";

/**
 * The stack that `docker stack deploy` made of these files on this engine's swarm: one whose services have the names of
 * all of theirs. Null for none, and on an engine that manages no swarm.
 */
export async function stackOf(engine: Engine, { services }: ComposeProject): Promise<string | null> {
  const about = (await engine.info())["Swarm"] as { readonly ControlAvailable?: boolean } | undefined;
  if (about?.ControlAvailable !== true) return null;
  const deployed = new Map<string, Set<string>>();
  for (const { Spec } of await (await swarmOf(engine)).services()) {
    const stack = Spec.Labels?.[NAMESPACE];
    if (stack === undefined || !Spec.Name.startsWith(`${stack}_`)) continue;
    const names = deployed.get(stack) ?? new Set();
    deployed.set(stack, names.add(Spec.Name.slice(stack.length + 1)));
  }
  const own = [...services.keys()];
  const found = [...deployed].filter(([, names]) => own.every((name) => names.has(name)));
  return found.length === 1 ? (found[0]?.[0] ?? null) : null;
}

/** A delivery as it serves a stack. */
export function inStack(delivery: Delivery): Delivery {
  if (delivery.name !== "runtime") return delivery;
  const why = "Swarm takes no OCI runtime from a stack's file";
  return { ...delivery, fits: async () => ({ fits: false, why, warnings: [] }) };
}
