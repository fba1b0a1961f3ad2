import type { Refusal } from "../../../src/files/file-migration.ts";
import type { EnvironmentPattern, PlatformVariable } from "../syntax/walk.ts";

/** A platform that starts programs from descriptions which people write, and where those keep variables. */
export type Platform = {
  readonly name: string;
  /** What one of its files is: "a Nomad job". */
  readonly what: string;
  /** The path of a file that may be one. Matched before the file is opened. */
  readonly path: RegExp;
  /** Of each list one must be in the text. Looked for before it is parsed. */
  readonly signs: readonly (readonly string[])[];
  readonly environments: readonly EnvironmentPattern[];
  /** Who reads its values, besides anyone who can read the file. */
  readonly exposure: string;
  /** Why a value stays in such a file, and the platform's own way to take it out. */
  readonly stays: (variable: PlatformVariable, file: string) => Refusal;
};
