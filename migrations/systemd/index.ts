/**
 * `systemd`: moves variables of a unit, its drop-ins and its variable files. Either each becomes its reference and
 * `unsprawl run` starts the unit's commands, or each becomes a credential (systemd.exec(5), CREDENTIALS) in a file.
 */
import { basename } from "node:path";
import type { Delivery, DeliverySubject, Owner } from "../../src/contract/delivery.ts";
import type { Migration, PlanOptions, Selected, Work } from "../../src/contract/migration.ts";
import { assignmentOf } from "../../src/files/units/assignments.ts";
import { fileMigration, type FileTools, type StepTarget } from "../../src/files/file-migration.ts";
import { readUnit } from "../../src/files/units/unit-environment.ts";
import { isQuadlet } from "../../src/files/units/unit-kinds.ts";
import { distinctName } from "../../src/kit/io/name.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { valuesByName, type Move, type Step, type DeliverStep } from "../../src/model/plan.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import { foldersOf } from "../../src/engine/supplied.ts";
import { consumerOf } from "./consumers.ts";
import { refusal } from "./refuse.ts";
import { rewriteUnit } from "./rewrite.ts";
import { wrapFault } from "./wrap.ts";
import { stepId } from "../../src/model/step-id.ts";
import { recordedOwner } from "../../src/files/delivered.ts";
import type { UnitDelivery } from "./warnings.ts";

export type SystemdTools = FileTools & { readonly deliveries: readonly Delivery[]; readonly supplies: Supplies };

export function systemdMigration(tools: SystemdTools): Migration {
  const { supplies } = tools;
  const files = tools.deliveries.find(({ name }) => name === "file");
  const inFiles = (): Delivery => {
    if (files !== undefined) return files;
    throw new UnsprawlError("config", "unknown delivery file");
  };
  const base = fileMigration(tools, {
    name: "systemd",
    async unit({ location: { source, subjectId, subjectName } }) {
      if (!source.startsWith("systemd:") || isQuadlet(subjectName)) return null;
      return { id: subjectId, name: subjectId };
    },
    refuses: refusal,
    names: async ({ location: { subjectName } }) => ({
      subject: subjectName.replace(/@?\.\w+$/, ""),
      project: "systemd",
      standIn: true,
    }),
    value: async ({ location }) => (await assignmentOf(location))?.value ?? null,
    target: (unit, selected, options) => unitTarget(unit, selected, options, inFiles),
    rewrite: async (target, moving) => rewriteUnit(await readUnit(howOf(target).file), howOf(target), moving),
  });

  return {
    ...base,
    async plan(unit, selected, options) {
      const planned = await base.plan(unit, selected, options);
      const delivery = options.deliver === "file" ? "file" : "runtime";
      const moves = selected.map(({ move }) => move);
      const step: DeliverStep = {
        id: stepId({ kind: "deliver", unit }),
        kind: "deliver",
        unit,
        delivery,
        why: WHY[delivery],
        moves,
      };
      return { ...planned, steps: [step, ...planned.steps] };
    },
    async perform(step, work) {
      await base.perform(step, work);
      if (step.kind === "deliver" && step.delivery === "file") await supplyUnit(step, work, inFiles(), supplies);
    },
    async undo(steps, work) {
      await base.undo(steps, work);
      for (const { unit } of steps.filter(isFile)) {
        const id = idOf(unit, work.plan.id);
        // The index first, for an agent that is writing.
        await supplies.index.remove(foldersOf(supplies.index.read(), id));
        await inFiles().discard(id);
      }
    },
    async render(steps, values, plan, record) {
      let count = 0;
      for (const { id, unit, moves } of steps.filter(isFile)) {
        const owner = recordedOwner(record, id);
        // The index has it already.
        if (owner === null || foldersOf(supplies.index.read(), idOf(unit, plan.id)).length > 0) continue;
        await inFiles().prepare(idOf(unit, plan.id), owner, moves, valuesByName(moves, values));
        count += moves.length;
      }
      return count;
    },
  };
}

async function unitTarget(
  unit: string,
  selected: readonly Selected[],
  { deliver, runId, store }: PlanOptions,
  inFiles: () => Delivery,
): Promise<UnitDelivery> {
  const moves = selected.map(({ move }) => move);
  if (deliver === "shim")
    throw new UnsprawlError("refused", "a shim is for containers", "--deliver runtime, or --deliver file");
  if (deliver === "file")
    return {
      ...{ file: unit, deliver, store: store.name },
      folder: credentials(inFiles(), idOf(unit, runId), moves),
    };
  const fault = wrapFault(await readUnit(unit), moves);
  if (fault !== null)
    throw new UnsprawlError("refused", `${unit}: ${fault}`, "--deliver file, when the application reads NAME_FILE");
  return { file: unit, deliver: "runtime", folder: "", store: "" };
}

/** Writes the files of a unit's credentials, and its entry in the index. */
async function supplyUnit(step: DeliverStep, work: Work, inFiles: Delivery, supplies: Supplies): Promise<void> {
  const owner: Owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  // Stored for `render`: only root needs to read them; systemd passes each on to the unit's user.
  work.record.done(`${step.id}/owner`, owner);
  const { store } = work.plan;
  const folder = credentials(inFiles, idOf(step.unit, work.plan.id), step.moves);
  const values = step.moves.map(({ name, reference }) => ({ name, reference, store: store.name }));
  const consumer = { ...consumerOf(step.unit, folder, values), stores: [store] };
  supplies.write(consumer, valuesByName(step.moves, work.values));
  await supplies.index.add([consumer]);
}

const WHY = {
  runtime:
    "the application finds its variables as before: `unsprawl run` resolves the references and becomes it (--deliver file makes them credentials, for one that reads NAME_FILE)",
  file: "each is a credential of the unit, and NAME_FILE says where: the application must read that",
} as const;

function isFile(step: Step): step is DeliverStep {
  return step.kind === "deliver" && step.delivery === "file";
}

/** One unit in one run; safe as a folder's name. */
function idOf(unit: string, runId: string): string {
  return `${distinctName(basename(unit), ["systemd", unit])}-${runId}`;
}

/** The folder of the files that `LoadCredential=` reads. */
function credentials(delivery: Delivery, id: string, moves: readonly Move[]): string {
  return (
    delivery.change(
      { id, entrypoint: [] as readonly string[], mountTargets: [] as readonly string[] } as DeliverySubject,
      moves,
    ).mounts[0]?.source ?? ""
  );
}

function howOf({ file, deliver, folder, store = "" }: StepTarget): UnitDelivery {
  if (
    typeof store !== "string" ||
    typeof file !== "string" ||
    typeof folder !== "string" ||
    (deliver !== "file" && deliver !== "runtime")
  )
    throw new UnsprawlError("malformed", "the plan does not say which unit it rewrites", "unsprawl plan again");
  return { file, deliver, folder, store };
}
