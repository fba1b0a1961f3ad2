/**
 * `swarm`: moves variables of a Swarm service by updating the service. The files of a delivery become Swarm secrets
 * (and a Swarm config for the shim's script), so that a task gets its values on any node.
 */
import type { Delivery } from "../../src/contract/delivery.ts";
import type { Migration } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FindSight } from "../../src/engine/sight.ts";
import { specDigest, specVariable, swarmOf, type ServiceDoc } from "../../src/engine/swarm.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprint, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { RecreateStep, Step } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { deliver, verifyService, recreate, undo, undoNeedsValues, type SwarmApplyInput } from "./perform.ts";
import { planService } from "./plan.ts";
import { refusal } from "./refuse.ts";
import { scrubService } from "./scrub.ts";

export type SwarmTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly sight: FindSight;
};

export function swarmServices({ open, deliveries, key, sight }: SwarmTools): Migration {
  const moving = async (): Promise<SwarmApplyInput> => {
    const engine = await open();
    return { engine, swarm: await swarmOf(engine), deliveries, key, sight: await sight(engine) };
  };
  const docOf = async (id: string): Promise<ServiceDoc | null> => (await moving()).swarm.service(id);

  return {
    name: "swarm",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    async unit({ location }) {
      if (!location.source.startsWith("swarm:")) return null;
      return { id: location.subjectId, name: `swarm/${location.subjectName}` };
    },
    async refuses(finding, accept) {
      const { subject, subjectId } = finding.location;
      return refusal(finding, subject === "service" ? await docOf(subjectId) : null, accept);
    },
    async names({ location }) {
      const labels = (await docOf(location.subjectId))?.Spec.Labels;
      return { subject: location.subjectName, project: labels?.["com.docker.stack.namespace"] ?? "" };
    },
    plan: async (unit, selected, options) => planService(await moving(), unit, selected, options),
    read: async ({ location, name, fingerprint: print }, _unit, lasting) =>
      presentValue(
        await docOf(location.subjectId),
        name,
        lasting === true,
        (value) => fingerprint(value, key) === print,
      ),
    async unchanged(step) {
      if (step.kind === "recreate") mustBeAsPlanned(step, await docOf(step.subject.id), key);
    },
    async perform(step, work) {
      const tools = await moving();
      if (step.kind === "deliver") await deliver(tools, step, work);
      if (step.kind === "recreate") await recreate(tools, step, work);
      if (step.kind === "check") await verifyService(tools, step, work);
    },
    async undo(steps, work) {
      const step = recreateIn(steps);
      if (step) await undo(await moving(), step, work);
    },
    async undoNeedsValues(steps, work) {
      const step = recreateIn(steps);
      return step !== null && undoNeedsValues(await moving(), step, work);
    },
    async scrub(steps, work) {
      const step = recreateIn(steps);
      return step === null ? [] : scrubService(await moving(), step, work);
    },
    async render() {
      return 0; // the swarm keeps what it mounts
    },
  };
}

function mustBeAsPlanned({ subject, digest }: RecreateStep, doc: ServiceDoc | null, key: FingerprintKey): void {
  if (doc !== null && specDigest(doc.Spec, key) === digest) return;
  throw new UnsprawlError(
    "changed",
    `the service ${subject.name} ${doc === null ? "is gone" : "has changed since the plan was made"}`,
    "unsprawl plan again",
  );
}

const recreateIn = (steps: readonly Step[]): RecreateStep | null =>
  steps.find((step): step is RecreateStep => step.kind === "recreate") ?? null;

/** A variable of a service, if possible with the value that `isMoved`; null if it has none. */
function presentValue(
  doc: ServiceDoc | null,
  name: string,
  lasting: boolean,
  isMoved: (value: Secret) => boolean,
): Secret | null {
  // The previous spec has it for a while: it can then be restored even if the store does not answer.
  const specs = [doc?.Spec, ...(lasting ? [] : [doc?.PreviousSpec])];
  const found = specs.flatMap((spec) => {
    const value = specVariable(spec?.TaskTemplate, name);
    return value === null ? [] : [Secret.of(value)];
  });
  return found.find(isMoved) ?? found[0] ?? null;
}
