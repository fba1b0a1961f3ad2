import type { ReferenceHolder } from "../contract/reference-holder.ts";
import { isOnEngine } from "../core/journal/uses.ts";
import type { DoneMove } from "../core/moved.ts";
import type { Engine } from "../engine/engine.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { RotateTools } from "./types.ts";

/** The containers of an engine, and which of them hold references. */
export type EnginePlace = {
  readonly engine: Engine;
  /** Null for the engine of the plan. */
  readonly other: Plan["engine"] | null;
  readonly docs: readonly ContainerDoc[];
  readonly holders: readonly ReferenceHolder[];
};

type Tools = Pick<RotateTools, "engineAt" | "holders">;

export async function placeOn(engine: Engine, { holders }: Tools, other: Plan["engine"] | null): Promise<EnginePlace> {
  return { engine, other, docs: await containersOf(engine), holders: await holders(engine) };
}

/** What an answer says for an engine that cannot be looked at: containers there are left out. */
export const OTHER_ENGINE = "other-engine";

/**
 * The other engines from which runs have moved one of these references: containers there may still get it. Throws `refused`
 * if such an engine does not answer, as they would be locked out; `mayMiss` leaves it out instead.
 */
export async function otherPlaces(
  references: ReadonlySet<string>,
  moved: readonly DoneMove[],
  own: string,
  tools: Tools & { readonly mayMiss: boolean },
): Promise<readonly EnginePlace[]> {
  const places = new Map<string, EnginePlace | null>();
  for (const { plan, move } of moved) {
    const { id, address } = plan.engine;
    if (id === own || !isOnEngine(id) || places.has(id) || !references.has(move.reference)) continue;
    const place = await placeAt(plan.engine, tools);
    if (typeof place === "string" && !tools.mayMiss)
      throw new UnsprawlError(
        "refused",
        `${move.location.subjectName} on ${address} has it too, and would be locked out: ${place}`,
        cmd`DOCKER_HOST=${address} unsprawl doctor, then rotate again; if it is gone for good: unsprawl rotate --accept ${bare(OTHER_ENGINE)}`,
      );
    places.set(id, typeof place === "string" ? null : place);
  }
  return [...places.values()].filter((place) => place !== null);
}

/** Another engine, as long as it is the one that answers there; otherwise why it cannot be looked at. */
export async function placeAt(other: Plan["engine"], tools: Tools): Promise<EnginePlace | string> {
  try {
    const engine = await tools.engineAt(other.address);
    if ((await engine.info()).ID !== other.id) return "another engine answers there now";
    return await placeOn(engine, tools, other);
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
    return error.message;
  }
}

/** The engine's containers, those kept for rollback left out. */
export async function containersOf(engine: Engine): Promise<readonly ContainerDoc[]> {
  const docs: ContainerDoc[] = [];
  for (const { Id } of await engine.containers()) {
    const doc = await engine.container(Id);
    if (doc !== null && keptByRun(nameOf(doc)) === null) docs.push(doc);
  }
  return docs;
}
