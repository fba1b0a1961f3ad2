import type { Candidate } from "../model/candidate.ts";
import type { Finding } from "../model/finding.ts";
import type { Location, PlacedLocation } from "../model/location.ts";
import type { Json } from "../model/json.ts";
import type { DeliveryName, Move, Plan, Refusal, Step, StoreTarget } from "../model/plan.ts";
import type { StoreEntry, SubjectNames } from "./provider.ts";
import type { Secret } from "../model/secret.ts";

/** `name` prefixes the ids of all its steps: unique in a plan. */
export type Unit = { readonly id: string; readonly name: string };

/** How a migration would handle one unit. Nothing has been written yet. */
export type UnitPlan = {
  readonly unit: string;
  /** deliver, recreate and check; core adds `put` and `verify` before them. */
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  /** Warnings that are true of each unit of its kind, and are said once for all of them. Absent for none. */
  readonly forAll?: readonly string[];
  /** Findings of the unit that stay in place; the steps cover the rest. Absent if there are none. */
  readonly left?: readonly { readonly selected: Selected; readonly reason: string; readonly hint: string | null }[];
};

/** What moves of a value. `isApart`: it is not filled in from anywhere, so it moves although a variable elsewhere has its value. */
export type MovingPart = { readonly name: string; readonly value: Secret; readonly isApart?: boolean };

/** A variable that is no finding, and moves along with one because it is filled from the same text. */
export type MovingAlong = {
  /** The index of the finding among those that were passed. */
  readonly like: number;
  readonly name: string;
  readonly location: PlacedLocation;
  /** Its value, and where the finding's is in it, in UTF-16 units; absent if it has the same. */
  readonly within?: { readonly value: Secret; readonly start: number; readonly length: number };
};

export type PlanOptions = {
  readonly runId: string;
  /** The target store, for run configurations that name their store. */
  readonly store: StoreTarget;
  readonly deliver: DeliveryName | "auto";
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  /** Losses and changes that the user accepts, by name (`--accept`). */
  readonly accept: ReadonlySet<string>;
};

export type Selected = { readonly finding: Finding; readonly move: Move; readonly value: Secret };

/** Records sub-steps in the journal: intent before the effect, done after it. */
export type Recorder = {
  intent(step: string, data?: { readonly [key: string]: Json }): void;
  done(step: string, data?: { readonly [key: string]: Json }): void;
  undone(step: string, data?: { readonly [key: string]: Json }): void;
  /** The data of the step's newest receipt in any state, or null. */
  last(step: string): { readonly [key: string]: Json } | null;
};

export type Work = {
  readonly plan: Plan;
  readonly record: Recorder;
  readonly signal: AbortSignal;
  /**
   * The unit's values by `valueKey`, read from the location or, once removed there, from the store. Empty during undo
   * and scrub: see `recall`.
   */
  readonly values: ReadonlyMap<string, Secret>;
  /** The unit's values, from wherever they still are. Throws `absent`, or the store's error. */
  recall(): Promise<ReadonlyMap<string, Secret>>;
  say(text: string): void;
  /** For an undo: in what the subject, looked at afterwards, is not as the plan saw it. */
  readonly lacks?: (what: string) => void;
  /** For an undo: what stays beside the subject, and how to remove it. */
  readonly leaves?: (what: string | null) => void;
  /** Shows what is done or waited for now ("stopping web"), and how long it may take. Repeating the present one is free. */
  readonly phase: (text: string, limitMs?: number) => void;
  /**
   * Text that others wrote, without known values and without what detection takes for a secret. `beside`: the values of
   * the one who wrote it, which may show one that does not move. Pass whole texts, with `CUT` where one was cut.
   */
  quote(text: string, beside?: readonly Candidate[]): Promise<string>;
};

/**
 * A run-configuration format. Every action checks the actual state first and is idempotent, so that `resume` may repeat
 * it after a kill at any point.
 */
export interface Migration {
  readonly name: string;
  engine(): Promise<{ readonly id: string; readonly address: string }>;
  /**
   * The unit that must be migrated together with this finding, all or nothing: one container, one project. Null if the
   * finding belongs to another format.
   */
  unit(finding: Finding): Promise<Unit | null>;
  /** Null if this finding can be migrated; otherwise the reason and what to type instead. */
  refuses(finding: Finding, accept: ReadonlySet<string>): Promise<Refusal | null>;
  /** The name and value to migrate if they differ from the candidate's; otherwise null. */
  part?(hit: {
    readonly finding: Finding;
    readonly candidate: { readonly value: Secret };
    readonly part: Secret;
  }): Promise<MovingPart | null>;
  /**
   * What must move along with these findings of a unit: variables that are filled from the same text, which would otherwise
   * still show it. Absent if the format has no such thing.
   */
  along?(
    unit: string,
    hits: readonly { readonly finding: Finding; readonly candidate: { readonly value: Secret } }[],
  ): Promise<readonly MovingAlong[]>;
  /** The names available to a store's path template for this subject. */
  names(finding: Finding): Promise<SubjectNames>;
  /** Throws `refused` if no delivery fits; the hint says what would make one fit. */
  plan(unit: string, selected: readonly Selected[], options: PlanOptions): Promise<UnitPlan>;
  /**
   * Reads a value again, from the world and not from what was read before; null if the location no longer holds one.
   * `lasting`: not from a copy that the engine or a run keeps for a while.
   */
  read(move: Move, unit: string, lasting?: boolean): Promise<Secret | null>;
  /**
   * The store and the key that a location of its names. Throws `changed` if the store has no such place any more. Only for a
   * migration from stores.
   */
  entry?(location: Location, unit: string): Promise<StoreEntry | null>;
  /** Throws `changed` if the subject differs from the plan. */
  unchanged(step: Step, plan: Plan): Promise<void>;
  /** Performs one of its steps (deliver, recreate, check). */
  perform(step: Step, work: Work): Promise<void>;
  /** Restores the subject of these steps to its state before the run. Idempotent. */
  undo(steps: readonly Step[], work: Work): Promise<void>;
  /**
   * Whether `undo` would recall values: what it restores is sealed under them. Absent if it never does.
   */
  undoNeedsValues?(steps: readonly Step[], work: Pick<Work, "plan" | "record">): Promise<boolean>;
  /** Deletes what was kept for undo and returns what was deleted; what could not be deleted is reported. */
  scrub(steps: readonly Step[], work: Work): Promise<readonly string[]>;
  /** Writes the deliveries' files again (after a boot or a rotation); returns how many. */
  render(
    steps: readonly Step[],
    values: ReadonlyMap<string, Secret>,
    plan: Plan,
    record: Pick<Recorder, "last">,
  ): Promise<number>;
}
