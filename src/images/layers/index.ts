/**
 * The files of images, layer by layer: each layer is streamed from its source through decompression and a tar reader
 * into the detectors. Nothing is written to disk, and memory is bounded for any input.
 *
 * A path in a finding reads `/app/.env line 3, layer 2 of 5, deleted in layer 4`: the file as it is in the layer, the
 * layer's number from the lowest on, and what a later layer did to it (`deleted`, `replaced`), which removes nothing
 * from the image. Binary files have no line.
 *
 * A source whose layers can be opened in any order passes them to `layerReadings`; a source that gets them as a stream
 * reads each into a `LayerBook` as it comes, looks again at those that are `unsure`, and then lets the book `tell`.
 */
export { LayerBook, layerReadings, findingPlace, LayerCache, type ImageLayer, type LayeredImage } from "./book.ts";
export type { SharedShelf } from "./shelved.ts";
export { tarEntries } from "../../kit/tar/entries.ts";
export { Paths } from "./fates.ts";
export { Contents, type LayerBlob, type LayerFinding } from "./layer.ts";
export { damagedArchive } from "../../kit/tar/limits.ts";
export { TarParser, type TarEntry } from "../../kit/tar/parser.ts";
export { newMeter, compressionOf, decompressed } from "./unpack.ts";
