import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../../../src/contract/migration.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { nameOf } from "../../../src/engine/names.ts";
import { NAMESPACES } from "../../../src/engine/recreate/sharers.ts";
import { startContainer } from "../../../src/engine/recreate/swap-parts.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { replicaNumber } from "../find.ts";

/** A service with its compared containers. */
export type ComparedService = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  /** Its health check failed before, or it kept restarting: no service waits until it is healthy or done. */
  readonly wasSick?: boolean;
};

/**
 * Starts exactly these containers through the engine, by id, so that changes to the project's files after the
 * comparison have no effect. A service waits for its dependencies, as in Compose. Throws `unhealthy` if one of them
 * does not come up.
 */
export async function startCompared(
  engine: Engine,
  all: readonly ComparedService[],
  work: Pick<Work, "signal" | "phase">,
): Promise<void> {
  const started = new Map<string, readonly ContainerDoc[]>();
  const sick = new Set(all.filter(({ wasSick }) => wasSick).map(({ service }) => service));
  for (const { service, docs } of inOrder(all)) {
    for (const [needed, condition] of needsOf(docs))
      if (!sick.has(needed)) for (const doc of started.get(needed) ?? []) await reached(engine, doc, condition, work);
    for (const doc of docs.toSorted((a, b) => replicaNumber(a) - replicaNumber(b)))
      await startContainer({ engine, phase: work.phase }, doc.Id);
    started.set(service, docs);
  }
}

/** Each service after those in the list that it depends on. */
function inOrder(all: readonly ComparedService[]): readonly ComparedService[] {
  const sorted: ComparedService[] = [];
  const seen = new Set<string>();
  const add = (one: ComparedService): void => {
    if (seen.has(one.service)) return;
    seen.add(one.service);
    for (const [needed] of needsOf(one.docs)) {
      const other = all.find(({ service }) => service === needed);
      if (other !== undefined) add(other);
    }
    for (const other of all) if (other !== one && sharesWith(one, other)) add(other);
    sorted.push(one);
  };
  for (const one of all) add(one);
  return sorted;
}

/** Whether a container of one is in a namespace of the other, which has to be there first. */
const sharesWith = (one: ComparedService, other: ComparedService): boolean =>
  one.docs.some(({ HostConfig }) =>
    NAMESPACES.some((mode) => other.docs.some(({ Id }) => HostConfig[mode] === `container:${Id}`)),
  );

/**
 * The dependencies that Compose recorded: `db:service_healthy:false,cache:service_started:true` (docker/compose
 * `pkg/api/labels.go`).
 */
function needsOf(docs: readonly ContainerDoc[]): [service: string, condition: string][] {
  const said = docs[0]?.Config.Labels?.["com.docker.compose.depends_on"] ?? "";
  return said
    .split(",")
    .filter(Boolean)
    .map((one) => {
      const [service = "", condition = ""] = one.split(":");
      return [service, condition];
    });
}

/** Waits until a container meets a dependency's condition. */
async function reached(
  engine: Engine,
  { Id }: ContainerDoc,
  condition: string,
  { signal, phase }: Pick<Work, "signal" | "phase">,
): Promise<void> {
  if (!["service_healthy", "service_completed_successfully"].includes(condition)) return;
  for (;;) {
    signal.throwIfAborted();
    const doc = await engine.container(Id);
    if (doc === null) throw new UnsprawlError("changed", `${Id.slice(0, 12)} no longer exists`);
    const { Status, ExitCode = 0, Health } = doc.State;
    phase(`waiting until ${nameOf(doc)} ${condition === "service_healthy" ? "is healthy" : "has finished"}`);
    const ended = Status === "exited" || Status === "dead";
    if (condition === "service_completed_successfully" ? ended && ExitCode === 0 : Health?.Status === "healthy") return;
    if (ended || (condition === "service_healthy" && (Health ?? null) === null) || Health?.Status === "unhealthy")
      throw new UnsprawlError(
        "unhealthy",
        `${nameOf(doc)}, on which others depend, did not come up (exit ${ExitCode})`,
        cmd`docker logs ${nameOf(doc)}`,
      );
    await sleep(TICK_MS, undefined, { signal });
  }
}

const TICK_MS = 200;
