import { UnsprawlError } from "../../src/model/error.ts";
import type { Engine } from "../../src/engine/engine.ts";

/** A path that a container's own layer holds. */
export type Changed = {
  readonly path: string;
  /** Whether it is in no image: a folder then belongs to the container with all that is in it. */
  readonly isNew: boolean;
};

const MOST_BYTES = 64 * 1024 * 1024;
/** Source: Engine API v1.41, `ContainerChanges`: 0 modified, 1 added, 2 deleted. */
const ADDED = 1;
const DELETED = 2;

/**
 * What a container has written, as the fewest paths: a folder that it created stands for everything below it, and a
 * folder of the image for the changed files in it. Throws `refused` for a list that is too long to hold.
 */
export async function changedPaths(engine: Engine, id: string, signal: AbortSignal): Promise<readonly Changed[]> {
  const stream = await engine.stream(`list what ${id.slice(0, 12)} has changed`, `/containers/${id}/changes`, signal);
  if (stream === null) return [];
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MOST_BYTES)
      throw new UnsprawlError(
        "refused",
        "it has changed more files than can be listed",
        "docker export NAME shows them",
      );
    chunks.push(chunk);
  }
  const changes = (JSON.parse(Buffer.concat(chunks).toString("utf8")) ?? []) as { Path: string; Kind: number }[];
  return fewest(changes.filter(({ Kind }) => Kind !== DELETED));
}

function fewest(changes: readonly { readonly Path: string; readonly Kind: number }[]): Changed[] {
  // By path components, so that a folder comes right before its content.
  const sorted = changes.map(({ Path, Kind }) => ({
    path: Path,
    isNew: Kind === ADDED,
    key: Path.replaceAll("/", "\0"),
  }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  const found: Changed[] = [];
  for (const [at, { path, isNew }] of sorted.entries()) {
    const above = found.at(-1);
    if (above?.isNew === true && path.startsWith(`${above.path}/`)) continue;
    const isFolder = sorted[at + 1]?.path.startsWith(`${path}/`) === true;
    if (isNew || !isFolder) found.push({ path, isNew });
  }
  return found;
}
