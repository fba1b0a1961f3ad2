import { completedMoves } from "../core/moved.ts";
import { nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { consumerText, type RotateStep } from "../model/plan.ts";
import { storedEntries } from "./entries.ts";
import { mustStandAlone } from "./handover.ts";
import { placeAt, placeOn, type EnginePlace } from "./places.ts";
import { mustAllBeMoved, secretHolders } from "./surroundings.ts";
import type { OpenedStore, RotateTools } from "./types.ts";

/** Throws `changed` if the entries, or who has them, are not what the plan saw: somebody would be locked out. */
export async function mustBeAsPlanned(
  step: RotateStep,
  tools: RotateTools,
  { provider, engine }: OpenedStore,
): Promise<void> {
  const moves = completedMoves(tools.installation()).filter(({ move }) =>
    step.entries.some(({ reference }) => reference === move.reference),
  );
  const newest = [...new Map(moves.map((one) => [one.move.reference, one])).values()];
  const stored = await storedEntries(newest, provider, await tools.detector());
  for (const { value, part } of stored) for (const one of [value, part]) tools.know(one);
  const { key } = tools.installation();
  for (const entry of step.entries) {
    const now = stored.find(({ move }) => move.reference === entry.reference)?.value;
    if (now === undefined || fingerprint(now, key) !== entry.fingerprint)
      throw changed(`${entry.name} in the store is not what the plan saw`);
  }
  const places = [await placeOn(engine, tools, null), ...(await placesOfConsumers(step, tools))];
  const values = stored.flatMap(({ value, part }) => [value, part]);
  for (const place of places) {
    mustHaveSameConsumers(step, place);
    if (place.other === null) mustBeSameContainers(step, place);
    mustAllBeMoved(values, place);
  }
}

/** The other engines that the step's consumers are on. Throws `changed` if one cannot be looked at any more. */
async function placesOfConsumers({ consumers }: RotateStep, tools: RotateTools): Promise<readonly EnginePlace[]> {
  const engines = new Map(consumers.flatMap(({ engine }) => (engine === undefined ? [] : [[engine.id, engine]])));
  const places: EnginePlace[] = [];
  for (const engine of engines.values()) {
    const place = await placeAt(engine, tools);
    if (typeof place === "string") throw changed(`the engine ${engine.address} cannot be looked at: ${place}`);
    places.push(place);
  }
  return places;
}

function mustHaveSameConsumers(step: RotateStep, place: EnginePlace): void {
  const having = secretHolders(step.entries, place);
  const own = step.consumers.filter(({ engine }) => engine?.id === place.other?.id);
  for (const { doc } of having) {
    const planned = own.find(({ container }) => container === nameOf(doc));
    if (planned === undefined && (nameOf(doc) !== step.server || place.other !== null))
      throw changed(`${nameOf(doc)} has it now, too`);
    if (planned !== undefined && planned.isRunning !== doc.State.Running)
      throw changed(`${consumerText(planned)} was ${planned.isRunning ? "running" : "stopped"} when it was planned`);
    // A value that is given may be what it lacks.
    if (step.isGiven !== true) mustBeWell(doc);
  }
  const gone = own.find(({ container }) => !having.some(({ doc }) => nameOf(doc) === container));
  if (gone !== undefined) throw changed(`${consumerText(gone)} does not have it any more`);
}

/** A container that is created again is the one that the plan saw. */
function mustBeSameContainers({ handover }: RotateStep, { docs }: EnginePlace): void {
  const other = handover?.containers.find(({ id, name }) => !docs.some((doc) => nameOf(doc) === name && doc.Id === id));
  if (other !== undefined) throw changed(`${other.name} is another container by now`);
  const own = docs.filter(({ Id }) => handover?.containers.some(({ id }) => id === Id));
  for (const doc of own) mustStandAlone(doc, docs);
}

/** Throws `unhealthy` for a container that a restart would not show to be well, with either value. */
function mustBeWell(doc: ContainerDoc): void {
  const { State } = doc;
  if (State.Restarting !== true && State.Health?.Status !== "unhealthy") return;
  const name = nameOf(doc);
  throw new UnsprawlError(
    "unhealthy",
    `${name} is not well, with the value that it has`,
    cmd`docker logs --tail 20 ${name}, then: unsprawl rotate again`,
  );
}

const changed = (what: string): UnsprawlError => new UnsprawlError("changed", what, "unsprawl rotate again");
