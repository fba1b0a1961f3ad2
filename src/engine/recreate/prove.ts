import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, DeliverySubject, Reception } from "../../contract/delivery.ts";
import type { PlanOptions, Work } from "../../contract/migration.ts";
import type { Engine } from "../engine.ts";
import { cmd } from "../../kit/shell.ts";
import { countText } from "../../kit/text/count.ts";
import { nameOf } from "../names.ts";
import { checkOutput, lastWords } from "./last-words.ts";
import { loopsAsBefore, type Looping } from "./looping.ts";
import { endWatch, isWatched, watchReads } from "./read-witness.ts";
import { holdersOf, receptionOf } from "./receive.ts";
import { ownTraces } from "./own-traces.ts";
import { findAllInContainer } from "../traces.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import type { ContainerDoc } from "../types.ts";
import { UnsprawlError } from "../../model/error.ts";
import { valuesByName, valueKey, type Step } from "../../model/plan.ts";

type CheckStep = Extract<Step, { kind: "check" }>;
const TICK_MS = 100;

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

/** The state of the old container; `looping` null or absent if it did not keep restarting. */
export type StateBefore = { readonly running: boolean; readonly unhealthy: boolean; readonly looping?: Looping | null };

/**
 * Verifies a migrated container: it is healthy (or up for the grace time, if it has no health check or was unhealthy
 * before), the application has received each value, and neither a fresh inspect nor the engine's files of the container contain a value. Throws `unhealthy` or `failed`.
 */
export async function verifyContainer(
  engine: Engine,
  id: string,
  step: CheckStep,
  delivery: Delivery,
  subject: DeliverySubject,
  dockerRoot: string,
  before: StateBefore,
  work: Work,
  key: FingerprintKey,
): Promise<ContainerProof> {
  try {
    return await verify(engine, id, step, delivery, subject, dockerRoot, before, work, key);
  } finally {
    endWatch(id);
  }
}

async function verify(
  ...[engine, id, step, delivery, subject, dockerRoot, before, work, key]: Parameters<typeof verifyContainer>
): Promise<ContainerProof> {
  let doc = await fresh(engine, id);
  mustShowNoValue(doc, step, work, "docker inspect");
  const received = new Map<string, Reception>();
  let health = "was not running before, so it was not started";
  if (before.running) {
    let start = Date.now();
    const values = valuesByName(step.moves, work.values);
    const holders = (name: string): readonly string[] | null => holdersOf(step, name, work.record);
    const missing = (): readonly string[] => [...values.keys()].filter((name) => !received.has(name));
    for (let again = false; ;) {
      work.signal.throwIfAborted();
      for (const [name, value] of doc.State.Running && doc.State.Pid ? values : []) {
        const how = await receptionOf(delivery, subject, doc, { name, value, holders: holders(name) }, key);
        if (how !== null) received.set(name, how);
        // Another program may have taken the place of the one that had it.
        else if (received.get(name) === "environment") received.delete(name);
      }
      const elapsed = Date.now() - start;
      const loop = loopsAsBefore(doc, before.looping, elapsed >= step.graceMs);
      if (loop === "same") {
        health = "keeps restarting, as before";
        break;
      }
      const state = loop === "wait" ? null : await standing(engine, doc, step, elapsed, before.unhealthy, work);
      showWait(doc, step, before.unhealthy, state === null ? [] : missing(), work);
      const isLate = state !== null && elapsed > receiveLimitMs(step);
      if (state !== null && (missing().length === 0 || (isLate && step.unread === true))) {
        health = state;
        break;
      }
      if (isLate) {
        // A run that was resumed did not see the start.
        const unseen = missing().filter((name) => (holders(name) ?? []).length === 0);
        const mayLook = !again && delivery.name === "file" && !isWatched(id) && unseen.length === missing().length;
        if (!mayLook || !(await watchReads(doc))) throw notReceived(nameOf(doc), missing(), delivery);
        again = true;
        work.phase(`restarting ${nameOf(doc)}, to see whether it reads its files`, receiveLimitMs(step));
        await engine.call(`restart ${nameOf(doc)}`, async () => (await engine.docker()).getContainer(id).restart());
        start = Date.now();
      }
      await sleep(TICK_MS, undefined, { signal: work.signal });
      doc = await fresh(engine, id);
    }
  }
  doc = await fresh(engine, id);
  mustShowNoValue(doc, step, work, "docker inspect");
  const { shown, unseen } = await ownTraces(engine, doc, valuesByName(step.moves, work.values), work.signal);
  return {
    ...{ inspect: "clean", disk: onDisk(dockerRoot, doc, step, work), health, started: before.running, received },
    ...(shown.length > 0 && { shown }),
    ...(unseen.length > 0 && { unseen }),
  };
}

function notReceived(name: string, missing: readonly string[], { name: delivery }: Delivery): UnsprawlError {
  const names = missing.join(", ");
  if (delivery !== "file")
    return new UnsprawlError(
      "unhealthy",
      `${name} is up, but its processes do not have ${names}`,
      "try another delivery: --deliver shim or --deliver runtime",
    );
  return new UnsprawlError(
    "unhealthy",
    `${name} is up, but was not seen to read ${names} from its file`,
    "--deliver shim or --deliver runtime gives the application the variable itself; --accept unread moves it anyway",
  );
}

/** What `--accept unread` means for a check. */
export const acceptedUnread = ({ accept }: Pick<PlanOptions, "accept">): { readonly unread?: true } =>
  accept.has("unread") ? { unread: true } : {};

