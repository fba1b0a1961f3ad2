import type { Work } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { loadDocuments, savedImage } from "./archive.ts";
import { keptByRun } from "../../src/engine/names.ts";
import { findValue } from "../../src/engine/traces.ts";
import type { HistoryLine, ImageDoc } from "../../src/engine/types.ts";
import { cleanConfig, type Cleaned, type RemovedValue, type Stays } from "../../src/images/clean/clean.ts";
import { cleanTree, blobDigest } from "../../src/images/clean/tree.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { removedValues } from "../../src/images/clean/texts.ts";
import { bare, cmd, shellLine, shellWord } from "../../src/kit/shell.ts";
import type { CleanStep } from "../../src/model/plan.ts";

/** An image as the engine reports it. */
export type InspectedImage = { readonly doc: ImageDoc; readonly history: readonly HistoryLine[] };

export async function inspectImage(engine: Engine, id: string): Promise<InspectedImage | null> {
  const [doc, history] = await Promise.all([engine.image(id), engine.history(id)]);
  return doc === null ? null : { doc, history };
}

/** What cleaning would change, from the engine's report: the whole config is read only when it is applied. */
export function previewCleaned(
  { doc, history }: InspectedImage,
  leaving: readonly RemovedValue[],
  stays: Stays,
): Cleaned {
  const lines = history.map(({ CreatedBy, Comment }) => ({ created_by: CreatedBy, comment: Comment }));
  return cleanConfig(Buffer.from(JSON.stringify({ config: doc.Config, history: lines })), leaving, stays);
}

/** The tags that move to the cleaned image: all but those by which a run keeps one. */
export function tagsOf({ RepoTags }: ImageDoc): string[] {
  return (RepoTags ?? []).filter((tag) => keptByRun(tag) === null && !tag.startsWith("<none>"));
}

/** The tag that keeps an image until scrub: `prune` does not remove it. */
function keptTag(tag: string, run: string): string {
  const at = tag.lastIndexOf(":");
  // A tag has 128 characters at most (OCI distribution-spec, "Pulling manifests").
  return `${tag.slice(0, at)}:${tag.slice(at + 1, at + 90)}-before-${run}`;
}

const waiting = (tag: string, run: string): string => keptTag(tag, run).replace(/-before-/, "-unsprawl-");

/**
 * Creates the cleaned image beside the old one, verifies it, then moves the tags. Each part checks the current state,
 * so that it can be repeated after a kill.
 */
export async function cleanImage(engine: Engine, step: CleanStep, work: Work): Promise<void> {
  const { id, tags } = step.image;
  const run = work.plan.id;
  const [first = ""] = tags;
  await tag(engine, id, keptTag(first, run));
  work.phase("reading the image from the engine");
  const saved = await savedImage(engine, id, work.signal);
  const leaving = removedValues(step.moves, work.values);
  const config = cleanConfig(saved.config, leaving, step.stays);
  const read = async ({ digest }: { digest: string }): Promise<Buffer | null> => saved.documents.get(digest) ?? null;
  const tree = saved.root === null ? null : await cleanTree(saved.root, read, leaving, step.stays);
  work.signal.throwIfAborted();
  const temporary = waiting(first, run);
  work.phase("loading the cleaned image into the engine");
  await loadDocuments(engine, {
    tag: temporary,
    config: config.bytes,
    layers: saved.combined.Layers,
    root: tree?.root ?? null,
    blobs: tree?.blobs ?? [],
  });
  const made = await inspectImage(engine, temporary);
  // An image is named by the digest of its config, or of its manifest: the same name means the same bytes.
  const expected = [blobDigest(config.bytes), tree?.root.digest];
  if (made === null || !expected.includes(made.doc.Id))
    throw new UnsprawlError("failed", `the engine did not load ${first} unchanged`, "nothing was changed");
  work.record.done(`${step.id}/image`, { id: made.doc.Id });
  await mustBeAsBefore(engine, id, made, leaving, first);
  for (const name of tags) {
    const now = (await engine.image(name))?.Id;
    if (now === made.doc.Id) continue;
    if (now !== id) throw new UnsprawlError("changed", `${name} now names another image`, "unsprawl plan again");
    await tag(engine, made.doc.Id, name);
  }
  await untag(engine, temporary);
  work.record.done(`${step.id}/proof`, { inspect: "clean", disk: "clean", health: "not started", received: [] });
  const unseen =
    tree === null || tree.missing.length === 0 ? "" : `; ${tree.missing.join(", ")} not here, so not checked`;
  work.say(`proven: config and history clean, the same layers, ${tags.join(", ")} → ${short(made.doc.Id)}${unseen}`);
}

