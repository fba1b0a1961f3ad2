import * as v from "valibot";
import type { Work } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Rewrite } from "../../src/files/rewritten.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { targetOf } from "./steps.ts";
import { parseRecord } from "../../src/kit/recorded.ts";

type ProjectResource = { readonly id: string; readonly name: string };

/** The parts of a project besides its files. */
type Parts = {
  readonly containers: readonly ProjectResource[];
  readonly networks: readonly ProjectResource[];
  readonly volumes: readonly string[];
};

const RESOURCES = v.array(v.object({ id: v.string(), name: v.string() }));
const PARTS: v.GenericSchema<unknown, Parts> = v.object({
  containers: RESOURCES,
  networks: RESOURCES,
  volumes: v.array(v.string()),
});

/** What `recordExtras` recorded; null if it has not run yet. */
function recordedExtras(rewrite: Rewrite, work: Work): Parts | null {
  return parseRecord(work.record, `${rewrite.id}/extras`, PARTS);
}

const PROJECT = "com.docker.compose.project";

/** Records the project's existing parts, once, before Compose is first called. */
export async function recordProject(engine: Engine, rewrite: Rewrite, work: Work): Promise<void> {
  const step = `${rewrite.id}/project`;
  if (work.record.last(step) !== null) return;
  work.record.intent(step, await partsOf(engine, rewrite));
}

/**
 * What Compose created besides the replacements of existing containers. A container with an existing name is a
 * replacement: Compose recreated it with another id.
 */
async function extrasOf(engine: Engine, rewrite: Rewrite, work: Work): Promise<Parts> {
  const noted = parseRecord(work.record, `${rewrite.id}/project`, PARTS);
  if (noted === null) return { containers: [], networks: [], volumes: [] };
  const now = await partsOf(engine, rewrite);
  const names = new Set(noted.containers.map(({ name }) => name));
  const networks = new Set(noted.networks.map(({ id }) => id));
  return {
    containers: now.containers.filter(({ name }) => !names.has(name)),
    networks: now.networks.filter(({ id }) => !networks.has(id)),
    volumes: now.volumes.filter((name) => !noted.volumes.includes(name)),
  };
}

/** Records the extra parts that Compose created, so that a later undo removes nothing else. */
export async function recordExtras(engine: Engine, rewrite: Rewrite, work: Work): Promise<Parts> {
  const extras = await extrasOf(engine, rewrite, work);
  work.record.done(`${rewrite.id}/extras`, extras);
  return extras;
}

/** Throws `refused` if Compose created containers that replace none. */
export function mustHaveNoExtras(rewrite: Rewrite, work: Work): void {
  const first = recordedExtras(rewrite, work)?.containers[0];
  if (first === undefined) return;
  throw new UnsprawlError(
    "refused",
    `Compose created ${first.name} too, which did not exist before`,
    "docker compose up -d, then plan again",
  );
}

/**
 * Removes the extra parts that Compose created, unless the new containers were started: from then on the parts may hold
 * data. Leaves what is in use, and containers that someone has started.
 */
export async function removeExtras(engine: Engine, rewrite: Rewrite, work: Work): Promise<void> {
  if (work.record.last(`${rewrite.id}/up`)?.["done"] === true) return;
  const noted = recordedExtras(rewrite, work);
  const { containers, networks, volumes } = noted ?? (await extrasOf(engine, rewrite, work));
  const docker = await engine.docker();
  for (const { id, name } of containers)
    if ((await engine.container(id))?.State.Status === "created")
      await engine.call(`remove ${name}`, () => docker.getContainer(id).remove({ force: false, v: true }));
  const remove = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await engine.call(what, act);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !["conflict", "denied"].includes(error.code)) throw error;
    }
  };
  for (const { id, name } of networks)
    await remove(`remove the network ${name}`, () => docker.getNetwork(id).remove() as Promise<unknown>);
  for (const name of volumes)
    await remove(`remove the volume ${name}`, () => docker.getVolume(name).remove() as Promise<unknown>);
}

async function partsOf(engine: Engine, rewrite: Rewrite): Promise<Parts> {
  const { name } = targetOf(rewrite);
  const docker = await engine.docker();
  const networks = (await engine.call("list networks", () => docker.listNetworks())) ?? [];
  return {
    containers: (await engine.containers())
      .filter(({ Labels }) => Labels?.[PROJECT] === name)
      .map(({ Id, Names }) => ({ id: Id, name: plain(Names[0] ?? "") })),
    networks: networks
      .filter(({ Labels }) => Labels?.[PROJECT] === name)
      .map(({ Id, Name }) => ({ id: Id, name: Name })),
    volumes: (await engine.volumes()).filter(({ Labels }) => Labels?.[PROJECT] === name).map(({ Name }) => Name),
  };
}

/** Until Compose has removed the old container, the new one is named `OLDID_NAME`. */
const plain = (name: string): string => name.replace(/^\/(?:[0-9a-f]{12}_)?/, "");