/** How long the application may take to receive its values. */
const receiveLimitMs = ({ graceMs }: CheckStep): number => Math.max(graceMs, 10_000);

/** What a verification waits for: first that the container stands, then that it has the `missing` values. */
function showWait(
  doc: ContainerDoc,
  step: CheckStep,
  wasUnhealthy: boolean,
  missing: readonly string[],
  work: Work,
): void {
  const isChecked = doc.State.Health !== undefined && doc.State.Health !== null && !wasUnhealthy;
  const name = nameOf(doc);
  if (missing.length > 0)
    work.phase(`waiting until the process of ${name} has ${missing.join(", ")}`, receiveLimitMs(step));
  else if (isChecked) work.phase(`waiting for the health check of ${name}`, step.healthTimeoutMs);
  else work.phase(`checking that ${name} stays up`, step.graceMs);
}

/** Whether the health check of a running container fails. */
export function isUnhealthy({ State }: ContainerDoc): boolean {
  return State.Running && State.Health?.Status === "unhealthy";
}

/** What a plan says of a container whose health check fails already; nothing of others. */
export function unhealthyNote(doc: ContainerDoc): readonly string[] {
  if (!isUnhealthy(doc)) return [];
  return [
    `its health check fails already, so it is verified to stay up and to receive its values, not to become healthy: ${cmd`docker inspect ${nameOf(doc)}`} shows why (State.Health.Log)`,
  ];
}

async function fresh(engine: Engine, id: string): Promise<ContainerDoc> {
  const doc = await engine.container(id);
  if (doc) return doc;
  throw new UnsprawlError(
    "unhealthy",
    "the new container disappeared while it was checked",
    "docker events --since 5m",
  );
}

/** The health as text; null if it is too early to tell. Throws `unhealthy` if the container is down or unhealthy. */
async function standing(
  engine: Engine,
  doc: ContainerDoc,
  step: CheckStep,
  elapsed: number,
  wasUnhealthy: boolean,
  work: Work,
): Promise<string | null> {
  const { State: state } = doc;
  if (!state.Running || state.Restarting || (doc.RestartCount ?? 0) > 0) {
    throw new UnsprawlError(
      "unhealthy",
      `${nameOf(doc)} did not stay up (exit ${state.ExitCode ?? "unknown"})${await lastWords(engine, doc, work)}`,
      `docker run its image by hand to see why; nothing is lost: the old container is restored`,
    );
  }
  if (state.Paused) return "paused, as it was before";
  if (!state.Health || state.Health.Status === "none")
    return elapsed >= step.graceMs ? `up for ${step.graceMs / 1000} s` : null;
  if (state.Health.Status === "healthy") return "healthy";
  // Compared with its own state before: a check that failed all along says nothing about the migration.
  if (wasUnhealthy) return elapsed >= step.graceMs ? `up for ${step.graceMs / 1000} s, not healthy, as before` : null;
  if (state.Health.Status === "unhealthy" || elapsed > step.healthTimeoutMs) {
    // "unhealthy" is the engine's last word, which no longer wait changes.
    const hint =
      state.Health.Status === "unhealthy"
        ? cmd`docker inspect ${nameOf(doc)} shows its health check (Config.Healthcheck); nothing is lost: the old container is restored`
        : "raise --health-timeout if it needs longer";
    throw new UnsprawlError(
      "unhealthy",
      `${nameOf(doc)} is ${state.Health.Status} after ${Math.round(elapsed / 1000)} s${await checkOutput(doc, work)}${await lastWords(engine, doc, work)}`,
      hint,
    );
  }
  return null;
}

/** Throws `failed` if a document still contains a migrated value. */
export function mustShowNoValue(document: unknown, step: CheckStep, work: Work, what: string): void {
  const values = step.moves.map((move) => {
    const value = work.values.get(valueKey(move));
    if (value !== undefined) return value;
    throw new UnsprawlError("failed", `the value of ${move.name} is not available, so its removal cannot be verified`);
  });
  const names = step.moves.map(({ name }) => name);
  const tolerated = Map.groupBy(step.tolerated, (one) => one.name);
  for (const [at, paths] of findAllInContainer(document, values, names).entries()) {
    const name = names[at] ?? "";
    const stays = new Set((tolerated.get(name) ?? []).map(({ path }) => tail(path)));
    const found = [...paths].find((path) => !stays.has(tail(path)));
    if (found !== undefined)
      throw new UnsprawlError(
        "failed",
        `${what} still shows the value of ${name} at ${found}`,
        "the old container is restored; please report this",
      );
  }
}

/** Array positions may have shifted since the plan recorded the tolerated places. */
const tail = (path: string): string => path.replace(/\[\d+\]/g, "");

/** Verifies the engine's own files of the container, if they can be read here. */
function onDisk(dockerRoot: string, doc: ContainerDoc, step: CheckStep, work: Work): ContainerProof["disk"] {
  for (const file of ["config.v2.json", "hostconfig.json"]) {
    let text: string;
    try {
      text = readFileSync(join(dockerRoot, "containers", doc.Id, file), "utf8");
    } catch {
      return "not readable";
    }
    const { State: _state, NetworkSettings: _network, ...rest } = JSON.parse(text) as { [key: string]: unknown };
    // By the names that inspect has, as the tolerated places are.
    const shown = file === "hostconfig.json" ? { HostConfig: rest } : rest;
    mustShowNoValue(shown, step, work, join("containers", doc.Id.slice(0, 12), file));
  }
  return "clean";
}
