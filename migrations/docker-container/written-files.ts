import { posix } from "node:path";
import type { FastReading } from "../../src/fast/index.ts";
import { containerFacts } from "../../src/engine/candidates.ts";
import { changedPaths, type Changed } from "./written-changes.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { cmd } from "../../src/kit/shell.ts";
import { Contents, Paths, findingPlace, type LayerBook } from "../../src/images/layers/index.ts";
import type { LayerTools } from "../../src/sources/engine-layers.ts";
import { errorReading } from "../../src/engine/reading.ts";
import type { SubjectRef } from "../../src/model/subject-ref.ts";

const MOST_REQUESTS = 2000;

/** The files that a container has written into its writable layer: volumes and mounts are not part of it. */
export async function* writtenFiles(tools: LayerTools, id: string, book: LayerBook): AsyncGenerator<FastReading> {
  const { engine, source, exposure } = tools;
  let name = id.slice(0, 12);
  let about: SubjectRef = { kind: "subject", name, id };
  try {
    const doc = await engine.container(id);
    if (doc === null) return;
    name = doc.Name.replace(/^\//, "");
    about = { kind: "subject", name, id: doc.Id };
    const changes = await changedPaths(engine, id, tools.signal);
    const wanted = outside(mountsOf(doc));
    const chosen = changes.filter(({ path }) => wanted(path));
    const subject = { kind: "container", name, id: doc.Id } as const;
    const facts = containerFacts(doc, null);
    for (const changed of chosen.slice(0, MOST_REQUESTS)) {
      const contents = yield* filesAt(tools, doc.Id, changed, wanted, book);
      const read = (await contents?.findings()) ?? [];
      const found = read.map((finding) => ({ spotted: finding.spotted, place: findingPlace(finding, "writable") }));
      if (found.length > 0) yield { kind: "found", source, subject, facts, exposure, found };
      for (const { message, hint } of contents?.unread() ?? [])
        yield { kind: "error", subject: `${name} writable layer`, about, message, hint };
    }
    if (chosen.length > MOST_REQUESTS)
      yield {
        kind: "error",
        subject: `${name} writable layer`,
        about,
        message: `has changes in ${chosen.length.toLocaleString("en")} places: the first ${MOST_REQUESTS.toLocaleString("en")} were read`,
        hint: cmd`docker export ${name} | tar -x -C FOLDER, then unsprawl scan dir:FOLDER`,
      };
  } catch (error) {
    yield errorReading(`${name} writable layer`, about, error);
  }
}

/** One file, or a folder that the container created with all that is in it. */
async function* filesAt(
  { engine, signal }: LayerTools,
  id: string,
  { path, isNew }: Changed,
  wanted: (path: string) => boolean,
  book: LayerBook,
): AsyncGenerator<FastReading, Contents | null> {
  const at = `/containers/${id}/archive?path=${encodeURIComponent(path)}`;
  const stream = await engine.stream(`read ${path}`, at, signal);
  if (stream === null) return null;
  // A folder of the image that was only touched would come with all its content from the image.
  const own = (file: string): boolean => (isNew || file === path) && wanted(file);
  const contents = new Contents(new Paths(), `${posix.dirname(path)}/`, own);
  for await (const chunk of stream) {
    contents.parser.write(chunk);
    yield* contents.blocks();
    yield book.progress(chunk.length);
    if (contents.isFolder && !isNew) break;
  }
  contents.end();
  yield* contents.blocks();
  return contents;
}

function mountsOf({ Mounts, HostConfig }: ContainerDoc): readonly string[] {
  const temporary = Object.keys(HostConfig["Tmpfs"] ?? {});
  return [...(Mounts ?? []).map(({ Destination }) => Destination), ...temporary].filter(
    (path) => typeof path === "string",
  );
}

function outside(mounts: readonly string[]): (path: string) => boolean {
  return (path) =>
    !mounts.some((mount) => path === mount || path.startsWith(mount.endsWith("/") ? mount : `${mount}/`));
}
