import type { FastReading } from "../../../src/fast/index.ts";
import {
  layerReadings,
  LayerBook,
  type ImageLayer,
  type LayeredImage,
  type LayerCache,
} from "../../../src/images/layers/index.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { descriptorsIn, open } from "../../../src/images/registry/kinds.ts";
import type { RegistryManifest } from "../../../src/images/registry/walk.ts";
import type { Subject, SubjectFacts } from "../../../src/model/location.ts";
import type { RegistryScan } from "./image.ts";

/** An image whose files are read after all configurations. */
export type ImageToRead = {
  readonly found: RegistryManifest;
  readonly subject: Subject;
  readonly facts: SubjectFacts;
  readonly exposure: readonly string[];
};

/** The files of these images: each layer is streamed from the registry once, however many images have it. */
export async function* registryLayers(
  wanted: readonly ImageToRead[],
  scan: RegistryScan,
  shelf: LayerCache,
): AsyncGenerator<FastReading> {
  const book = new LayerBook(shelf);
  const images: LayeredImage[] = [];
  for (const one of wanted) images.push(await imageOf(one, scan));
  await shelf.ask(images.flatMap(({ layers }) => layers));
  const sizes = new Map(images.flatMap(({ layers }) => layers.map(({ id, blob }) => [id, blob?.size ?? 0] as const)));
  book.total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  for (const image of images) {
    scan.signal.throwIfAborted();
    yield* layerReadings(image, book, scan.signal);
  }
}

async function imageOf(
  { found, ...about }: ImageToRead,
  { registry, configs, source }: RegistryScan,
): Promise<LayeredImage> {
  const { manifest, repository } = found;
  const [config] = descriptorsIn([manifest.document["config"]]);
  const diffIds = config ? open(open(await configs.get(repository, config))["rootfs"])["diff_ids"] : null;
  const layers = descriptorsIn(manifest.document["layers"]).map((layer, at): ImageLayer => {
    const diffId: unknown = Array.isArray(diffIds) ? diffIds[at] : null;
    const told = typeof diffId === "string" ? diffId : null;
    if (layer === null) return { id: `${manifest.digest}#${at}`, diffId: told, blob: null };
    const { digest, size, mediaType } = layer;
    const blob = {
      id: digest,
      digest,
      size,
      mediaType,
      open: (signal: AbortSignal) => registry.blob(repository, { digest, size, mediaType }, signal),
    };
    return { id: digest, diffId: told, blob };
  });
  if (layers.length > 1000)
    throw new UnsprawlError("malformed", `${found.name} has more layers than any image`, "docker manifest inspect");
  return { source, layers, ...about };
}
