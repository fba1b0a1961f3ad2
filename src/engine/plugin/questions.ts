import type { ReferenceBinding } from "../../model/binding.ts";

/** The plugin's name, and so the name of the volume driver. */
export const PLUGIN = "unsprawl";

export const isOurDriver = (driver: string): boolean => driver.replace(/:latest$/, "") === PLUGIN;

/** Volumes of this name are questions: their option `ask` holds one, and their status the answer. Both are sealed. */
export const ASK = "unsprawl-ask-";

/** The status of such a volume: the engine hands it on as it is, where an error would become a text of the engine's. */
export type AnswerStatus = { readonly answer?: string; readonly fault?: typeof FOREIGN_KEY };
/** The question was sealed with another key than the plugin's. */
export const FOREIGN_KEY = "foreign-key";

/** A value that the plugin looks for in a process, by its digest (`valueDigest`). */
export type DigestedValue = { readonly name: string; readonly digest: string };

/** By kind: what is asked, and what is answered. Values never appear in either. */
export type Questions = {
  /** Which of these references its stores could have; the reason for each that none has. */
  readonly serves: {
    readonly ask: { readonly references: readonly string[] };
    readonly answer: { readonly faults: { readonly [reference: string]: string } };
  };
  readonly allow: { readonly ask: { readonly bindings: readonly ReferenceBinding[] }; readonly answer: object };
  /** Withdraws what a run had allowed. */
  readonly forbid: { readonly ask: { readonly by: string }; readonly answer: object };
  /** Withdraws these. */
  readonly revoke: { readonly ask: { readonly bindings: readonly ReferenceBinding[] }; readonly answer: object };
  /** How it is: each store with its fault, and what is allowed. */
  readonly status: { readonly ask: object; readonly answer: PluginStatus };
  /** Whether a process or one of its descendants has the value in a variable. */
  readonly holds: {
    readonly ask: { readonly pid: number; readonly of: DigestedValue };
    readonly answer: { readonly holds: boolean };
  };
  readonly programs: {
    readonly ask: { readonly pid: number; readonly of: DigestedValue; readonly start: readonly string[] };
    readonly answer: {
      readonly programs: readonly (readonly [program: string, has: boolean])[];
      readonly inScript: boolean;
    };
  };
  /** Whether the start script has handed the value over and became the entrypoint. */
  readonly started: {
    readonly ask: { readonly pid: number; readonly of: DigestedValue };
    readonly answer: { readonly started: boolean };
  };
  /** Where the engine's files of a container show the values of these references; null if there are no such files. */
  readonly traces: {
    readonly ask: {
      readonly id: string;
      readonly values: readonly { readonly name: string; readonly reference: string }[];
    };
    readonly answer: { readonly traces: readonly EngineFileTraces[] | null };
  };
  /** Everything that it keeps, for the one that takes its place: files by path, base64. */
  readonly state: { readonly ask: object; readonly answer: { readonly files: { readonly [path: string]: string } } };
};

export type PluginStatus = {
  readonly version: string;
  readonly stores: readonly { readonly name: string; readonly provider: string; readonly fault: string | null }[];
  readonly bindings: readonly ReferenceBinding[];
  readonly volumes: readonly string[];
  /** Absent from a plugin of an earlier release. */
  readonly starts?: PluginStarts;
};

/** Starts of containers since the plugin's own, by what became of them. */
export type PluginStarts = {
  readonly served: number;
  /** With the values that were served last, as the store was away. */
  readonly servedLast: number;
  readonly failed: number;
};

/** A file of the engine's, and the places in it of each value that was sought, in their order. */
export type EngineFileTraces = { readonly file: string; readonly places: readonly (readonly string[])[] };

export type QuestionKind = keyof Questions;

/** What is sealed: a question with the challenge that makes it count once. */
export type SealedQuestion = {
  readonly kind: QuestionKind | "hello";
  /** Of the answer before this question; absent for `hello`, which only gets one. */
  readonly challenge?: string;
  readonly ask: object;
};

/** The answer, or why there is none; and the challenge for the next question. */
export type SealedAnswer = {
  readonly challenge: string;
  readonly answer?: object;
  readonly fault?: { readonly code: string; readonly message: string; readonly hint: string | null };
};
