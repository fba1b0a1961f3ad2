import type { SubjectNames } from "../../../src/contract/provider.ts";
import type { FileMove, StepTarget } from "../../../src/files/file-migration.ts";
import type { Edit } from "../../../src/kit/text/splice.ts";
import type { Json } from "../../../src/model/json.ts";
import type { StoreTarget, Refusal } from "../../../src/model/plan.ts";
import type { Part, PlainPart } from "../syntax/part.ts";
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
  /** Absent if its files are not rewritten. */
  readonly native?: NativeForm;
};

/** A platform's file with the variables in it. */
export type Description = {
  readonly platform: Platform;
  readonly text: string;
  readonly parts: readonly Part[];
  readonly variables: readonly PlatformVariable[];
};

/** A variable to move, and what is known of where it goes. */
export type MovingVariable = FileMove & { readonly variable: PlatformVariable };

/** Asks the store for what its settings do not say, such as the version of Vault's KV engine. */
export type StoreFacts = () => Promise<{ readonly [key: string]: Json }>;

/** What a platform has for a secret in place of a value. */
export type NativeForm = {
  /** Why this variable cannot move; null if it can. */
  refuses(variable: PlatformVariable, description: Description, accept: ReadonlySet<string>): Refusal | null;
  names(variable: PlatformVariable, description: Description, file: string): SubjectNames;
  /** What is needed again when the plan is applied; holds no value. Throws `refused` for a store that it cannot read. */
  target(description: Description, store: StoreTarget, facts: StoreFacts): StepTarget | Promise<StepTarget>;
  /** What stands for the variable afterwards, as the diff shows it. */
  shown(moving: MovingVariable, target: StepTarget): string;
  edits(description: Description, moving: readonly MovingVariable[], target: StepTarget): readonly Edit[];
  /** What the parts of the result must be: those of `changes` as it says, all others as they are. */
  changes(
    description: Description,
    moving: readonly MovingVariable[],
    target: StepTarget,
  ): ReadonlyMap<Part, (was: PlainPart) => PlainPart>;
  warnings(moving: readonly MovingVariable[], target: StepTarget): readonly string[];
};
