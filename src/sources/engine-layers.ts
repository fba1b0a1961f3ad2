import type { FastReading } from "../fast/index.ts";
import { imageFacts } from "../engine/candidates.ts";
import type { Engine } from "../engine/engine.ts";
import type { ImageDoc } from "../engine/types.ts";
import type { ImageLayer, LayerBook, LayeredImage } from "../images/layers/index.ts";
import { UnsprawlError } from "../model/error.ts";
import { readConfig } from "../images/archive/config.ts";
import { imagesIn } from "../images/archive/manifest.ts";
import { StreamedArchive } from "../images/archive/stream.ts";
import { streamedLayers } from "./archive.ts";
import { imageName, errorReading } from "../engine/reading.ts";

/** Which engine layers are read from, and for which source. */
export type LayerTools = {
  readonly engine: Engine;
  readonly source: string;
  readonly exposure: readonly string[];
  readonly signal: AbortSignal;
  /** As the user named it: an image with several tags is reported under this one. */
  readonly asked: string;
};

/** Images are requested together, so that the engine sends shared layers once. */
const AT_ONCE = 50;

/** The layers of images in the engine, which sends them as `docker save` does. */
export async function* engineLayers(
  tools: LayerTools,
  ids: readonly string[],
  book: LayerBook,
): AsyncGenerator<FastReading> {
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const docs = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => tools.engine.image(id).catch(() => null)));
    const there = docs.filter((doc) => doc !== null);
    await book.ask(there.flatMap(known));
    yield* together(tools, there, book);
  }
}

async function* together(tools: LayerTools, docs: readonly ImageDoc[], book: LayerBook): AsyncGenerator<FastReading> {
  const { engine, signal } = tools;
  const there: ImageDoc[] = [];
  const wanted: ImageDoc[] = [];
  // An image whose layers have all been read need not be sent.
  for (const doc of docs) {
    const layers = known(doc);
    (layers.every((layer) => book.has(layer)) && book.unsure(layers).length === 0 ? there : wanted).push(doc);
  }
  for (const doc of there) yield* book.tell(layered(tools, doc, known(doc)));
  if (wanted.length === 0) return;
  try {
    const pass = async function* (): AsyncGenerator<Buffer> {
      const stream = await engine.stream(called(wanted), savePath(wanted), signal);
      if (stream === null)
        throw new UnsprawlError("absent", `${called(wanted)}: it is gone`, "docker image ls shows images");
      yield* stream;
    };
    const archive = new StreamedArchive(pass);
    const [one] = wanted;
    book.total = wanted.length === 1 && one?.Size !== undefined ? one.Size : null;
    yield* archive.first(book, signal);
    const saved = await savedLayers(archive, tools);
    const images = wanted.map((doc) => layered(tools, doc, saved(doc) ?? known(doc)));
    await archive.look(
      images.flatMap(({ layers }) => book.unsure(layers)),
      book,
      signal,
    );
    for (const image of images) yield* book.tell(image);
  } catch (error) {
    const [one] = wanted;
    if (one !== undefined && (wanted.length === 1 || signal.aborted)) {
      // Reported under the name that was asked for; the archive may use another of its tags.
      const about = { kind: "subject", name: imageName(one, tools.asked), id: one.Id } as const;
      yield errorReading(`${imageName(one)} layers`, about, error);
    }
    // An image that cannot be sent would keep the others from being read.
    else for (const doc of wanted) yield* together(tools, [doc], book);
  }
}

function savePath(docs: readonly ImageDoc[]): string {
  const [one] = docs;
  if (docs.length === 1 && one) return `/images/${encodeURIComponent(one.Id)}/get`;
  return `/images/get?${docs.map(({ Id }) => `names=${encodeURIComponent(Id)}`).join("&")}`;
}

function called(docs: readonly ImageDoc[]): string {
  return docs.length === 1
    ? `read the layers of ${imageName(docs[0] as ImageDoc)}`
    : `read the layers of ${docs.length} images`;
}

function layered({ source, exposure, asked }: LayerTools, doc: ImageDoc, layers: readonly ImageLayer[]): LayeredImage {
  const name = imageName(doc, asked);
  return { source, subject: { kind: "image", name, id: doc.Id }, facts: imageFacts(name, doc), exposure, layers };
}

function diffIdsOf({ RootFS }: ImageDoc): readonly string[] {
  return (RootFS?.Layers ?? []).filter((id) => typeof id === "string");
}

/** An image's layers by the digests that the engine reports for them. */
function known(doc: ImageDoc): readonly ImageLayer[] {
  return diffIdsOf(doc).map((id) => ({ id, diffId: id, blob: null }));
}

/** Which files of the archive are an image's layers: its config names the same digests as the engine does. */
async function savedLayers(
  archive: StreamedArchive,
  { source }: LayerTools,
): Promise<(doc: ImageDoc) => readonly ImageLayer[] | null> {
  const found = await imagesIn(archive.read, "image");
  const byContents = new Map<string, readonly ImageLayer[]>();
  for (const image of found?.images ?? []) {
    const { diffIds } = readConfig(source, image, await archive.read(image.config), []);
    byContents.set(diffIds.join(" "), streamedLayers(image, archive, diffIds));
  }
  return (doc) => byContents.get(diffIdsOf(doc).join(" ")) ?? null;
}
