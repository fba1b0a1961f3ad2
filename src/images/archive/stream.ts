import type { FastReading } from "../../fast/index.ts";
import { newMeter, tarEntries, decompressed, type ImageLayer, type LayerBook, type TarEntry } from "../layers/index.ts";
import { followLinks, archivePath } from "./files.ts";
import { blobNameDigest, type ReadArchiveFile } from "./manifest.ts";

/** Up to this size, documents are distinguished from layers by their first bytes. */
const SMALL = 4 * 1024 * 1024;
const LARGEST = 16 * 1024 * 1024;
/** The limit for all documents of an archive together. */
const MOST = 64 * 1024 * 1024;

/**
 * An archive of images that is only available as a stream: an engine's, or a packed file. Layers are read as they come,
 * before it is known which image they belong to; the manifest is at the end. A second pass, if one is needed at all,
 * looks at names only.
 */
export class StreamedArchive {
  readonly #pass: () => AsyncIterable<Buffer>;
  readonly #entries = new Map<string, TarEntry>();
  readonly #documents = new Map<string, Buffer>();
  #size = 0;

  constructor(pass: () => AsyncIterable<Buffer>) {
    this.#pass = pass;
  }

  /** The first pass: documents are kept, and layers are read into the book, if there is one. */
  async *first(book: LayerBook | null, signal: AbortSignal): AsyncGenerator<FastReading> {
    for await (const { body, ...entry } of tarEntries(decompressed(this.#pass(), newMeter(null)))) {
      signal.throwIfAborted();
      const file = archivePath(entry.path);
      if (this.#entries.size < 200_000) this.#entries.set(file, entry);
      if (entry.kind !== "file" || entry.size === 0) continue;
      const named = isDocument(file);
      const layered = book !== null && isLayer(file);
      if (named || entry.size <= SMALL) {
        if (entry.size > LARGEST || this.#size + entry.size > MOST || (!named && !isLayer(file))) continue;
        const bytes = await collected(body());
        if (named || bytes[0] === 0x7b) this.#keep(file, bytes);
        else if (layered) yield* readInto(book, file, bytes.length, () => of(bytes), signal);
      } else if (layered) yield* readInto(book, file, entry.size, body, signal);
    }
  }

  /** The second pass, for layers that must be looked at again. */
  async look(layers: readonly ImageLayer[], book: LayerBook, signal: AbortSignal): Promise<void> {
    const wanted = new Map(layers.map((layer) => [layer.id, layer]));
    if (wanted.size === 0) return;
    for await (const { body, ...entry } of tarEntries(decompressed(this.#pass(), newMeter(null)))) {
      signal.throwIfAborted();
      const id = layerId(archivePath(entry.path));
      const layer = entry.kind === "file" ? wanted.get(id) : undefined;
      if (layer === undefined) continue;
      await book.look(layer, { id, digest: null, size: null, mediaType: "", open: body }, signal);
    }
  }

  /** A document from the first pass. */
  readonly read: ReadArchiveFile = (file) => {
    const entry = followLinks(this.#entries, file);
    return Promise.resolve(entry === null ? null : (this.#documents.get(archivePath(entry.path)) ?? null));
  };

  /** The id of the layer that a manifest calls by this name. */
  idOf(file: string): string {
    const entry = followLinks(this.#entries, file);
    return layerId(entry === null ? file : archivePath(entry.path));
  }

  #keep(file: string, bytes: Buffer): void {
    this.#documents.set(file, bytes);
    this.#size += bytes.length;
  }
}

function isDocument(file: string): boolean {
  return /^[^/]*\.json$|^(?:sha256:)?[0-9a-f]{64}$/.test(file);
}

function isLayer(file: string): boolean {
  return /^blobs\/|(?:^|\/)layer\.tar$|\.(?:tar|tgz|tar\.(?:gz|zst))$/.test(file);
}

function layerId(file: string): string {
  return blobNameDigest(file) ?? file;
}

async function* readInto(
  book: LayerBook,
  file: string,
  size: number,
  open: () => AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<FastReading> {
  const id = layerId(file);
  if (!book.has({ id, diffId: null }))
    yield* book.read({ id, digest: blobNameDigest(file), size, mediaType: "", open }, signal);
}

async function collected(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* of(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
