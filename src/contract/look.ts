import type { Secret } from "../model/secret.ts";

/** A value that was moved, and what a place that still shows it is told with. */
export type MovedValue = {
  /** The variable that held it. */
  readonly name: string;
  readonly value: Secret;
  /** The runs that moved it, oldest first. */
  readonly runs: readonly string[];
  /** The store that it went to, as `--to` takes it. */
  readonly store: string;
};

export type PlaceKind =
  | "container"
  | "image"
  | "service"
  | "volume"
  | "config"
  | "log"
  | "file"
  | "shell history"
  | "git history";

/** A place that still shows a value. Neither text holds one. */
export type ResidueMatch = {
  readonly mark: MovedValue;
  readonly place: string;
  readonly kind: PlaceKind;
  /** What to type; null where nothing can be typed. */
  readonly next: string | null;
  /** A run keeps it on purpose, until `scrub`. */
  readonly kept: boolean;
};

/** What could not be looked at. */
export type UnreadablePlace = { readonly place: string; readonly why: string };

export type LookHost = {
  readonly signal: AbortSignal;
  /** Called for each thing that was looked at, by what it is called: `container`, `image`, `file`. */
  looked(what: string): void;
};

/** Looks through one sort of places for values; changes nothing. What cannot be looked at is `UnreadablePlace`, never thrown. */
export interface Look {
  readonly name: string;
  look(marks: readonly MovedValue[], host: LookHost): AsyncIterable<ResidueMatch | UnreadablePlace>;
}

/** What the runs touched: where copies of what they moved are likely. All paths are absolute. */
export type LookAbout = {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Names of containers, whose Compose projects have folders too. */
  readonly containers: readonly string[];
  /** Whether an engine had part in it: one that is not there then is told. */
  readonly engine: boolean;
};
