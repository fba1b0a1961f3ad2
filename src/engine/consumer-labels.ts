import { posix } from "node:path";
import pMap from "p-map";
import type { Owner } from "../contract/delivery.ts";
import type { FoundConsumers } from "../contract/supplies.ts";
import { isFileName, isFileNameWithDots } from "../kit/io/name.ts";
import { CONSUMER_FOLDERS, parseOnChange, type Consumer, type OnChange } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Engine } from "./engine.ts";
import { composeLabelsOf, ownLabels } from "./labels.ts";
import { keptByRun, nameOf } from "./names.ts";
import { nameSelector } from "./select.ts";
import type { ContainerDoc, ImageDoc } from "./types.ts";
import type { DeliveryName, Move } from "../model/plan.ts";

/** Behind it the variable's name; the label holds its reference. */
export const REFERENCE_LABEL = "unsprawl.ref.";
const DELIVERY = "unsprawl.deliver.";
const STORE = "unsprawl.store.";
const OWNER = "unsprawl.owner";
/** The user's own: what the agent does once a value has changed. */
const ON_CHANGE_LABEL = "unsprawl.on-change";

type LabelledContainer = {
  readonly name: string;
  /** The container's own labels, without those of its image: an image's author must not choose a secret. */
  readonly labels: { readonly [key: string]: string };
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
};

/** The labels by which the files of these values can be written again; `owner` is null for `runtime`, which has none. */
export function labelsFor(
  moves: readonly Pick<Move, "name" | "reference">[],
  delivery: DeliveryName,
  store: string,
  owner: Owner | null,
): readonly { readonly name: string; readonly value: string }[] {
  return [
    ...moves.flatMap(({ name, reference }) => [
      { name: REFERENCE_LABEL + name, value: reference },
      { name: DELIVERY + name, value: delivery },
      { name: STORE + name, value: store },
    ]),
    ...(owner === null ? [] : [{ name: OWNER, value: `${owner.uid}:${owner.gid}` }]),
  ];
}

/** Whether a label is one of ours: part of the delivery, and not of what must stay as it was. */
function isDeliveryLabel(key: string): boolean {
  return [REFERENCE_LABEL, DELIVERY, STORE].some((start) => key.startsWith(start)) || key === OWNER;
}

/** What a container's own labels and mounts say of the files that migrations deliver to it. */
export function consumersOf(
  doc: ContainerDoc,
  image: ImageDoc | null,
  mayHold: (folder: string) => boolean,
): FoundConsumers {
  const kept = keptByRun(nameOf(doc));
  const name = kept === null ? nameOf(doc) : nameOf(doc).slice(0, -`-before-${kept}`.length);
  const mounts = (doc.Mounts ?? []).map(({ Source = "", Destination }) => ({ source: Source, target: Destination }));
  return labelledConsumers({ name, labels: ownLabels(doc, image), mounts }, mayHold);
}

/** The consumers of an engine's containers, those kept for rollback left out: an id, a name, a glob, or all for "". */
export async function consumersOfEngine(
  engine: Engine,
  what: string,
  mayHold: (folder: string) => boolean,
): Promise<FoundConsumers> {
  const wanted = nameSelector(what);
  const chosen = (await engine.containers()).filter(({ Id, Names }) =>
    wanted(
      Names.map((name) => name.slice(1)),
      Id,
    ),
  );
  const found = await pMap(
    chosen,
    async ({ Id, Labels }): Promise<FoundConsumers> => {
      // Most containers have none, and need not be inspected.
      if (!Object.keys(Labels ?? {}).some((key) => isDeliveryLabel(key))) return NONE;
      const doc = await engine.container(Id);
      if (doc === null || keptByRun(nameOf(doc)) !== null) return NONE;
      return consumersOf(doc, await engine.image(doc.Image), mayHold);
    },
    { concurrency: 8 },
  );
  return { consumers: found.flatMap((one) => one.consumers), faults: found.flatMap((one) => one.faults) };
}

/** A container that the OCI runtime hands values to at each start; `names` is all that a binding may call it. */
export type RuntimeContainer = { readonly id: string; readonly consumer: Consumer; readonly names: readonly string[] };

