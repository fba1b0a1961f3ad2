import type { Secret } from "../model/secret.ts";

/** A value that was migrated, with what a report on a remaining copy needs. */
export type MovedValue = {
  /** The variable that held it. */
  readonly name: string;
  readonly value: Secret;
  /** The runs that migrated it, oldest first. */
  readonly runs: readonly string[];
  /** The store it was moved to, as `--to` takes it. */
  readonly store: string;
};

export type PlaceKind =
  | "container"
  | "image"
  | "service"
  | "volume"
  | "config"
  | "log"
  | "layer"
  | "secret"
  | "file"
  | "shell history"
  | "git history";

/** A place that still shows a value. Its texts contain no value. */
export type ResidueMatch = {
  readonly mark: MovedValue;
  readonly place: string;
  readonly kind: PlaceKind;
  /** The command that removes the copy, or null. */
  readonly next: string | null;
  /** Kept on purpose by a run, until `scrub`. */
  readonly kept: boolean;
};

/** A place that could not be searched. */
export type UnreadablePlace = { readonly place: string; readonly why: string };

export type LookHost = {
  readonly signal: AbortSignal;
  /** Called for each thing searched, with its kind: `container`, `image`, `file`. */
  looked(what: string): void;
};

/**
 * Searches one kind of place for values; changes nothing. A place that cannot be searched is yielded as
 * `UnreadablePlace`, never thrown.
 */
export interface Look {
  readonly name: string;
  look(marks: readonly MovedValue[], host: LookHost): AsyncIterable<ResidueMatch | UnreadablePlace>;
}

/** What the runs touched, where copies of the migrated values are likely. All paths are absolute. */
export type LookAbout = {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Names of containers, whose Compose project folders are searched too. */
  readonly containers: readonly string[];
  /** Whether an engine was involved: if so, an unreachable engine is reported. */
  readonly engine: boolean;
};
