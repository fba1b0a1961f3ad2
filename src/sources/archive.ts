import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { FastReading, FastSource } from "../fast/index.ts";
import { bare, cmd } from "../kit/shell.ts";
import {
  LayerBook,
  layerReadings,
  compressionOf,
  type ImageLayer,
  type LayeredImage,
  type LayerCache,
} from "../images/layers/index.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { readConfig } from "../images/archive/config.ts";
import { folderFiles, tarFiles, type ArchiveFiles } from "../images/archive/files.ts";
import { imagesIn, type ArchiveImage, type ArchiveImages } from "../images/archive/manifest.ts";
import { StreamedArchive } from "../images/archive/stream.ts";

const HINT = "docker save IMAGE -o FILE writes one";
const LARGEST_DOCUMENT = 16 * 1024 * 1024;

/**
 * `archive:FILE`: images that `docker save` wrote, or an OCI layout, as a tar file (packed with gzip or zstd or not) or
 * as a folder: each image's config and history, and its files with `layers`. Nothing is unpacked to disk.
 */
export function archiveSource(cwd: string, shelf: LayerCache): FastSource {
  return {
    kind: "archive",
    layers: true,
    async *read(what, signal, options) {
      if (what === "")
        throw new UnsprawlError("usage", "archive: needs a file", cmd`unsprawl scan archive:FILE; ${bare(HINT)}`);
      const path = resolve(cwd, what);
      const found = await stat(path).catch(() => null);
      if (found === null) throw new UnsprawlError("absent", `no file ${what}`, HINT);
      if (!found.isFile() && !found.isDirectory())
        throw new UnsprawlError("usage", `archive:${what} is neither a file nor a folder`, HINT);
      const book = options?.layers === true ? new LayerBook(shelf) : null;
      const archive: Archive = { source: `archive:${what}`, called: basename(path), book, signal };
      try {
        if (found.isDirectory()) yield* seekable(archive, await folderFiles(path));
        else if (compressionOf(await firstBytes(path)) === null) yield* seekable(archive, await tarFiles(path, signal));
        else yield* streamed(archive, path, found.size);
      } catch (error) {
        throw named(error, what);
      }
    },
  };
}

type Archive = {
  readonly source: string;
  readonly called: string;
  /** Null if nobody wants the files. */
  readonly book: LayerBook | null;
  readonly signal: AbortSignal;
};

const EXPOSURE = ["anyone who can read the archive, or pull the image"];

async function* seekable({ source, called, book, signal }: Archive, files: ArchiveFiles): AsyncGenerator<FastReading> {
  try {
    const read = async (file: string): Promise<Buffer | null> => document(await files.open(file), file);
    const found = present(await imagesIn(read, called));
    yield* listed(found);
    if (book !== null) book.total = await bytesOf(found.images, files);
    for (const image of found.images) {
      signal.throwIfAborted();
      const { readings, subject, facts, diffIds } = readConfig(source, image, await read(image.config), EXPOSURE);
      yield* readings;
      if (book === null) continue;
      const layers: ImageLayer[] = [];
      for (const [at, { file, digest, size, mediaType }] of image.layers.entries()) {
        const opened = await files.open(file);
        const id = digest ?? file;
        const blob = opened && { id, digest, size: size ?? opened.size, mediaType, open: () => opened.read() };
        layers.push({ id, diffId: diffIds[at] ?? null, blob });
      }
      yield* layerReadings({ source, subject, facts, exposure: EXPOSURE, layers }, book, signal);
    }
  } finally {
    await files.close();
  }
}

async function* streamed(
  { source, called, book, signal }: Archive,
  path: string,
  size: number,
): AsyncGenerator<FastReading> {
  let position = 0;
  const pass = async function* (): AsyncGenerator<Buffer> {
    position = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18, signal })) {
      position += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  if (book !== null) {
    book.total = size;
    book.position = () => position;
  }
  const archive = new StreamedArchive(pass);
  yield* archive.first(book, signal);
  const found = present(await imagesIn(archive.read, called));
  yield* listed(found);
  const images: LayeredImage[] = [];
  for (const image of found.images) {
    const { readings, subject, facts, diffIds } = readConfig(source, image, await archive.read(image.config), EXPOSURE);
    yield* readings;
    images.push({ source, subject, facts, exposure: EXPOSURE, layers: streamedLayers(image, archive, diffIds) });
  }
  if (book === null) return;
  await archive.look(
    images.flatMap(({ layers }) => book.unsure(layers)),
    book,
    signal,
  );
  for (const image of images) yield* book.tell(image);
}

/** An image's layers, all of which have been read already. */
export function streamedLayers(
  { layers }: ArchiveImage,
  archive: StreamedArchive,
  diffIds: readonly string[],
): readonly ImageLayer[] {
  return layers.map(({ file }, at) => ({ id: archive.idOf(file), diffId: diffIds[at] ?? null, blob: null }));
}

function present(found: ArchiveImages | null): ArchiveImages {
  if (found !== null) return found;
  throw new UnsprawlError("malformed", "no archive of images: neither manifest.json nor index.json is in it", HINT);
}

function* listed({ images, errors }: ArchiveImages): Generator<FastReading> {
  yield { kind: "total", subjects: images.length + errors.length };
  for (const { subject, about, message } of errors)
    yield { kind: "error", subject, about, message, hint: "save the image again" };
}

async function document(file: Awaited<ReturnType<ArchiveFiles["open"]>>, name: string): Promise<Buffer | null> {
  if (file === null) return null;
  if (file.size > LARGEST_DOCUMENT) throw new UnsprawlError("refused", `${name} has ${file.size} bytes`, HINT);
  const chunks: Buffer[] = [];
  for await (const chunk of file.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function bytesOf(images: readonly ArchiveImage[], files: ArchiveFiles): Promise<number> {
  const names = new Set(images.flatMap(({ layers }) => layers.map(({ file }) => file)));
  let total = 0;
  for (const name of names) total += (await files.open(name))?.size ?? 0;
  return total;
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A fault of the archive itself, with its name. */
function named(error: unknown, what: string): unknown {
  if (error instanceof UnsprawlError)
    return ["malformed", "refused"].includes(error.code)
      ? new UnsprawlError(error.code, `${what}: ${error.message}`, error.hint ?? HINT)
      : error;
  const { code } = error as { code?: unknown };
  if (code === "EACCES" || code === "EPERM")
    return new UnsprawlError("denied", `permission denied: ${what}`, "check its rights", causeOf(error));
  return error;
}
