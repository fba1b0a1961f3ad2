/*
 * `docker-container`: moves variables of a container's configuration, by recreating the container. read.ts is the
 * source; run-line/ writes the `docker run` that creates it by hand.
 */
import type { Migration } from "../../src/contract/migration.ts";
import { composeProject } from "../../src/engine/labels.ts";
import { keptByRun } from "../../src/engine/names.ts";
import { driftDigest } from "../../src/engine/recreate/drift.ts";
import { mustBeFreeOfRivals } from "../../src/engine/recreate/swap-alone.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { presentValue } from "./in-place.ts";
import { looker } from "./look.ts";
import { performStep, renderSteps, undoSteps } from "./perform.ts";
import { planContainer } from "./plan.ts";
import { refusal } from "./refuse.ts";
import { scrubSwaps } from "../../src/engine/recreate/scrub-swaps.ts";
import { Claims, Neighbours, swapsOf, unchangedSharers } from "./share.ts";
import { suppliedFacts, type DockerContainerTools } from "./tools.ts";

export type { DockerContainerTools } from "./tools.ts";

export function dockerContainer(tools: DockerContainerTools): Migration {
  const { open, key } = tools;
  const claims = new Claims();
  const neighbours = new Neighbours();
  const look = looker(open);
  return {
    name: "docker-container",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    async unit({ location }) {
      return { id: location.subjectId, name: location.subjectName };
    },
    async refuses(finding, accept) {
      const { location } = finding;
      if (keptByRun(location.subjectName)) {
        const run = keptByRun(location.subjectName) ?? "";
        return { reason: `is kept by run ${run} until scrub`, hint: cmd`unsprawl scrub ${run}` };
      }
      if (location.subject !== "container") return refusal(finding, null, null, accept);
      const { doc, image } = await look(location.subjectId);
      return refusal(finding, doc, image, accept);
    },
    async names(finding) {
      const { doc, image } = await look(finding.location.subjectId);
      const project = doc === null ? null : composeProject(doc, image);
      return { subject: finding.location.subjectName, project: project ?? "" };
    },
    async plan(unit, selected, options) {
      const engine = await open();
      const known = await suppliedFacts(tools, engine, selected[0]?.finding.location.subjectId ?? "", options.runId);
      const sharers = await neighbours.sharersOf(engine, known.doc);
      const planned = { ...tools, engine, unit, known, sharers, claims, detector: await tools.detector() };
      return planContainer(planned, selected, options);
    },
    read: async (move, _unit, lasting = false) => presentValue(await open(), move, key, lasting),
    async unchanged(step, { id }) {
      if (step.kind !== "recreate") return;
      const engine = await open();
      await mustBeFreeOfRivals(engine, step.unit, id);
      const doc = await engine.container(step.subject.id);
      if (doc === null || driftDigest(doc, key) !== step.digest)
        throw new UnsprawlError(
          "changed",
          `the container ${step.unit} ${doc === null ? "of the plan is gone" : "has changed since the plan was made"}`,
          "unsprawl plan again",
        );
      unchangedSharers(step, await neighbours.sharersOf(engine, doc), key);
    },
    perform: (step, work) => performStep(tools, step, work),
    undo: (steps, work) => undoSteps(tools, steps, work),
    render: (...asked) => renderSteps(tools, ...asked),
    async scrub(steps, work) {
      const recreate = steps.find((step) => step.kind === "recreate");
      return recreate ? scrubSwaps(swapsOf(await open(), recreate, work)) : [];
    },
  };
}
