import { posix } from "node:path";
import { tarEntries } from "../kit/tar/entries.ts";
import type { Engine } from "./engine.ts";

const MOST_BYTES = 1024 * 1024;
const MOST_LINKS = 16;

type Stat = {
  readonly size: number;
  readonly isFile: boolean;
  readonly isFolder: boolean;
  readonly linkTarget: string | null;
  readonly changedAt: number;
};

/** Whether a regular file exists in a container's file system (running or not), following links. */
export async function containerHasFile(engine: Engine, id: string, path: string): Promise<boolean> {
  return (await find(engine, id, path)) !== null;
}

/** Whether a folder exists in a container's file system (running or not). A link to a folder does not count. */
export async function containerHasFolder(engine: Engine, id: string, path: string): Promise<boolean> {
  return (await statOf(engine, id, path))?.isFolder === true;
}

/** When a path of a container's file system was last written, in milliseconds; null if nothing is there. */
export async function containerFileTime(engine: Engine, id: string, path: string): Promise<number | null> {
  return (await statOf(engine, id, path))?.changedAt ?? null;
}

/**
 * A regular file in a container's file system, following links; null if it is absent, not a file, or larger than 1 MiB.
 */
export async function containerFile(engine: Engine, id: string, path: string): Promise<Buffer | null> {
  const found = await find(engine, id, path);
  if (found === null || found.stat.size > MOST_BYTES) return null;
  const stream = await engine.call(`read ${path}`, async () =>
    (await engine.docker()).getContainer(id).getArchive({ path: found.path }),
  );
  if (stream === null) return null;
  for await (const entry of tarEntries(stream as AsyncIterable<Buffer>)) {
    if (entry.kind !== "file" || entry.sparse || entry.size > MOST_BYTES) return null;
    const chunks: Buffer[] = [];
    for await (const chunk of entry.body()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  return null;
}

async function find(
  engine: Engine,
  id: string,
  path: string,
): Promise<{ readonly path: string; readonly stat: Stat } | null> {
  let at = posix.normalize(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const stat = await statOf(engine, id, at);
    if (stat === null) return null;
    if (stat.isFile) return { path: at, stat };
    if (!stat.linkTarget) return null;
    at = posix.resolve(posix.dirname(at), stat.linkTarget);
  }
  return null;
}

/** `HEAD /containers/{id}/archive` returns a base64 JSON header. Source: Engine API v1.41, ContainerArchiveInfo. */
async function statOf(engine: Engine, id: string, path: string): Promise<Stat | null> {
  const answer: unknown = await engine.call(`look at ${path}`, async () => {
    const container = (await engine.docker()).getContainer(id);
    return container.infoArchive({ path }).catch(async (error: unknown) => {
      // An answer to HEAD has no body, so it gives no reason: GET fails with one.
      if ((error as { statusCode?: number }).statusCode === 500)
        try {
          ((await container.getArchive({ path })) as NodeJS.ReadableStream & { destroy?: () => void }).destroy?.();
        } catch (reason) {
          // Below a file: the kernel's ENOTDIR, which the engine does not count as absent.
          if (/ not a directory\s*$/.test((reason as Error).message)) return null;
          throw reason;
        }
      throw error;
    });
  });
  const response = answer as { headers?: { [name: string]: string }; resume?: () => void } | null;
  response?.resume?.(); // an answer that nobody reads would keep its connection, and the process
  const header = response?.headers?.["x-docker-container-path-stat"];
  if (header === undefined) return null;
  const { size, mode, mtime, linkTarget } = JSON.parse(Buffer.from(header, "base64").toString("utf8")) as {
    size: number;
    mode: number;
    mtime: string;
    linkTarget?: string;
  };
  // Go's FileMode has the type in the high bits: none set is a regular file, the highest a folder.
  const kind = { isFile: mode >>> 19 === 0, isFolder: mode >>> 31 === 1 };
  return { size, ...kind, linkTarget: linkTarget || null, changedAt: Date.parse(mtime) };
}
