/**
 * `docker-run`: a `docker run` or `podman run` line in a shell script or a systemd unit becomes one without secrets,
 * whose container gets its values as a migrated container does. The file's other words stay, and nothing is started.
 */
import type { Delivery, Owner } from "../../src/contract/delivery.ts";
import type { Migration, Work } from "../../src/contract/migration.ts";
import { fileMigration, type FileFormat, type FileTools } from "../../src/files/file-migration.ts";
import { handedLine, handedLines, isHanded } from "./handed/line.ts";
import { refusalOfHanded } from "./handed/refuse.ts";
import { runName, subjectOf } from "./syntax/run-names.ts";
import { readScript, type ScriptVariable } from "./syntax/script.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { isAt, type Location } from "../../src/model/location.ts";
import type { Json } from "../../src/model/json.ts";
import { valuesByName, type DeliveryName, type Plan, type Step, type DeliverStep } from "../../src/model/plan.ts";
import type { Chosen, RunTools } from "./choose.ts";
import { rewriteScript } from "./rewrite.ts";
import { movableRuns } from "./settle.ts";
import { folderValues, foldersOf } from "../../src/engine/supplied.ts";
import { lineConsumer, suppliedIn } from "./supplied.ts";
import { stepId, subjectOfStep } from "../../src/model/step-id.ts";
import { recordedOwner } from "../../src/files/delivered.ts";

export type DockerRunTools = FileTools & RunTools;

export function dockerRunMigration(tools: DockerRunTools): Migration {
  const deliveryOf = (name: DeliveryName): Delivery => {
    const found = tools.deliveries.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new UnsprawlError("config", `unknown delivery ${name}`);
  };
  const format: FileFormat = {
    name: "docker-run",
    async unit({ location: { source, subjectId } }) {
      return source.startsWith("script:") ? { id: subjectId, name: subjectId } : null;
    },
    async refuses({ location }) {
      if (isHanded(location)) return refusalOfHanded(await readScript(location.subjectId), location);
      if (location.where === "cmd")
        return {
          reason: "is in a label, an option or the command of the container, not in a variable",
          hint: "give the application a variable or a file for it, then scan again",
        };
      const found = await variableAt(location);
      return found === null ? { reason: "is no longer there", hint: "unsprawl scan again" } : found.fault;
    },
    async names({ location }) {
      const { file, text, runs } = await readScript(location.subjectId);
      const run = runs.find((one) => subjectOf(file, text, one) === location.subjectName);
      const called = run === undefined ? null : runName(run);
      return {
        subject: called ?? location.subjectName.replaceAll(/[^\w.-]+/g, "-"),
        project: "docker-run",
        standIn: true,
      };
    },
    value: async ({ location }) => valueAt(location),
    // `plan` reports it for each script.
    target: async (file) => ({ file, lines: [] }),
    async rewrite({ file, lines }, moving) {
      const script = await readScript(file as string);
      const handed = await handedLines(
        script,
        moving.map(({ move }) => move.location),
      );
      return rewriteScript(script, linesOf(lines), moving, handed);
    },
  };
  const base = fileMigration(tools, format);
  /** Writes the files of a line's container: what moves now, and what an earlier migration of the line has moved. */
  const supply = async (step: DeliverStep, owner: Owner, work: Work): Promise<void> => {
    const { file, text, runs } = await readScript(step.unit);
    const { subject } = lineOf(work.plan, step);
    const run = runs.find((one) => subjectOf(file, text, one) === subject);
    const supplied = run === undefined ? [] : suppliedIn(run, subject, tools.supplies);
    const known = { id: idOf(step), consumer: lineConsumer(subject), supplied };
    const consumer = deliveryOf(step.delivery).consumer(known, owner, step.moves, work.plan.store);
    if (consumer === null) return;
    tools.supplies.write(
      consumer,
      folderValues(consumer, supplied, valuesByName(step.moves, work.values), tools.supplies),
    );
    await tools.supplies.index.add([consumer]);
  };

  return {
    ...base,
    async plan(unit, selected, options) {
      const { groups, left } = await movableRuns(tools, await readScript(unit), selected, options);
      if (groups.length === 0) return { unit, steps: [], warnings: [], left };
      const target = { file: unit, lines: groups.map(({ line }) => line) };
      const planned = await fileMigration(tools, { ...format, target: async () => target }).plan(
        unit,
        groups.flatMap(({ own }) => own),
        options,
      );
      const delivers = groups.flatMap(({ own, line: { delivery, why, id } }): DeliverStep[] => {
        if (delivery === null) return [];
        return [
          {
            id: stepId({ kind: "deliver", unit: id }),
            kind: "deliver",
            unit,
            delivery,
            why,
            moves: own.map(({ move }) => move),
          },
        ];
      });
      return { ...planned, steps: [...delivers, ...planned.steps], left };
    },
    async perform(step, work) {
      await base.perform(step, work);
      if (step.kind !== "deliver") return;
      const { owner, consumer } = lineOf(work.plan, step);
      await deliveryOf(step.delivery).allow(idOf(step), consumer, step.moves);
      if (owner === null) return;
      // Stored for `render`: what is not recorded was never delivered.
      work.record.done(`${step.id}/owner`, owner);
      await supply(step, owner, work);
    },
    async undo(steps, work) {
      await base.undo(steps, work);
      const { index } = tools.supplies;
      for (const step of steps.filter(isDeliver)) {
        // The index first, for an agent that is writing.
        await index.remove(foldersOf(index.read(), idOf(step)));
        await deliveryOf(step.delivery).discard(idOf(step));
      }
    },
    async render(steps, values, _plan, record) {
      let count = 0;
      for (const step of steps.filter(isDeliver)) {
        const owner = recordedOwner(record, step.id);
        // The index knows what else is in its folder.
        if (owner === null || foldersOf(tools.supplies.index.read(), idOf(step)).length > 0) continue;
        await deliveryOf(step.delivery).prepare(idOf(step), owner, step.moves, valuesByName(step.moves, values));
        count += step.moves.length;
      }
      return count;
    },
  };
}

async function variableAt(location: Location): Promise<ScriptVariable | null> {
  const { variables } = await readScript(location.subjectId);
  const isThere = ({ place, subject }: ScriptVariable): boolean =>
    isAt(location, place) && subject === location.subjectName;
  return variables.find(isThere) ?? null;
}

async function valueAt(location: Location): Promise<string | null> {
  if (!isHanded(location)) return (await variableAt(location))?.value ?? null;
  return (await handedLine(await readScript(location.subjectId), location))?.entry.value ?? null;
}

const isDeliver = (step: Step): step is DeliverStep => step.kind === "deliver";

const idOf = (step: DeliverStep): string => subjectOfStep(step);

/** The decision about the line of a step. */
function lineOf(plan: Plan, step: DeliverStep): Chosen {
  const rewrite = plan.steps.find((one) => one.kind === "rewrite" && one.unit === step.unit);
  if (rewrite?.kind !== "rewrite") throw unclear();
  const line = linesOf(rewrite.target["lines"]).find((one) => one.id === idOf(step));
  if (line === undefined) throw unclear();
  return line;
}

function linesOf(lines: Json | undefined): readonly Chosen[] {
  if (Array.isArray(lines)) return lines;
  throw unclear();
}

function unclear(): UnsprawlError {
  return new UnsprawlError("malformed", "the plan does not say which lines it rewrites", "unsprawl plan again");
}
