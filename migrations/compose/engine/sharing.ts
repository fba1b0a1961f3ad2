import type { PlanOptions } from "../../../src/contract/migration.ts";
import { driftDigest } from "../../../src/engine/recreate/drift.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { filesMadeAtStart } from "../../../src/engine/choose.ts";
import { readFacts } from "../../../src/engine/facts.ts";
import { composeLabelsOf } from "../../../src/engine/labels.ts";
import { keptByRun, nameOf } from "../../../src/engine/names.ts";
import { NAMESPACES, sharersOf } from "../../../src/engine/recreate/sharers.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { FingerprintKey } from "../../../src/model/fingerprint.ts";
import type { DiffLine, RecreateStep, Step } from "../../../src/model/plan.ts";
import { stepId } from "../../../src/model/step-id.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";
import { bareSubject } from "../delivery/wish.ts";
import { containersOf } from "../find.ts";
import { isEnabled } from "../profiles.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { targetOf } from "../steps.ts";
import { mayCreate } from "./creates.ts";
import { lossWarnings } from "./losses.ts";
import { matchingContainers, type Settling } from "./matching-containers.ts";
import type { ComposeApplyInput, ServicePart } from "../service-part.ts";

/*
 * Services in the network of another one (`network_mode: service:gluetun`), or in its IPC or PID namespace. A namespace goes
 * with its container: a service that shares it is created again too, as Compose itself does, and otherwise unchanged.
 */

/** A service that is created again after the one whose namespace it shares. */
export type SharingPart = {
  readonly service: string;
  /** The service that moves. */
  readonly of: string;
  readonly docs: readonly ContainerDoc[];
  readonly drift: boolean;
  readonly warnings: readonly string[];
};

/** The services of a project that share a namespace with one of these, and are not among them. */
export async function servicesSharing(engine: Engine, services: readonly string[], settling: Pick<Settling, "call">) {
  const all = await maySharing(engine);
  const found = new Map<string, string>();
  const foreign = new Map<string, ContainerDoc>();
  for (const of of services)
    for (const doc of await containersOf(engine, settling.call, of))
      for (const one of sharersOf(doc, all).filter(({ shares }) => shares.some(isNamespace))) {
        const service = await ownService(engine, settling.call, one.doc);
        if (service === null) foreign.set(of, one.doc);
        else if (!services.includes(service) && !found.has(service)) found.set(service, of);
      }
  return { found, foreign };
}

const isNamespace = (field: string): boolean => (NAMESPACES as readonly string[]).includes(field);

/** By engine and id: what a container shares is decided when it is created, and a plan of many projects asks for each. */
const inspected = new WeakMap<Engine, Map<string, ContainerDoc>>();

/** All containers but those kept for rollback: one of another project, or of none, may be in any namespace. */
async function maySharing(engine: Engine): Promise<readonly ContainerDoc[]> {
  const known = inspected.get(engine) ?? new Map<string, ContainerDoc>();
  inspected.set(engine, known);
  const docs = await Promise.all(
    (await engine.containers()).map(async ({ Id }) => {
      const doc = known.get(Id) ?? (await engine.container(Id));
      if (doc !== null) known.set(Id, doc);
      return doc;
    }),
  );
  return docs.filter((doc) => doc !== null).filter((doc) => keptByRun(nameOf(doc)) === null);
}

async function ownService(engine: Engine, call: Settling["call"], doc: ContainerDoc): Promise<string | null> {
  const service = (await composeLabelsOf(engine, doc))?.["service"] ?? "";
  if (service === "") return null;
  return (await containersOf(engine, call, service)).some(({ Id }) => Id === doc.Id) ? service : null;
}

/**
 * The services that share a namespace with one that moves, as they will be created again. Throws `Blocked` for the one that
 * moves if one of them cannot be, or is not of this project.
 */
