import pMap from "p-map";
import type { Work } from "../../src/contract/migration.ts";
import { findValue } from "../../src/engine/traces.ts";
import type { RemovedValue, Stays } from "../../src/images/clean/clean.ts";
import { removedValues } from "../../src/images/clean/texts.ts";
import { cleanTree, type CleanTree, type BlobDescriptor } from "../../src/images/clean/tree.ts";
import { bare, cmd, shellWord } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Manifest, Registry } from "../../src/images/registry/client.ts";
import type { CleanStep } from "../../src/model/plan.ts";

/** One tag of one repository: what can be moved to another image. */
export type Tagged = { readonly host: string; readonly repository: string; readonly tag: string };

/** The cleaned image, from the registry's documents. */
export function treeOf(
  registry: Registry,
  { repository }: Tagged,
  top: Manifest,
  leaving: readonly RemovedValue[],
  stays: Stays,
  signal: AbortSignal,
): Promise<CleanTree> {
  const root = { mediaType: top.mediaType, digest: top.digest, size: top.bytes.length };
  const read = async (descriptor: BlobDescriptor, kind: "config" | "manifest"): Promise<Buffer | null> => {
    if (descriptor.digest === top.digest) return top.bytes;
    try {
      if (kind === "manifest") return (await registry.manifest(repository, descriptor.digest, signal)).bytes;
      const chunks: Buffer[] = [];
      const { digest, size, mediaType = "" } = descriptor;
      for await (const chunk of registry.blob(repository, { digest, size, mediaType }, signal)) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      if (error instanceof UnsprawlError && error.code === "absent") return null;
      throw error;
    }
  };
  return cleanTree(root, read, leaving, stays);
}

/** The tag that keeps the old image until scrub: a registry's garbage collection leaves tagged images. */
const keptTag = (tag: string, run: string): string => `${tag.slice(0, 90)}-before-${run}`;

/**
 * Uploads what is new, moves the tag, and reads it all back. Idempotent, so that it can be repeated after a kill at any
 * point.
 */
export async function cleanRemote(registry: Registry, tagged: Tagged, step: CleanStep, work: Work): Promise<void> {
  const { repository, tag } = tagged;
  const { signal } = work;
  work.phase("reading the image from the registry");
  const old = await registry.manifest(repository, step.image.id, signal);
  const leaving = removedValues(step.moves, work.values);
  const tree = await treeOf(registry, tagged, old, leaving, step.stays, signal);
  work.phase("uploading the cleaned image to the registry");
  for (const { descriptor, kind, bytes } of tree.blobs)
    if (kind === "config") await registry.putBlob(repository, bytes, signal);
    else
      await registry.putManifest(repository, descriptor.digest, descriptor.mediaType ?? old.mediaType, bytes, signal);
  const now = (await registry.manifest(repository, tag, signal)).digest;
  if (now !== old.digest && now !== tree.root.digest)
    throw new UnsprawlError("changed", `${step.unit} now names another image`, "unsprawl plan again");
  work.record.intent(`${step.id}/tag`, { digest: tree.root.digest });
  // Only now: removing this tag again requires another image to point it to.
  await registry.putManifest(repository, keptTag(tag, work.plan.id), old.mediaType, old.bytes, signal);
  const top = tree.blobs.at(-1);
  if (top === undefined)
    throw new UnsprawlError("changed", `${step.unit} holds none of the values`, "unsprawl plan again");
  await registry.putManifest(repository, tag, old.mediaType, top.bytes, signal);
  work.phase("reading the cleaned image back");
  await mustBeClean(registry, tagged, step, tree, leaving, signal);
  work.record.done(`${step.id}/proof`, { inspect: "clean", disk: "not readable", health: "not started", received: [] });
  work.say(`proven: ${step.unit} is ${tree.root.digest.slice(0, 19)}, no value in its configs, manifests or history`);
}

/** Reads the tag again, with everything below it. Throws `failed` if a value is still there. */
async function mustBeClean(
  registry: Registry,
  tagged: Tagged,
  { unit }: CleanStep,
  tree: CleanTree,
  leaving: readonly RemovedValue[],
  signal: AbortSignal,
): Promise<void> {
  const top = await registry.manifest(tagged.repository, tagged.tag, signal);
  if (top.digest !== tree.root.digest)
    throw new UnsprawlError("failed", `${unit} does not name the cleaned image`, "unsprawl plan again");
  const tolerated = new Set(tree.configs.flatMap((one) => one.tolerated.map(({ path }) => path)));
  const again = await treeOf(registry, tagged, top, leaving, "nothing", signal);
  const shown = leaving.flatMap(({ name, value }) => findValue(top.document, value).map((path) => ({ name, path })));
  const [first] = shown.filter(({ path }) => !tolerated.has(path));
  if (first !== undefined || again.root.digest !== top.digest)
    throw new UnsprawlError("failed", `${unit} still shows ${first?.name ?? "a value"}`, "nothing is lost");
}

