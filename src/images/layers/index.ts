/**
 * The files of images, layer by layer: each layer is streamed from wherever it is through decompression and a reader of
 * tar into the detectors. Nothing is written to disk, and memory is bounded whatever comes in.
 *
 * A path in a finding reads `/app/.env line 3, layer 2 of 5, deleted in layer 4`: the file as it stands in the layer, the
 * layer's number from the lowest on, and what a later layer did to it (`deleted`, `replaced`), which takes nothing out
 * of the image. There is no line in binary files.
 *
 * A source whose layers can be opened in any order hands them to `layerReadings`; one that gets them as a stream reads
 * each into a `LayerBook` as it comes, looks once more at those that are `unsure`, and then lets the book `tell`.
 */
export { LayerBook, layerReadings, findingPlace, LayerCache, type ImageLayer, type LayeredImage } from "./book.ts";
export type { SharedShelf } from "./shelved.ts";
export { tarEntries } from "../../kit/tar/entries.ts";
export { Paths } from "./fates.ts";
export { Contents, type LayerBlob, type LayerFinding } from "./layer.ts";
export { damagedArchive } from "../../kit/tar/limits.ts";
export { TarParser, type TarEntry } from "../../kit/tar/parser.ts";
export { newMeter, compressionOf, decompressed } from "./unpack.ts";
