import type { WrittenValue } from "../../../src/files/words/literal-places.ts";
import type { UsersLabel } from "../labels/users.ts";

/** The words that take the place of a service's own; null for those that stay. */
export type NewWords = {
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[] | null;
  readonly health: readonly string[] | null;
};

/** The words that replace those of a service. */
export type Rewording = NewWords & {
  /** The variables of `${…}` that its words are not filled from any more. */
  readonly sources: readonly { readonly source: string; readonly name: string }[];
  /** The values that stood in its words as they are. */
  readonly literals: readonly WrittenValue[];
  /** The variables that a shell fills its words from. */
  readonly names: ReadonlySet<string>;
  /** Those whose file an option of the program names instead. */
  readonly byOption: ReadonlySet<string>;
  /** The words as a Compose file has them: `$` escaped, `${…}` for what Compose still fills in. */
  readonly written: NewWords;
  /** The variables that Compose still fills in. */
  readonly kept: ReadonlySet<string>;
  /** The labels that name a file in the place of their value. */
  readonly labels: readonly UsersLabel[];
  /** The words of the file as a plan shows them: what the files fill in from other variables is left out. */
  readonly shown: NewWords;
};

/** The variables whose file an option of the program names, or a label. */
export const fileNames = (words: Rewording | null): ReadonlySet<string> =>
  new Set([...(words?.byOption ?? []), ...(words?.labels ?? []).map(({ name }) => name)]);

/** Whether a service's command, entrypoint or health check changes. */
export const hasNewWords = (words: Rewording | null): boolean =>
  words !== null && (words.entrypoint !== null || words.command !== null || words.health !== null);
