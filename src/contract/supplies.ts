import type { Consumer } from "../model/consumer.ts";
import type { Secret } from "../model/secret.ts";

/** The files of values on this host, and who has which. */
export interface Supplies {
  /** Whether this is a folder that values may be written into; a run configuration can name any. */
  mayHold(folder: string): boolean;
  /**
   * Writes a consumer's files and returns the names of the values that were not there, or were other bytes. Idempotent.
   * Throws `refused` for a folder that may hold none, `absent` when `values` lacks one of the consumer's.
   */
  write(consumer: Consumer, values: ReadonlyMap<string, Secret>): readonly string[];
  /** Removes values by their names, and the folder once it is empty; idempotent. Throws `refused` as `write` does. */
  remove(folder: string, names: readonly string[]): void;
  /** What a folder has under this name; null where the file is missing. */
  read(folder: string, name: string): Secret | null;
  readonly index: ConsumerIndex;
}

/**
 * The consumers of this host, in the state folder: references, owners and places, no values. What a migration delivers is
 * added and what a rollback takes away is removed; `render` and the agent work from it when the engine is not up. A lost
 * index is made again from labels and Compose files.
 */
export interface ConsumerIndex {
  /** Throws `malformed` for a file that is not an index. */
  read(): readonly Consumer[];
  /** Adds consumers, each in the place of one with the same folder. */
  add(consumers: readonly Consumer[]): Promise<void>;
  /** Removes those of these folders. */
  remove(folders: readonly string[]): Promise<void>;
}

/** A container that Compose created, and the project that it was created from. */
export type ProjectContainer = {
  readonly name: string;
  readonly project: string;
  /** The project's folder and its files, as Compose's labels have them. */
  readonly dir: string;
  readonly files: readonly string[];
  /** What it mounts, on the host. */
  readonly mounts: readonly string[];
};

/** What run configurations say of the files that their applications need: the consumers, and what of it cannot be used. */
export type FoundConsumers = {
  readonly consumers: readonly Consumer[];
  /** In plain words, one a consumer or value that is left out. */
  readonly faults: readonly string[];
};

/**
 * Reads consumers back from run configurations: labels of containers, references in files. `what` follows the source's
 * kind, as in `docker:NAME` and `compose:FILE`. All of it is hostile input. Throws as reading a source.
 */
export type ConsumerReader = (what: string) => Promise<FoundConsumers>;