/** Throws `failed` unless the two images differ only in what was cleaned. */
async function mustBeAsBefore(
  engine: Engine,
  id: string,
  made: InspectedImage,
  leaving: readonly RemovedValue[],
  name: string,
): Promise<void> {
  const old = await engine.image(id);
  const layers = (doc: ImageDoc | null): string => JSON.stringify(doc?.["RootFS"] ?? null);
  if (layers(old) !== layers(made.doc))
    throw new UnsprawlError("failed", `the cleaned ${name} has other layers`, "nothing was changed");
  for (const { name: variable, value } of leaving) {
    const paths = findValue({ ...made.doc, History: made.history }, value);
    const told = new Set(previewCleaned(made, leaving, "nothing").tolerated.map(({ path }) => path));
    const shown = paths.filter((path) => !told.has(path));
    if (shown.length > 0)
      throw new UnsprawlError(
        "failed",
        `the cleaned ${name} still shows ${variable} at ${shown[0]}`,
        "nothing changed",
      );
  }
}

/** Moves the tags back to the old image and removes the new one. */
export async function uncleanImage(engine: Engine, step: CleanStep, work: Work): Promise<void> {
  const { id, tags } = step.image;
  const [first = ""] = tags;
  const temporary = waiting(first, work.plan.id);
  const made = work.record.last(`${step.id}/image`)?.["id"] ?? (await engine.image(temporary))?.Id ?? null;
  for (const name of tags) {
    const now = (await engine.image(name))?.Id ?? null;
    if (now === id) continue;
    // If the tag is on somebody else's image by now, it stays there.
    if (now === made || now === null) await tag(engine, id, name);
    else work.lacks?.(`${name} now names another image and is kept`);
  }
  await untag(engine, temporary);
  if (typeof made === "string" && tagsOf((await engine.image(made)) ?? NONE).length === 0) await untag(engine, made);
  await untag(engine, keptTag(first, work.plan.id));
}

const NONE = { Id: "", RepoTags: ["none:none"] } as const;

/** Removes the old image, unless a container uses it. */
export async function scrubImage(engine: Engine, step: CleanStep, work: Work): Promise<string[]> {
  const { id, tags } = step.image;
  const kept = keptTag(tags[0] ?? "", work.plan.id);
  if ((await engine.image(kept))?.Id !== id) return [];
  const users = await usersOf(engine, id);
  if (users.length > 0)
    throw new UnsprawlError(
      "refused",
      `${users.join(", ")} still ${users.length > 1 ? "come" : "comes"} from the old image ${short(id)} and shows its values, so it is kept`,
      cmd`create ${users.length > 1 ? "them" : "it"} again from ${tags[0] ?? ""}; then: unsprawl scrub ${work.plan.id}`,
    );
  await untag(engine, kept);
  const others = (await engine.image(id))?.RepoTags ?? [];
  if (others.length > 0)
    work.say(
      cmd`${bare(others.map(shellWord).join(", "))} still names the old image: docker rmi ${bare(shellLine(others))}`,
    );
  return [kept];
}

/** The containers, running or not, that were made from an image. */
export async function usersOf(engine: Engine, id: string): Promise<string[]> {
  const all = await engine.containers();
  return all.filter(({ ImageID }) => ImageID === id).map(({ Names, Id }) => Names[0]?.replace(/^\//, "") ?? short(Id));
}

const short = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

async function tag(engine: Engine, id: string, name: string): Promise<void> {
  const at = name.lastIndexOf(":");
  const done = await engine.call(`tag ${name}`, async () => {
    await (await engine.docker()).getImage(id).tag({ repo: name.slice(0, at), tag: name.slice(at + 1) });
    return true;
  });
  if (done === null) throw new UnsprawlError("changed", `the image ${short(id)} is gone`, "unsprawl scan image:*");
}

/** Removes a tag, and with the last tag the image. An image in use stays. */
async function untag(engine: Engine, name: string): Promise<void> {
  try {
    await engine.call(`untag ${name}`, async () => (await engine.docker()).getImage(name).remove({ force: false }));
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "conflict") throw error;
  }
}
