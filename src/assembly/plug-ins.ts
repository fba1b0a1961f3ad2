import { betweenStores, formats, runConfigurations } from "../../migrations/index.ts";
import { stores } from "../../providers/index.ts";
import type { SourceAbout, StepTail, StoreAbout } from "../contract/about.ts";
import { OWN_SOURCES } from "../sources/about.ts";

// What plug-ins say of themselves, for the faces: help, completion, the manual and each list of names are made from it.

/** Every source but the stores, in the order in which help lists them. */
export const SOURCES: readonly SourceAbout[] = [
  ...formats.flatMap(({ source }) => source ?? []),
  ...Object.values(OWN_SOURCES),
];

/** What is read when no source is named. */
export const DEFAULT_SOURCES: readonly string[] = SOURCES.flatMap(({ kind, isDefault }) =>
  isDefault === true ? [`${kind}:`] : [],
);

export const STORES: readonly StoreAbout[] = stores;

/** The migrations that a finding is offered to, in this order. */
export const RUN_CONFIGURATIONS = runConfigurations;

/** The migrations that move what is in a store already. */
export const BETWEEN_STORES = betweenStores;

/** What a person can accept to lose or to change: the words of `--accept`, each with what is accepted. */
export const ACCEPTS: ReadonlyMap<string, string> = new Map(
  formats
    .flatMap(({ accepts }) => Object.entries(accepts))
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)),
);

export const ACCEPT_WORDS: readonly string[] = [...ACCEPTS.keys()];

/** The steps that follow the writes in a plan, by its migration. */
export const STEP_TAILS: ReadonlyMap<string, StepTail> = new Map([
  ...formats.map(({ name, tail }) => [name, tail] as const),
  ["rotation", "rotate"],
]);
