import type { Finding } from "../model/finding.ts";
import type { Json } from "../model/json.ts";
import type { DeliveryName, Move, Plan, Step, StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** `name` is what all its steps are called by: unique in a plan. */
export type Unit = { readonly id: string; readonly name: string };

/** What a migration says of one subject's findings before anything is written. */
export type UnitPlan = {
  readonly unit: string;
  /** deliver, recreate and check; core puts `put` and `verify` before them. */
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  /** What of the unit stays where it is; the steps are of the rest. Absent for nothing. */
  readonly left?: readonly { readonly selected: Selected; readonly reason: string; readonly hint: string | null }[];
};

export type PlanOptions = {
  readonly runId: string;
  /** Where the values go, for a run configuration that names its store. */
  readonly store: StoreTarget;
  readonly deliver: DeliveryName | "auto";
  readonly graceMs: number;
  readonly healthTimeoutMs: number;
  /** What the user accepts to lose or change, by name (`--accept`). */
  readonly accept: ReadonlySet<string>;
};

export type Selected = { readonly finding: Finding; readonly move: Move; readonly value: Secret };

/** How a performed sub-step is remembered: intent before its effect, done after it. */
export type Recorder = {
  intent(step: string, data?: { readonly [key: string]: Json }): void;
  done(step: string, data?: { readonly [key: string]: Json }): void;
  undone(step: string, data?: { readonly [key: string]: Json }): void;
  /** The data of the newest receipt of this step, in any state; null when there is none. */
  last(step: string): { readonly [key: string]: Json } | null;
};

export type Work = {
  readonly plan: Plan;
  readonly record: Recorder;
  readonly signal: AbortSignal;
  /**
   * The values of this unit, by `valueKey`; read from the location (or, once that is gone, from the store). Empty while
   * something is undone or scrubbed: see `recall`.
   */
  readonly values: ReadonlyMap<string, Secret>;
  /** The values of this unit wherever they still are. Throws `absent` or what the store throws. */
  recall(): Promise<ReadonlyMap<string, Secret>>;
  say(text: string): void;
  /** Takes known values out of text that others wrote. Whole text goes in: a piece cut off before might not be known. */
  redact(text: string): string;
};

/**
 * A run-configuration format. Every action looks at the world first and is idempotent, so that `resume` may call it
 * again after a kill at any instant.
 */
export interface Migration {
  readonly name: string;
  engine(): Promise<{ readonly id: string; readonly address: string }>;
  /** What moves together with this finding, all or nothing: one container, one project. Null when it is not this migration's. */
  unit(finding: Finding): Promise<Unit | null>;
  /** Null when this finding can be moved; else why not, and what to type instead. */
  refuses(
    finding: Finding,
    accept: ReadonlySet<string>,
  ): Promise<{ readonly reason: string; readonly hint: string | null } | null>;
  /** What moves of a finding when that is not its whole value under its own name; null when it is. */
  part?(hit: {
    readonly finding: Finding;
    readonly candidate: { readonly value: Secret };
    readonly part: Secret;
  }): Promise<{ readonly name: string; readonly value: Secret } | null>;
  /** The names that a store's path template may use for this subject. */
  names(finding: Finding): Promise<{ readonly subject: string; readonly project: string }>;
  /** Throws `refused` when no delivery fits, with what would make one fit. */
  plan(unit: string, selected: readonly Selected[], options: PlanOptions): Promise<UnitPlan>;
  /** Reads a value again; null when the location no longer holds one. */
  read(move: Move, unit: string): Promise<Secret | null>;
  /** Throws `changed` when the subject is not as the plan saw it. */
  unchanged(step: Step, plan: Plan): Promise<void>;
  /** Performs one of its own steps (deliver, recreate, check). */
  perform(step: Step, work: Work): Promise<void>;
  /** Brings the subject of these steps back as it was before the run; idempotent. */
  undo(steps: readonly Step[], work: Work): Promise<void>;
  /** Purges what was kept for undo, and gives what was removed; what could not be purged is said. */
  scrub(steps: readonly Step[], work: Work): Promise<readonly string[]>;
  /** Puts the deliveries' files in place again (after a boot, or a rotation); returns how many. */
  render(
    steps: readonly Step[],
    values: ReadonlyMap<string, Secret>,
    plan: Plan,
    record: Pick<Recorder, "last">,
  ): Promise<number>;
}
