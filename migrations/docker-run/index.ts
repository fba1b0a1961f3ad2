/**
 * `docker-run`: a `docker run` or `podman run` line in a shell script or a systemd unit becomes one without secrets,
 * whose container gets its values as a migrated container does. The file's other words stay, and nothing is started.
 */
import type { Migration, PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { recordedOwner } from "../../src/files/delivered.ts";
import { fileMigration, type FileFormat, type FileTools } from "../../src/files/file-migration.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { isAt, type Location } from "../../src/model/location.ts";
import type { DeliverStep, Plan, Step } from "../../src/model/plan.ts";
import { stepId, subjectOfStep } from "../../src/model/step-id.ts";
import type { RunTools } from "./choose.ts";
import { delivering } from "./deliver.ts";
import { handedLine, handedLines, isHanded } from "./handed/line.ts";
import { refusalOfHanded } from "./handed/refuse.ts";
import { rewriteScript } from "./rewrite.ts";
import { movableRuns } from "./settle.ts";
import { runName, runOf } from "./syntax/run-names.ts";
import { readScript } from "./syntax/script.ts";
import type { ScriptVariable } from "./syntax/script-unmovable.ts";
import type { Chosen } from "./chosen.ts";

export type DockerRunTools = FileTools & RunTools;

export function dockerRunMigration(tools: DockerRunTools): Migration {
  const base = fileMigration(tools, scriptFormat);
  const handing = delivering(tools);
  return {
    ...base,
    plan: async (unit, selected, options) => planned(tools, unit, selected, options),
    async perform(step, work) {
      await base.perform(step, work);
      if (step.kind === "deliver") await handing.deliver(step, lineOf(work.plan, step), work);
    },
    async undo(steps, work) {
      await base.undo(steps, work);
      for (const step of steps.filter(isDeliver)) await handing.withdraw(step);
    },
    async render(steps, values, _plan, record) {
      let count = 0;
      for (const step of steps.filter(isDeliver))
        count += await handing.render(step, recordedOwner(record, step.id), values);
      return count;
    },
  };
}

const scriptFormat: FileFormat = {
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
    const run = runOf(await readScript(location.subjectId), location.subjectName);
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

async function planned(
  tools: DockerRunTools,
  unit: string,
  selected: readonly Selected[],
  options: PlanOptions,
): Promise<UnitPlan> {
  const { groups, left } = await movableRuns(tools, await readScript(unit), selected, options);
  if (groups.length === 0) return { unit, steps: [], warnings: [], left };
  const target = { file: unit, lines: groups.map(({ line }) => line) };
  const rewriting = await fileMigration(tools, { ...scriptFormat, target: async () => target }).plan(
    unit,
    groups.flatMap(({ own }) => own),
    options,
  );
  const delivers = groups.flatMap(({ own, line: { delivery, why, id } }): DeliverStep[] => {
    if (delivery === null) return [];
    const moves = own.map(({ move }) => move);
    return [{ id: stepId({ kind: "deliver", unit: id }), kind: "deliver", unit, delivery, why, moves }];
  });
  return { ...rewriting, steps: [...delivers, ...rewriting.steps], left };
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

/** The decision about the line of a step. */
function lineOf(plan: Plan, step: DeliverStep): Chosen {
  const rewrite = plan.steps.find((one) => one.kind === "rewrite" && one.unit === step.unit);
  if (rewrite?.kind !== "rewrite") throw unclear();
  const line = linesOf(rewrite.target["lines"]).find((one) => one.id === subjectOfStep(step));
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
