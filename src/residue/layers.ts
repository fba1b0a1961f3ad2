import type { Look, LookHost, ResidueMatch, UnreadablePlace } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { containerFile, containerHasFile } from "../engine/files.ts";
import { writtenPaths } from "../engine/recreate/losses.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import { cmd } from "../kit/shell.ts";
import { firstHits, placeText, residueMatch, type Search } from "./search.ts";
import type { NeedleMatch } from "./matcher.ts";
import { containerLook } from "./each-container.ts";
import { readPlace } from "./read-place.ts";

/** How many files of one container's layer are read: each is two questions to the engine. */
const MOST = 300;

/** Files in the containers' own layers: entrypoints fill in configuration from variables, and the engine keeps it on disk. */
export function layerLook(open: () => Promise<Engine>, most: number = MOST): Look {
  return containerLook("layers", "the containers' own layers", open, (engine, id, search, host) =>
    layerOf(engine, id, search, host, most),
  );
}

async function layerOf(
  engine: Engine,
  id: string,
  search: Search,
  host: LookHost,
  most: number,
): Promise<(ResidueMatch | UnreadablePlace)[]> {
  host.signal.throwIfAborted();
  const asked = await readPlace(`the own layer of ${id.slice(0, 12)}`, async () => {
    const doc = await engine.container(id);
    return doc === null ? null : { doc, paths: await writtenPaths(engine, doc) };
  });
  if (!("got" in asked)) return [asked.unread];
  if (asked.got === null) return [];
  const { doc, paths } = asked.got;
  const name = nameOf(doc);
  const unseen: UnreadablePlace[] = [];
  const found = new Map<number, string[]>();
  host.looked("layer");
  if (paths.length > most)
    unseen.push({ place: `the own layer of ${name}`, why: `${paths.length} files changed: ${most} of them were read` });
  for (const path of paths.slice(0, most)) {
    host.signal.throwIfAborted();
    const read = await readPlace(`${name}:${path}`, async () => {
      const bytes = await containerFile(engine, id, path);
      return bytes ?? ((await containerHasFile(engine, id, path)) ? "large" : null);
    });
    if (!("got" in read)) unseen.push(read.unread);
    else if (read.got === "large") unseen.push({ place: `${name}:${path}`, why: "larger than 1 MiB" });
    else if (read.got !== null)
      for (const { mark } of search.matcher.find(read.got)) found.set(mark, [...(found.get(mark) ?? []), path]);
  }
  const hits = [...found.keys()].map((mark): NeedleMatch => ({ mark, offset: 0 }));
  const matches = firstHits(search, hits).map(({ mark }) => {
    const places = [...new Set(found.get(search.marks.indexOf(mark)))];
    const next = cmd`rotate ${mark.name}; the file goes with its container: docker rm ${name} once it may go`;
    return residueMatch("layer", mark, placeText(name, places), next, keptByRun(name) ?? false);
  });
  return [...matches, ...unseen];
}
