/** What kind of place a value sits in. Detection weighs them differently. */
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

/** The thing that was read: a container, an image, a file. `id` is the engine's full id or the absolute path. */
export type Subject = {
  readonly kind: SubjectKind;
  readonly name: string;
  readonly id: string;
};

/**
 * Where a value sits: printable, sortable, and the only key by which a value is read again.
 * `path` is the place inside the subject's own document, such as `Config.Env[3]`.
 */
export type Location = {
  /** The host of the fleet, by its name in the configuration; absent for this machine. */
  readonly host?: string;
  readonly source: string;
  readonly subject: SubjectKind;
  readonly subjectName: string;
  readonly subjectId: string;
  readonly where: Where;
  readonly path: string;
  /** "image" when a container holds this value only because its image does; else "own". */
  readonly origin: "own" | "image";
};

/** What is known of a subject besides its values. */
export type SubjectFacts = {
  /** The image that a container was made from, as it was asked for; null when there is none, or it is not known. */
  readonly image: string | null;
  readonly labels: { readonly [key: string]: string };
  /** Labels that its image does not have as well: only these may say `unsprawl.ignore`. */
  readonly ownLabels: { readonly [key: string]: string };
  /** Of an image: what one should know before it runs. Absent for everything else. */
  readonly advice?: readonly string[];
};

export const NO_FACTS: SubjectFacts = { image: null, labels: {}, ownLabels: {} };
