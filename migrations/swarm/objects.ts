import * as v from "valibot";
import type { DeliveryFile, Owner, RunChange } from "../../src/contract/delivery.ts";
import type { ObjectDoc, ObjectKind, Swarm } from "../../src/engine/swarm.ts";
import { distinctName, isOwnName } from "../../src/kit/io/name.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { MountedObject } from "./spec.ts";

/** Maximum size of a Swarm secret. Source: moby/swarmkit, api/validation: MaxSecretSize. */
export const LARGEST = 500 * 1024;
/** Source: moby/swarmkit, manager/controlapi: names of secrets and configs. */
const LONGEST_NAME = 64;
/** Characters of `distinctName`'s digest, and the dash before it. */
const DIGEST = 17;

/** The run and service that a Swarm secret or config belongs to. */
type SwarmLabels = { readonly [key: string]: string };

/**
 * The Swarm objects for a delivery's files: a secret for each value, a config for a script; by name, position and
 * owner.
 */
export type PlannedObject = {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly file: string;
  readonly target: string;
  readonly mode: number;
};

/** The same, as recorded in a journal. */
export const PLANNED_OBJECT: v.GenericSchema<unknown, PlannedObject> = v.object({
  kind: v.picklist(["secret", "config"]),
  name: v.string(),
  file: v.string(),
  target: v.string(),
  mode: v.number(),
});

export function plannedObjects(
  service: string,
  runId: string,
  change: RunChange,
  files: readonly Pick<DeliveryFile, "name" | "mode" | "holdsValue">[],
): PlannedObject[] {
  const folder = change.mounts[0]?.target ?? "";
  return files.map(({ name, mode, holdsValue }) => ({
    kind: holdsValue ? "secret" : "config",
    name: objectName(service, name, runId),
    file: name,
    target: `${folder}/${name}`,
    mode,
  }));
}

/** Creates what does not exist yet: an object with this run's name belongs to this run, and is immutable. */
export async function createObjects(
  swarm: Swarm,
  objects: readonly PlannedObject[],
  files: readonly DeliveryFile[],
  service: string,
  runId: string,
): Promise<void> {
  const there = await existing(swarm, objects);
  for (const { kind, name, file } of objects) {
    const known = there.get(name);
    if (known && isOf(known, service, runId)) continue;
    if (known)
      throw new UnsprawlError(
        "conflict",
        `the ${kind} ${name} exists, but this run did not create it for ${service}`,
        cmd`docker ${kind} inspect ${name}`,
      );
    const content = files.find((one) => one.name === file)?.content;
    if (!content) throw new UnsprawlError("malformed", `the plan has no put step for ${file}`, "unsprawl plan again");
    await swarm.create(kind, name, labels(service, runId), content);
  }
}

/** The objects as a spec mounts them. Throws `changed` if one is gone. */
export async function mountedObjects(
  swarm: Swarm,
  objects: readonly PlannedObject[],
  { uid, gid }: Owner,
): Promise<MountedObject[]> {
  const there = await existing(swarm, objects);
  return objects.map(({ kind, name, target, mode }) => {
    const id = there.get(name)?.ID;
    if (id === undefined)
      throw new UnsprawlError("changed", `the ${kind} ${name} is gone`, "unsprawl rollback, then plan again");
    const file = { Name: target, UID: String(uid), GID: String(gid), Mode: mode };
    const own = kind === "secret" ? { SecretID: id, SecretName: name } : { ConfigID: id, ConfigName: name };
    return { kind, name, mounted: { File: file, ...own } };
  });
}

/** Removes what this run created for a service; throws for objects that the swarm still uses. */
export async function discardObjects(swarm: Swarm, service: string, runId: string): Promise<void> {
  for (const kind of ["secret", "config"] as const)
    for (const doc of await swarm.objects(kind)) if (isOf(doc, service, runId)) await swarm.remove(kind, doc.ID);
}

function isOf({ Spec }: ObjectDoc, service: string, runId: string): boolean {
  return Object.entries(labels(service, runId)).every(([name, value]) => Spec.Labels?.[name] === value);
}

async function existing(swarm: Swarm, objects: readonly PlannedObject[]): Promise<Map<string, ObjectDoc>> {
  const kinds = [...new Set(objects.map(({ kind }) => kind))];
  const lists = await Promise.all(kinds.map((kind) => swarm.objects(kind)));
  return new Map(lists.flat().map((doc) => [doc.Spec.Name, doc]));
}

function labels(service: string, runId: string): SwarmLabels {
  return { "managed-by": "unsprawl", "unsprawl.run": runId, "unsprawl.service": service };
}

/** Readable as far as it fits, and unique across services. */
function objectName(service: string, file: string, runId: string): string {
  const text = `${service}_${file}`;
  const room = LONGEST_NAME - runId.length - 1;
  // A service without an underscore ends at the first one.
  if (!service.includes("_") && isOwnName(text, room)) return `${text}_${runId}`;
  return `${distinctName(text, [service, file], room - DIGEST)}_${runId}`;
}
