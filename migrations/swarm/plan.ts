import { noFit, type Delivery } from "../../src/contract/delivery.ts";
import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { chooseDelivery, NO_VOLUMES_IN_SWARM, undeliveredMoves, withoutVolumes } from "../../src/engine/choose.ts";
import { containerVariable } from "../../src/engine/facts.ts";
import { remainingNotes, remainingPlaces } from "../../src/engine/leftovers.ts";
import { checkStep, deliverStep, recreateStep } from "../../src/engine/recreate/steps.ts";
import { platformNotes } from "../../src/engine/platforms.ts";
import { specDigest, type ServiceDoc } from "../../src/engine/swarm.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { LARGEST, plannedObjects, type PlannedObject } from "./objects.ts";
import { serviceOutage } from "./outage.ts";
import { runningService, withReferences, type SwarmService, type SwarmApplyInput } from "./perform.ts";
import { serviceLabels } from "./refuse.ts";

/**
 * Plans one service. Throws `refused` if it is being updated, if none of its tasks can be inspected, or no delivery
 * fits.
 */
export async function planService(
  moving: SwarmApplyInput,
  unit: string,
  all: readonly Selected[],
  options: PlanOptions,
): Promise<UnitPlan> {
  const { location } = all[0]?.finding ?? {};
  const subject = await runningService(moving, location?.subjectId ?? "", options.runId);
  const { doc, facts } = subject;
  settled(doc, subject, all);
  const fitting = deliveriesFor(moving.deliveries, subject, moving.swarm.nodes);
  const chosen = await chooseDelivery(fitting, options.deliver, unit, subject.subject, all);
  const { delivery, why, warnings } = chosen;
  const selected = all.filter(({ move }) => !chosen.left.has(move));
  const moves = selected.map(({ move }) => move);
  const made = { moves, delivery: delivery.name };
  const change = withReferences(delivery.change(subject.subject, moves), made, options.store.name);
  const values = new Map(selected.map(({ move, value }) => [move.name, value]));
  const objects = plannedObjects(doc.Spec.Name, options.runId, change, delivery.files(moves, values));
  const to = { unit, delivery: delivery.name, moves };
  const tolerated = [...remainingPlaces(facts.doc, selected), ...remainingPlaces(doc.Spec, selected)];
  return {
    unit,
    steps: [
      deliverStep(to, why),
      recreateStep(to, {
        subject: {
          id: doc.ID,
          name: doc.Spec.Name,
          image: doc.Spec.TaskTemplate.ContainerSpec?.Image ?? facts.doc.Image,
        },
        digest: specDigest(doc.Spec, moving.key),
        diff: diff(selected, change, objects),
        outage: serviceOutage(doc, await moving.swarm.tasks(doc.ID), facts.doc, options),
      }),
      checkStep(to, tolerated, options),
    ],
    warnings: [
      ...warnings,
      ...platformNotes("service", serviceLabels(doc)),
      ...remainingNotes(tolerated),
      "the previous spec and its old tasks show the values until `unsprawl scrub`",
    ],
    left: undeliveredMoves(all, chosen),
  };
}

/** Refuses services that an update would disturb, and variables whose value in the container differs from the spec. */
function settled({ Spec, UpdateStatus }: ServiceDoc, { facts }: SwarmService, selected: readonly Selected[]): void {
  const state = UpdateStatus?.State ?? "";
  if (/updating|paused|rollback_started/.test(state))
    throw new UnsprawlError(
      "refused",
      `an update of ${Spec.Name} is ${/paused/.test(state) ? "paused" : "under way"}`,
      cmd`docker service ps ${Spec.Name}; plan again once it is over`,
    );
  if (isInexact(Spec))
    throw new UnsprawlError(
      "refused",
      `the spec of ${Spec.Name} has a number that cannot be preserved exactly`,
      "docker service inspect shows it: a limit or a time that is far too large",
    );
  for (const { move, value } of selected) {
    const entries = Spec.TaskTemplate.ContainerSpec?.Env?.filter((entry) => entry.startsWith(`${move.name}=`)) ?? [];
    if (entries.length > 1)
      throw new UnsprawlError(
        "refused",
        `${Spec.Name} has ${move.name} ${entries.length} times`,
        cmd`docker service update --env-rm ${move.name} --env-add ${move.name}=VALUE leaves one`,
      );
    if (containerVariable(facts.doc, move.name)?.equals(value) !== true)
      throw new UnsprawlError(
        "refused",
        `${move.name} of ${Spec.Name} is filled in by the swarm: its tasks have a different value than its spec`,
        "remove the {{…}} from it, then plan again",
      );
    if (value.length > LARGEST)
      throw new UnsprawlError(
        "refused",
        `${move.name} of ${Spec.Name} is larger than a Swarm secret may be (500 KiB)`,
        "--only leaves it out",
      );
  }
}

/** Whether a document contains an integer that JavaScript rounds. */
function isInexact(node: unknown): boolean {
  if (typeof node === "number") return Number.isInteger(node) && !Number.isSafeInteger(node);
  return typeof node === "object" && node !== null && Object.values(node).some(isInexact);
}

/** Swarm names no OCI runtime for a service: each node uses its default, and only this node's is known. */
function deliveriesFor(deliveries: readonly Delivery[], { facts }: SwarmService, nodes: number): readonly Delivery[] {
  const fallback = facts.info.DefaultRuntime ?? "runc";
  const why =
    nodes > 1
      ? "its tasks may run on other nodes, whose OCI runtimes are unknown here"
      : `Swarm starts tasks under the engine's default OCI runtime, which is ${fallback}`;
  return withoutVolumes(deliveries, NO_VOLUMES_IN_SWARM).map((delivery) => {
    const ours = delivery.change(facts.subject, []).runtime;
    if (ours === null || (ours === fallback && nodes === 1)) return delivery;
    return { ...delivery, fits: async () => noFit(why) };
  });
}

/** The changes, masked on both sides. */
function diff(
  selected: readonly Selected[],
  change: ReturnType<Delivery["change"]>,
  objects: readonly PlannedObject[],
): DiffLine[] {
  const at = "Spec.TaskTemplate.ContainerSpec";
  const field = { secret: "Secrets", config: "Configs" } as const;
  const before = (prefix: readonly string[] | null, name: string): DiffLine[] =>
    prefix === null ? [] : [{ sign: "~", path: `${at}.${name}`, text: `wrapped: ${prefix.join(" ")} <original>` }];
  return [
    ...selected.map(({ finding, move }): DiffLine => ({
      sign: "-",
      path: `${at}.Env`,
      text: `${move.name}=${finding.masked}`,
    })),
    ...change.set.map(({ name, value }): DiffLine => ({ sign: "+", path: `${at}.Env`, text: `${name}=${value}` })),
    ...(change.labels ?? []).map(({ name, value }): DiffLine => ({
      sign: "+",
      path: "Spec.Labels",
      text: `${name}=${value}`,
    })),
    ...objects.map(({ kind, name, target }): DiffLine => ({
      sign: "+",
      path: `${at}.${field[kind]}`,
      text: `${name} → ${target}`,
    })),
    ...before(change.entrypointPrefix, "Command"),
    ...before(change.healthcheckPrefix, "Healthcheck"),
  ];
}
