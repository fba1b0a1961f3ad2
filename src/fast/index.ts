/*
 * Reads and classifies large data fast. Only speed depends on this folder, never which secrets are found.
 *
 * The contract knows four readings: a total, a subject with its candidates, a file, an error. A `Source` yields nothing
 * else, and a `Detector` does nothing but classify; whoever adds one needs nothing from here. This folder has what a scan
 * of 10,000 containers or of a large image is fast with:
 *
 * - reading.ts: a `FastSource` may also yield batches of unparsed documents, blocks of files in memory, progress in
 *   bytes, and subjects that a cache knows. Every `Source` is a `FastSource`.
 * - port.ts: `Inspect` classifies what a source yields. core/ calls it and knows nothing else of this folder.
 * - lane.ts: the implementation that scans use, on worker threads (pool.ts, workers/).
 * - plain.ts: everything in one thread. The fallback: lane.ts has it do what does not pay elsewhere. A test compares
 *   both; they find the same.
 * - documents/: cuts a stream of JSON documents into batches. layer-shelf.ts: a cache of layers, shared by machines.
 *
 * Elsewhere, as it is part of what is there: the detector's cache of dismissed values (detect/dismissed.ts), the cache of
 * one scan's layers (images/layers/book.ts), HTTP pipelining to an engine (engine/pipeline.ts).
 *
 * This file and those beside it import no detector: only threads have one.
 */
export type { LayerShelf, ShelvedLayer } from "./layer-shelf.ts";
export type { DetectedSecret, BatchCounts, Inspect, InspectEvents, ReadingWithoutValues } from "./port.ts";
export type {
  FastReading,
  FastReadOptions,
  FastSource,
  FinishedReading,
  KeyedReading,
  ReadingOfSecret,
  ShelvedSecret,
  SpottedTexts,
  TextBlock,
  TextPiece,
} from "./reading.ts";
