import type { CommandModule } from "../context.ts";

/**
 * `flags`, the description, and the allowed values. A flag with `…` may be given more than once. The word in `<…>` says
 * what is meant: completion offers files for `<file>`, stores for `<store>`, and so on.
 */
export type OptionSpec = readonly [flags: string, text: string, choices?: readonly string[]];

/** A command line that works as it stands, and what it does. A test runs each of them. */
export type CommandExample = readonly [command: string, text: string];

/** The groups of `unsprawl --help`, in its order. */
export const GROUPS = {
  move: "Find and move secrets",
  runs: "Runs",
  serve: "Serve migrated containers",
  watch: "Watch for new secrets",
  setup: "Set up and inspect",
  more: "More",
} as const;

export type CommandSpec = {
  readonly usage: string;
  readonly group: keyof typeof GROUPS;
  /** A capitalised verb phrase. */
  readonly summary: string;
  readonly details?: string;
  /** The words that its first argument can be. */
  readonly actions?: readonly string[];
  /** What follows `install`. */
  readonly forms?: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Flags of one of its actions, under a separate heading. */
  readonly sections?: readonly { readonly title: string; readonly options: readonly OptionSpec[] }[];
  readonly examples: readonly CommandExample[];
  /** Shown when it is cancelled. */
  readonly stopping?: string;
  /** It changes nothing: cancelled, it does not wait for what is under way. */
  readonly reads?: true;
  /** With --hosts it runs on each of them, one after the other. */
  readonly eachHost?: true;
  readonly load: () => Promise<CommandModule>;
};

/** A command's name: the first word of its usage. */
export function nameOf({ usage }: CommandSpec): string {
  return usage.split(" ")[0] ?? "";
}

/** All flags that a command has besides the common ones. */
export function optionsOf({ options, sections = [] }: CommandSpec): readonly OptionSpec[] {
  return [...options, ...sections.flatMap((one) => one.options)];
}