/**
 * The containers that the OCI runtime hands values to, as their labels say, and what of these cannot be used; their
 * consumers have no files.
 */
export async function runtimeConsumers(
  engine: Engine,
): Promise<{ readonly containers: readonly RuntimeContainer[]; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  const isRuntime = ([key, value]: readonly [string, string]): boolean =>
    key.startsWith(DELIVERY) && value === "runtime";
  const chosen = (await engine.containers()).filter(({ Labels }) => Object.entries(Labels ?? {}).some(isRuntime));
  const found = await pMap(
    chosen,
    async ({ Id }) => {
      const doc = await engine.container(Id);
      if (doc === null || keptByRun(nameOf(doc)) !== null) return [];
      const labels = ownLabels(doc, await engine.image(doc.Image));
      const compose = await composeLabelsOf(engine, doc);
      const values = Object.entries(labels)
        .filter(isRuntime)
        .map(([key]) => key.slice(DELIVERY.length))
        .map((name) => ({ name, reference: labels[REFERENCE_LABEL + name] ?? "", store: labels[STORE + name] ?? null }))
        .filter(({ reference }) => reference.startsWith("ref+"));
      const consumer: Consumer = {
        id: `container:${nameOf(doc)}`,
        ...{ delivery: "shim", folder: "", owner: { uid: 0, gid: 0 }, script: false, stores: [] },
        values,
        onChange: onChangeOf(labels, nameOf(doc), faults),
      };
      const service = compose === null ? [] : [`compose:${compose["project"] ?? ""}/${compose["service"] ?? ""}`];
      return values.length === 0 ? [] : [{ id: Id, consumer, names: [consumer.id, ...service, `id:${Id}`] }];
    },
    { concurrency: 8 },
  );
  return { containers: found.flat(), faults };
}

const NONE: FoundConsumers = { consumers: [], faults: [] };

/**
 * The consumers that a container's labels describe: one for `file`, one for the shim. Folders are taken from its mounts,
 * and only ones that may hold values (`mayHold`): a label names no path.
 */
export function labelledConsumers(
  { name, labels, mounts }: LabelledContainer,
  mayHold: (folder: string) => boolean,
): FoundConsumers {
  const consumers: Consumer[] = [];
  const faults: string[] = [];
  const references = Object.entries(labels).filter(([key]) => key.startsWith(REFERENCE_LABEL));
  for (const delivery of ["file", "shim"] as const) {
    const values = references
      .map(([key, reference]) => ({ name: key.slice(REFERENCE_LABEL.length), reference }))
      .filter((one) => labels[DELIVERY + one.name] === delivery)
      .map((one) => ({ ...one, store: labels[STORE + one.name] ?? null }));
    if (values.length === 0) continue;
    const isName = delivery === "shim" ? isFileNameWithDots : isFileName;
    const fault = values.find((one) => !isName(one.name) || !one.reference.startsWith("ref+"));
    const own = mounts.filter(({ source }) => mayHold(source) && posix.basename(source) === CONSUMER_FOLDERS[delivery]);
    const [mount] = own;
    const owner = parseOwner(labels[OWNER]);
    if (fault) faults.push(`${name}: the label ${REFERENCE_LABEL}… of one variable is not a reference`);
    else if (owner === null) faults.push(`${name}: the label ${OWNER} is missing or is not UID:GID`);
    else if (mount === undefined || own.length > 1)
      faults.push(`${name}: it mounts no folder for the values that its labels name`);
    else
      consumers.push({
        id: `container:${name}`,
        delivery,
        folder: mount.source,
        owner,
        values,
        script: delivery === "shim",
        onChange: onChangeOf(labels, name, faults),
        stores: [],
      });
  }
  return { consumers, faults };
}

function onChangeOf(labels: LabelledContainer["labels"], name: string, faults: string[]): OnChange | null {
  const text = labels[ON_CHANGE_LABEL];
  if (text === undefined) return null;
  try {
    return parseOnChange(text);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    faults.push(`${name}: the label ${ON_CHANGE_LABEL} is not restart, signal:NAME or none`);
    return null;
  }
}

function parseOwner(text = ""): Owner | null {
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
