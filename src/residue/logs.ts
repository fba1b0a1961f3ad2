import type { ResidueMatch, Look, LookHost, UnreadablePlace } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { openLog } from "../engine/logs.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { cmd } from "../kit/shell.ts";
import { firstHits, residueMatch, type Search } from "./search.ts";
import type { NeedleMatch, Stream } from "./matcher.ts";
import { containerLook } from "./each-container.ts";
import { readPlace } from "./read-place.ts";

/** This much of a log's beginning and end is read: applications print their configuration when they start. */
const MOST = 64 * 1024 * 1024;
/** Drivers whose logs the engine returns whole. Source: docs.docker.com, "Configure logging drivers". */
const READABLE = new Set(["local", "json-file", "journald"]);

/** What containers printed: the engine keeps it as long as the container exists. */
export function logLook(open: () => Promise<Engine>, most: number = MOST): Look {
  return containerLook("logs", "the logs of containers", open, (engine, id, search, host) =>
    logOf(engine, id, search, host, most),
  );
}

async function logOf(
  engine: Engine,
  id: string,
  search: Search,
  host: LookHost,
  most: number,
): Promise<(ResidueMatch | UnreadablePlace)[]> {
  host.signal.throwIfAborted();
  const place = `the log of ${id.slice(0, 12)}`;
  const asked = await readPlace(place, async () => engine.container(id));
  if (!("got" in asked)) return [asked.unread];
  const doc = asked.got;
  const driver = doc?.HostConfig.LogConfig?.Type ?? "";
  if (doc === null || driver === "none") return [];
  const name = nameOf(doc);
  const elsewhere: UnreadablePlace = {
    place: `the log of ${name}`,
    why: `its log driver ${driver} keeps it elsewhere`,
  };
  const read = await readPlace(`the log of ${name}`, async () => readLog(engine, doc, search, host.signal, most));
  // For other drivers the engine may have a copy, or none.
  const unseen = READABLE.has(driver) ? [] : [elsewhere];
  if (!("got" in read)) return READABLE.has(driver) ? [read.unread] : unseen;
  host.looked("log");
  const { hits, cut } = read.got;
  if (cut)
    unseen.push({
      place: `the log of ${name}`,
      why: `it is long: its first and last ${sizeText(most)} were read`,
    });
  const places = firstHits(search, hits).map(({ mark }) => {
    const next = cmd`rotate ${mark.name}; the log goes with its container: docker rm ${name} once it may go`;
    return residueMatch("log", mark, name, next, keptByRun(name) ?? false);
  });
  return [...places, ...unseen];
}

/** The log from its beginning; if that is too long, its end too. */
async function readLog(
  engine: Engine,
  doc: ContainerDoc,
  search: Search,
  signal: AbortSignal,
  most: number,
): Promise<{ readonly hits: readonly NeedleMatch[]; readonly cut: boolean }> {
  const first = await readPart(engine, doc, null, search, signal, most);
  const hits = [...first.hits];
  if (!first.cut) return { hits, cut: false };
  // As many lines as the beginning had, or fewer if the last lines are longer.
  for (let lines = first.entries; lines > 0; lines = Math.floor(lines / 2)) {
    const last = await readPart(engine, doc, lines, search, signal, most);
    hits.push(...last.hits);
    if (!last.cut) break;
  }
  return { hits, cut: true };
}

type LogPart = { readonly hits: readonly NeedleMatch[]; readonly cut: boolean; readonly entries: number };

async function readPart(
  engine: Engine,
  doc: ContainerDoc,
  tail: number | null,
  search: Search,
  signal: AbortSignal,
  most: number,
): Promise<LogPart> {
  const tty = doc.Config.Tty === true;
  const seen = new Map<number, NeedleMatch>();
  let [bytes, entries] = [0, 0];
  const note = (hits: readonly NeedleMatch[]): void => {
    for (const hit of hits) if (!seen.has(hit.mark)) seen.set(hit.mark, hit);
  };
  const log = await openLog(engine, doc.Id, { tty, tail, signal });
  const streams: { readonly [name in "output" | "error"]: Stream } = {
    output: search.matcher.stream(),
    error: search.matcher.stream(),
  };
  for await (const piece of log ?? []) {
    entries += tty ? lines(piece.bytes) : Number(piece.begins);
    bytes += piece.bytes.length;
    note(streams[piece.stream].push(piece.bytes));
    if (bytes > most) return { hits: [...seen.values()], cut: true, entries };
    if (seen.size === search.marks.length) break;
  }
  for (const stream of Object.values(streams)) note(stream.end());
  return { hits: [...seen.values()], cut: false, entries };
}

function lines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function sizeText(bytes: number): string {
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`;
}