/**
 * Moves the tag back. The uploaded documents contain no value, and are removed by the registry's garbage collection.
 */
export async function uncleanRemote(registry: Registry, tagged: Tagged, step: CleanStep, work: Work): Promise<void> {
  const { repository, tag } = tagged;
  const { signal } = work;
  const kept = keptTag(tag, work.plan.id);
  const made = work.record.last(`${step.id}/tag`)?.["digest"];
  const now = await registry.resolve(repository, tag, signal).catch(absent);
  if (now !== null && now === made && now !== step.image.id) {
    const old = await registry.manifest(repository, step.image.id, signal);
    await registry.putManifest(repository, tag, old.mediaType, old.bytes, signal);
  } else if (now !== null && now !== step.image.id) work.lacks?.(`${step.unit} now names another image and is kept`);
  if ((await registry.resolve(repository, kept, signal).catch(absent)) === null) return;
  if (!(await dropTag(registry, tagged, kept, made, signal)))
    work.say(`the tag ${kept} stays and names the cleaned image: this registry deletes nothing`);
}

/**
 * Removes a tag from the old image: points it to the cleaned one first, so that a registry which deletes the image of a
 * tag, and not only the tag, removes nothing else. Where a tag cannot be deleted, it is deleted with the cleaned image,
 * if no other tag points to that. If `tag` was removed along with it, it is restored. False if the tag stays.
 */
async function dropTag(
  registry: Registry,
  { repository, tag }: Tagged,
  kept: string,
  made: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (typeof made !== "string") return false;
  const clean = await registry.manifest(repository, made, signal).catch(absent);
  const serving = await registry.manifest(repository, tag, signal).catch(absent);
  if (clean === null) return false;
  await registry.putManifest(repository, kept, clean.mediaType, clean.bytes, signal);
  const dropped =
    (await registry.deleteTag(repository, kept, signal)) ||
    ((await namers(registry, repository, made, kept, signal)).length === 0 &&
      (await registry.deleteManifest(repository, made, signal)));
  if (serving !== null && (await registry.resolve(repository, tag, signal).catch(absent)) === null)
    await registry.putManifest(repository, tag, serving.mediaType, serving.bytes, signal);
  return dropped;
}

/** Deletes the old image of the tag, unless another tag points to it too. */
export async function scrubRemote(
  registry: Registry,
  tagged: Tagged,
  step: CleanStep,
  work: Work,
): Promise<readonly string[]> {
  const { host, repository, tag } = tagged;
  const { signal } = work;
  const kept = keptTag(tag, work.plan.id);
  if ((await registry.resolve(repository, kept, signal).catch(absent)) !== step.image.id) return [];
  const others = await namers(registry, repository, step.image.id, kept, signal);
  if (others.length > 0) {
    work.say(
      cmd`${bare(others.slice(0, 5).map(shellWord).join(", "))} still ${others.length > 1 ? "name" : "names"} the old image: unsprawl migrate registry:${host}/${repository}:${others[0] ?? ""}`,
    );
    const made = work.record.last(`${step.id}/tag`)?.["digest"];
    return (await dropTag(registry, tagged, kept, made, signal)) ? [`${repository}:${kept}`] : [];
  }
  if (!(await registry.deleteManifest(repository, step.image.id, signal))) {
    work.say(
      `${repository}@${step.image.id} stays under the tag ${kept}: this registry deletes nothing (its storage.delete.enabled is off)`,
    );
    return [];
  }
  work.say("the registry keeps the data of the old image until its garbage collection");
  return [`${repository}@${step.image.id}`];
}

/** Tags that point to a digest. */
async function namers(
  registry: Registry,
  repository: string,
  digest: string,
  except: string,
  signal: AbortSignal,
): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of registry.tags(repository, signal)) if (tag !== except) tags.push(tag);
  const named = await pMap(
    tags,
    async (tag) => ((await registry.resolve(repository, tag, signal).catch(absent)) === digest ? [tag] : []),
    { concurrency: 8 },
  );
  return named.flat();
}

function absent(error: unknown): null {
  if (error instanceof UnsprawlError && error.code === "absent") return null;
  throw error;
}
