import type { PlanOptions } from "../../src/contract/migration.ts";
import { imageWords } from "../../src/engine/repeated.ts";
import { outageOf } from "../../src/engine/outage.ts";
import { driftDigest } from "../../src/engine/recreate/drift.ts";
import { checkStep, deliverStep, recreateStep, type Recipient } from "../../src/engine/recreate/steps.ts";
import { fileChange } from "../../src/files/rewritten.ts";
import { keyedDigest } from "../../src/model/fingerprint.ts";
import type { Finding } from "../../src/model/finding.ts";
import { valueKey, type Move, type Step, type StepOf } from "../../src/model/plan.ts";
import { stepId } from "../../src/model/step-id.ts";
import type { ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { sharersOfStep, upDiff, type SharingPart } from "./engine/sharing.ts";
import { fileNames, hasNewWords } from "./words/rewording.ts";
import { WORD_PLACES } from "./words/uses.ts";
import { inputsOf } from "./inputs.ts";
import type { SecretSpan } from "./rewrite/carries.ts";
import { textsOf, type Rewritten } from "./rewrite/index.ts";
import { COMMITTED } from "./steps.ts";
import type { ServicePart, ComposeApplyInput } from "./service-part.ts";

/** `isStack`: `docker stack deploy` makes it of the files. */
export type PlannedProject = ComposeApplyInput & { readonly isStack: boolean };

/** A value as a diff shows it. A command's mask shows the rest of the command. */
export function maskedOf({ location, masked }: Finding): string {
  return WORD_PLACES.has(location.where) || location.where === "label" ? "••••••••" : masked;
}

/** Where the secret is in a variable's value. Of a command or a label it is the whole value that was filled in. */
export function spanOf({ name, location, part: { start, length } }: Finding, move: Pick<Move, "name">): SecretSpan {
  const isText = location.where === "label" || (location.subject === "file" && move.name !== name);
  if (WORD_PLACES.has(location.where) || isText) return null;
  return start === null || length === null ? null : { start, length };
}

/** What was planned for a project. */
export type PlannedParts = {
  readonly unit: string;
  readonly call: ProjectCall;
  readonly parts: readonly ServicePart[];
  readonly rewritten: Rewritten;
  readonly before: ComposeConfig;
  readonly options: PlanOptions;
  readonly sharing: readonly SharingPart[];
};

/** The steps of a project: files first, then every service that has containers. */
export function stepsOf(project: PlannedProject, planned: PlannedParts): Step[] {
  const { unit, call, parts, options, sharing } = planned;
  const { key } = project;
  const to = ({ service, delivery, selected }: ServicePart): Recipient => ({
    ...{ unit, part: service, delivery: delivery.name },
    moves: selected.map(({ move }) => move),
  });
  return [
    ...parts.map((part) => deliverStep(to(part), part.why)),
    rewriteStep(project, planned),
    ...parts.filter(isStarted).flatMap((part): Step[] => [
      recreateStep(to(part), {
        subject: { id: part.known.doc.Id, name: part.service, image: part.known.doc.Image },
        outage: outageOf(part.known.doc, options),
        ...sharersOfStep(sharing, part.service, key),
        digest: keyedDigest(part.docs.map((doc) => driftDigest(doc, key)).join(), key),
        diff: [
          ...upDiff(sharing, part.service),
          { sign: " ", path: part.service, text: `in ${call.dir}: ${[...call.files, ...call.envFiles].join(", ")}` },
        ],
      }),
      checkStep(to(part), part.tolerated, options),
    ]),
  ];
}

const isStarted = ({ docs }: ServicePart): boolean => docs.length > 0;

function rewriteStep(project: PlannedProject, planned: PlannedParts): Step {
  const { unit, parts, rewritten } = planned;
  const texts = textsOf(project.project);
  return {
    ...{ id: stepId({ kind: "rewrite", unit }), kind: "rewrite", unit },
    moves: parts.flatMap(({ selected }) => selected.map(({ move }) => move)),
    files: rewritten.files.map(({ file, text, diff, mode, before: old }) =>
      fileChange(file, texts.get(file) ?? old ?? null, text, diff, project.key, mode),
    ),
    target: targetIn(project, planned),
  };
}

/** What finds the project again, and how its services are delivered to. */
function targetIn(
  { key, project, passed, isStack }: PlannedProject,
  { call, parts, before, sharing }: PlannedParts,
): StepOf<"rewrite">["target"] {
  const moved = parts.flatMap(({ selected }) => selected);
  const byService = <T>(valueOf: (part: ServicePart) => T | null): { [service: string]: T } =>
    Object.fromEntries(
      parts.flatMap((part) => {
        const value = valueOf(part);
        return value === null ? [] : [[part.service, value]];
      }),
    );
  const unlessEmpty = <T>(items: readonly T[]): T[] | null => (items.length === 0 ? null : [...items]);
  return {
    ...{ ...call, services: parts.map(({ service }) => service) },
    spans: Object.fromEntries(moved.map(({ move, finding }) => [valueKey(move), spanOf(finding, move)])),
    unstarted: parts.filter((part) => !isStarted(part)).map(({ service }) => service),
    repeats: byService(({ known, repeats }) => (repeats ? imageWords(known.image, key) : null)),
    byOption: byService(({ wish: { words } }) => unlessEmpty([...fileNames(words)])),
    reworded: parts.filter(({ wish }) => hasNewWords(wish.words)).map(({ service }) => service),
    labels: byService(({ wish: { words } }) => unlessEmpty((words?.labels ?? []).map(({ key: name }) => name))),
    sharers: sharing.map(({ service }) => service),
    ...{ passes: passed.names, drift: [...parts, ...sharing].some(({ drift }) => drift), isStack },
    ...{ form: COMMITTED, inputs: inputsOf(project, key), config: keyedDigest(JSON.stringify(before), key) },
  };
}
