import type { PlanOptions } from "../../src/contract/migration.ts";
import { imageWords } from "../../src/engine/repeated.ts";
import { outageOf } from "../../src/engine/outage.ts";
import { acceptedUnread } from "../../src/engine/prove.ts";
import { driftDigest } from "../../src/engine/drift.ts";
import { fileChange } from "../../src/files/rewritten.ts";
import { keyedDigest } from "../../src/model/fingerprint.ts";
import type { Finding } from "../../src/model/finding.ts";
import { valueKey, type DeliveryName, type Move, type Step } from "../../src/model/plan.ts";
import { stepId } from "../../src/model/step-id.ts";
import type { ComposeConfig, ProjectCall } from "./engine/cli.ts";
import { sharersOfStep, upDiff, type SharingPart } from "./engine/sharing.ts";
import { fileNames, hasNewWords } from "./words/rewording.ts";
import { WORD_PLACES } from "./words/uses.ts";
import { inputsOf } from "./inputs.ts";
import type { PlannedProject, ServicePart } from "./plan.ts";
import type { SecretSpan } from "./rewrite/carries.ts";
import { textsOf, type Rewritten } from "./rewrite/index.ts";
import { COMMITTED } from "./steps.ts";

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

/** The steps of a project: files first, then every service that has containers. */
export function stepsOf(
  { key, project, passed, isStack }: PlannedProject,
  unit: string,
  call: ProjectCall,
  parts: readonly ServicePart[],
  { files }: Rewritten,
  before: ComposeConfig,
  options: PlanOptions,
  sharing: readonly SharingPart[],
): Step[] {
  const { graceMs, healthTimeoutMs } = options;
  const texts = textsOf(project);
  const moved = parts.flatMap(({ selected }) => selected);
  const changes = files.map(({ file, text, diff, mode, before: old }) =>
    fileChange(file, texts.get(file) ?? old ?? null, text, diff, key, mode),
  );
  const spans = Object.fromEntries(moved.map(({ move, finding }) => [valueKey(move), spanOf(finding, move)]));
  const common = ({ delivery, selected }: ServicePart): { delivery: DeliveryName; moves: readonly Move[] } => ({
    delivery: delivery.name,
    moves: selected.map(({ move }) => move),
  });
  const started = parts.filter(({ docs }) => docs.length > 0);
  return [
    ...parts.map((part): Step => ({
      id: stepId({ kind: "deliver", unit, part: part.service }),
      kind: "deliver",
      unit,
      why: part.why,
      ...common(part),
    })),
    {
      id: stepId({ kind: "rewrite", unit }),
      kind: "rewrite",
      unit,
      moves: moved.map(({ move }) => move),
      files: changes,
      target: {
        ...{ ...call, services: parts.map(({ service }) => service), spans },
        unstarted: parts.filter((one) => !started.includes(one)).map(({ service }) => service),
        repeats: Object.fromEntries(
          parts.flatMap(({ service, known, repeats }) => (repeats ? [[service, imageWords(known.image, key)]] : [])),
        ),
        byOption: Object.fromEntries(
          parts.flatMap(({ service, wish: { words } }) =>
            fileNames(words).size === 0 ? [] : [[service, [...fileNames(words)]]],
          ),
        ),
        reworded: parts.filter(({ wish }) => hasNewWords(wish.words)).map(({ service }) => service),
        labels: Object.fromEntries(
          parts.flatMap(({ service, wish: { words } }) =>
            words === null || words.labels.length === 0 ? [] : [[service, words.labels.map(({ key: name }) => name)]],
          ),
        ),
        sharers: sharing.map(({ service }) => service),
        ...{ passes: passed.names, drift: [...parts, ...sharing].some(({ drift }) => drift), isStack },
        ...{ form: COMMITTED, inputs: inputsOf(project, key), config: keyedDigest(JSON.stringify(before), key) },
      },
    },
    ...started.flatMap((part): Step[] => [
      {
        id: stepId({ kind: "recreate", unit, part: part.service }),
        kind: "recreate",
        unit,
        subject: { id: part.known.doc.Id, name: part.service, image: part.known.doc.Image },
        outage: outageOf(part.known.doc, { graceMs, healthTimeoutMs }),
        ...sharersOfStep(sharing, part.service, key),
        digest: keyedDigest(part.docs.map((doc) => driftDigest(doc, key)).join(), key),
        diff: [
          ...upDiff(sharing, part.service),
          { sign: " ", path: part.service, text: `in ${call.dir}: ${[...call.files, ...call.envFiles].join(", ")}` },
        ],
        ...common(part),
      },
      {
        id: stepId({ kind: "check", unit, part: part.service }),
        kind: "check",
        unit,
        graceMs,
        healthTimeoutMs,
        tolerated: part.tolerated,
        ...acceptedUnread(options),
        ...common(part),
      },
    ]),
  ];
}
