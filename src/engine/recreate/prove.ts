import type { Reception } from "../../contract/delivery.ts";
import type { Work } from "../../contract/migration.ts";
import { countText } from "../../kit/text/count.ts";
import { UnsprawlError } from "../../model/error.ts";
import { valuesByName, valueKey } from "../../model/plan.ts";
import { findAllInContainer } from "../traces.ts";
import type { ContainerDoc } from "../types.ts";
import { Arrival } from "./arrival.ts";
import { ownTraces } from "./own-traces.ts";
import { endWatch } from "./read-witness.ts";
import { soughtValues } from "./receive.ts";
import { freshDoc, type CheckStep, type Verification } from "./verification.ts";

/** The result of verification, for the journal and for people. */
export type ContainerProof = {
  readonly inspect: "clean";
  readonly disk: "clean" | "not readable";
  /** What the application has written itself by now: `its log shows DB_PASSWORD`. Absent for nothing. */
  readonly shown?: readonly string[];
  /** Where that could not be looked for: `its log`. Absent for nothing. */
  readonly unseen?: readonly string[];
  readonly health: string;
  readonly started: boolean;
  /** By variable: how the application was seen to have it. Not those that it was not seen to read, which was accepted. */
  readonly received: ReadonlyMap<string, Reception>;
};

/**
 * Records the proof of a step's containers as one, which claims only what holds for each, and says it. `elsewhere`: how
 * many more run where they cannot be looked at.
 */
export function recordProof(step: CheckStep, proofs: readonly ContainerProof[], work: Work, elsewhere = 0): void {
  const [first, ...others] = proofs;
  if (first === undefined) {
    const inspect = "there is no container to inspect";
    work.record.done(`${step.id}/proof`, { inspect, disk: "not readable", started: false, received: [], elsewhere });
    return work.say("none of its containers is here, so nothing was verified");
  }
  const shown = [...new Set(proofs.flatMap((one) => one.shown ?? []))];
  const unseen = [...new Set(proofs.flatMap((one) => one.unseen ?? []))];
  const proof: ContainerProof = {
    inspect: "clean",
    disk: proofs.every(({ disk }) => disk === "clean") ? "clean" : "not readable",
    ...(shown.length > 0 && { shown }),
    ...(unseen.length > 0 && { unseen }),
    health: [...new Set(proofs.map(({ health }) => health))].join(", "),
    started: proofs.every(({ started }) => started),
    received: new Map([...first.received].filter(([name]) => others.every(({ received }) => received.has(name)))),
  };
  const { disk, health, started, received } = proof;
  const names = step.moves.map(({ name }) => name);
  const unread = started && step.unread === true ? names.filter((name) => !received.has(name)) : [];
  work.record.done(`${step.id}/proof`, {
    ...{ ...proof, received: [...received.keys()], by: Object.fromEntries(received), elsewhere },
    ...(unread.length > 0 && { unread }),
  });
  const accepted = unread.length > 0 ? `; delivered, not seen to be read: ${unread.join(", ")}` : "";
  const values =
    started && received.size + unread.length > 0
      ? `${received.size} of ${step.moves.length} received${accepted}`
      : `not verified: whether it receives ${names.join(", ")}`;
  const copies = proofs.length > 1 ? ` (${proofs.length} copies)` : "";
  const tasks = elsewhere > 0 ? ` (${countText(elsewhere, "more task")} on other nodes)` : "";
  const written = unseen.length === 0 ? "" : ` (not looked at: ${unseen.join(", ")})`;
  const files = `${shown.length === 0 ? `engine's files ${disk}` : `but ${shown.join(", ")}`}${written}`;
  work.say(`proven: inspect clean, ${files}, ${health}; ${values}${copies}${tasks}`);
}

/**
 * Verifies a migrated container: it is healthy (or up for the grace time, if it has no health check or was unhealthy
 * before), the application has received each value, and neither a fresh inspect nor the engine's files of the container
 * contain a value. Throws `unhealthy` or `failed`.
 */
export async function verifyContainer(asked: Verification): Promise<ContainerProof> {
  try {
    return await verify(asked);
  } finally {
    endWatch(asked.id);
  }
}

async function verify(asked: Verification): Promise<ContainerProof> {
  const { engine, step, before, work } = asked;
  const first = await freshDoc(asked);
  mustShowNoValue(first, step, work, "docker inspect");
  const arrival = new Arrival(asked);
  const health = before.running ? await arrival.waitFrom(first) : "was not running before, so it was not started";
  const doc = await freshDoc(asked);
  mustShowNoValue(doc, step, work, "docker inspect");
  const { shown, unseen } = await ownTraces(engine, doc, valuesByName(step.moves, work.values), work.signal);
  return {
    ...{
      inspect: "clean",
      disk: await onDisk(asked, doc),
      health,
      started: before.running,
      received: arrival.received,
    },
    ...(shown.length > 0 && { shown }),
    ...(unseen.length > 0 && { unseen }),
  };
}

/** Throws `failed` if a document still contains a migrated value. */
export function mustShowNoValue(document: unknown, step: CheckStep, work: Work, what: string): void {
  const values = step.moves.map((move) => {
    const value = work.values.get(valueKey(move));
    if (value !== undefined) return value;
    throw new UnsprawlError("failed", `the value of ${move.name} is not available, so its removal cannot be verified`);
  });
  const names = step.moves.map(({ name }) => name);
  mustHaveNoTraces(step, names, findAllInContainer(document, values, names), what);
}

/** `found`: the places of each of these variables' values. */
function mustHaveNoTraces(
  step: CheckStep,
  names: readonly string[],
  found: readonly Iterable<string>[],
  what: string,
): void {
  const tolerated = Map.groupBy(step.tolerated, (one) => one.name);
  for (const [at, paths] of found.entries()) {
    const name = names[at] ?? "";
    const stays = new Set((tolerated.get(name) ?? []).map(({ path }) => tail(path)));
    const place = [...paths].find((path) => !stays.has(tail(path)));
    if (place !== undefined)
      throw new UnsprawlError(
        "failed",
        `${what} still shows the value of ${name} at ${place}`,
        "the old container is restored; please report this",
      );
  }
}

/** Array positions may have shifted since the plan recorded the tolerated places. */
const tail = (path: string): string => path.replace(/\[\d+\]/g, "");

/** Verifies the engine's own files of the container, if they can be read. */
async function onDisk({ sight, step, work }: Verification, doc: ContainerDoc): Promise<ContainerProof["disk"]> {
  const sought = soughtValues(step.moves, work.values);
  const files = await sight.traces(doc.Id, sought);
  const names = sought.map(({ name }) => name);
  for (const { file, places } of files ?? [])
    mustHaveNoTraces(step, names, places, file.replace(doc.Id, doc.Id.slice(0, 12)));
  return files === null ? "not readable" : "clean";
}