export async function sharingParts(
  moving: ComposeApplyInput,
  settling: Settling,
  parts: readonly ServicePart[],
  options: PlanOptions,
): Promise<readonly SharingPart[]> {
  const { found, foreign } = await servicesSharing(
    moving.engine,
    parts.map(({ service }) => service),
    settling,
  );
  for (const [of, doc] of foreign)
    throw new Blocked(
      `${nameOf(doc)}, which is not of this project, shares a namespace with ${of}, and would lose it`,
      await hintForForeign(moving.engine, doc),
      (its) => its === of,
    );
  const made: SharingPart[] = [];
  for (const [service, of] of found) {
    try {
      made.push({ service, of, ...(await asItIs(moving, settling, service, options)) });
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      throw new Blocked(
        `${service} shares a namespace with ${of}, and cannot be created again: ${error.message}`,
        error.hint,
        (its) => its === of,
      );
    }
  }
  return made;
}

async function hintForForeign(engine: Engine, doc: ContainerDoc): Promise<string> {
  const dir = (await composeLabelsOf(engine, doc))?.["project.working_dir"] ?? "";
  return dir === ""
    ? cmd`docker rm -f ${nameOf(doc)}, then plan again; create it again afterwards`
    : cmd`docker compose --project-directory ${dir} down, then plan again; up -d afterwards`;
}

async function asItIs(
  moving: ComposeApplyInput,
  settling: Settling,
  service: string,
  { accept, runId }: PlanOptions,
): Promise<Pick<SharingPart, "docs" | "drift" | "warnings">> {
  const { engine, call, before } = settling;
  isEnabled(settling, service, moving.project);
  const { docs, drift } = await matchingContainers(settling, service, [], accept);
  await mayCreate(engine, before, call, [{ service, docs, mounts: [] }]);
  const [first] = docs;
  if (first === undefined) return { docs, drift, warnings: [] };
  const known = await readFacts(engine, first.Id, runId);
  const { subject } = bareSubject(moving, known, { project: call.name, service, runId }, []);
  const rewritten = await filesMadeAtStart(moving.deliveries, subject);
  return { docs, drift, warnings: await lossWarnings(settling, { service, docs, rewritten }, accept) };
}

/** What a recreate step says of those that follow its service. */
export function sharersOfStep(
  sharing: readonly SharingPart[],
  service: string,
  key: FingerprintKey,
): Pick<RecreateStep, "sharers"> {
  const docs = sharing.filter(({ of }) => of === service).flatMap((one) => one.docs);
  if (docs.length === 0) return {};
  return { sharers: docs.map((doc) => ({ id: doc.Id, name: nameOf(doc), digest: driftDigest(doc, key) })) };
}

/** What Compose creates again for a service, and after it. */
export function upDiff(sharing: readonly SharingPart[], service: string): DiffLine[] {
  const after = sharing.filter(({ of }) => of === service);
  if (after.length === 0)
    return [{ sign: "~", path: service, text: cmd`docker compose up ${service}, no other service` }];
  return [
    { sign: "~", path: service, text: cmd`docker compose up ${service}` },
    ...after.map((one): DiffLine => {
      const text = cmd`docker compose up ${one.service}, unchanged, since it shares a namespace with ${service}`;
      return { sign: "~", path: one.service, text };
    }),
  ];
}

/** A project's recreate steps, and after them one for each service that only shares a namespace with theirs. */
export function withSharers(steps: readonly Step[], rewrite: Rewrite): readonly Step[] {
  const first = steps.find((step): step is RecreateStep => step.kind === "recreate");
  if (first === undefined) return steps;
  const { outage: _, sharers: __, ...like } = first;
  return [
    ...steps,
    ...targetOf(rewrite).sharers.map((service): RecreateStep => {
      const id = stepId({ kind: "recreate", unit: rewrite.unit, part: service });
      return { ...like, id, moves: [], diff: [] };
    }),
  ];
}

/** Of these services, those that share a namespace of a container that is gone: Compose keeps them if they name it. */
export async function severed(
  engine: Engine,
  call: Settling["call"],
  services: readonly string[],
): Promise<readonly string[]> {
  const ids = new Set((await engine.containers()).map(({ Id }) => Id));
  const isGone = (mode: unknown): boolean =>
    typeof mode === "string" && mode.startsWith("container:") && !ids.has(mode.slice("container:".length));
  const found: string[] = [];
  for (const service of services) {
    const docs = await containersOf(engine, call, service);
    if (docs.some(({ HostConfig }) => NAMESPACES.some((mode) => isGone(HostConfig[mode])))) found.push(service);
  }
  return found;
}
