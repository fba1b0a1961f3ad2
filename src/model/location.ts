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
};

/**
 * Where a value is: printable, sortable, and the only key by which it is read again. `path` is the position inside the
 * subject's document, such as `Config.Env[3]`.
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
  /** "image" if a container has this value only because its image sets it, otherwise "own". */
  readonly origin: "own" | "image";
};

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
