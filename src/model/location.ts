import { placeText, type Place } from "./place.ts";

/** The kinds of place that can hold a value. Detection weighs them differently. */
export const WHERES = [
  "env",
  "image-env",
  "cmd",
  "entrypoint",
  "label",
  "history",
  "build-arg",
  "healthcheck",
  "onbuild",
  "log-opt",
  "volume-opt",
  "annotation",
  "file",
  "store",
] as const;

export type Where = (typeof WHERES)[number];

export type SubjectKind = "container" | "image" | "file" | "service" | "store";

/** What a location belongs to: a container, an image, a file. `id` is the engine's full id or the absolute path. */
export type Subject = {
  readonly kind: SubjectKind;
  readonly name: string;
  readonly id: string;
  /** The name without its line number, if it has one: ids of findings are made from it. */
  readonly lastingName?: string;
};

/**
 * Where a value is: printable, sortable, and the only key by which it is read again. `path` is the text of `place`, such
 * as `Config.Env[3]`; no code reads it, and only `isAt` compares it.
 */
export type Location = {
  /** The fleet host's name in the configuration; absent for this machine. */
  readonly host?: string;
  readonly source: string;
  readonly subject: SubjectKind;
  readonly subjectName: string;
  readonly subjectId: string;
  readonly where: Where;
  readonly path: string;
  /** Absent in plans and reports of earlier versions. */
  readonly place?: Place;
  /** See `Subject.lastingName`. */
  readonly lastingName?: string;
  /** "image" if a container has this value only because its image sets it, otherwise "own". */
  readonly origin: "own" | "image";
};

/** A location as sources make it. */
export type PlacedLocation = Location & { readonly place: Place };

/** The location of a value that a source has read. */
export function locationAt(
  source: string,
  subject: Subject,
  where: Where,
  place: Place,
  origin: Location["origin"] = "own",
): PlacedLocation {
  const { kind, name, id, lastingName } = subject;
  return {
    source,
    subject: kind,
    subjectName: name,
    subjectId: id,
    where,
    path: placeText(place),
    place,
    ...(lastingName === undefined ? {} : { lastingName }),
    origin,
  };
}

/**
 * Whether a location is at this place of its subject. Compares their texts, which are equal where the places are: plans of
 * earlier versions have only those.
 */
export function isAt(location: Location, place: Place): boolean {
  return location.path === placeText(place);
}

/** What is known about a subject besides its values. */
export type SubjectFacts = {
  /** The image reference that a container was created from, as requested; null if unknown or not applicable. */
  readonly image: string | null;
  readonly labels: { readonly [key: string]: string };
  /** Labels not inherited from the image. Only these may contain `unsprawl.ignore`. */
  readonly ownLabels: { readonly [key: string]: string };
  /** For images: warnings to read before running it. Absent for other subjects. */
  readonly advice?: readonly string[];
};

export const NO_FACTS: SubjectFacts = { image: null, labels: {}, ownLabels: {} };
