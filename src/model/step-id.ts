import type { Step, StepKind } from "./plan.ts";

/** What a step's id is made of: saved plans and journals have it as text. */
export type StepName = {
  readonly kind: StepKind;
  readonly unit: string;
  /** What of the unit it is about, where a unit has several: a variable, a service. */
  readonly part?: string;
  /** The second of one name, the third; absent for the first. */
  readonly nth?: number;
};

/** The id as plans and journals have it: `put:web/DB_PASSWORD`, `check:web`. */
export function stepId({ kind, unit, part, nth = 1 }: StepName): string {
  return `${kind}:${unit}${part === undefined ? "" : `/${part}`}${nth === 1 ? "" : `#${nth}`}`;
}

type StepRef = Pick<Step, "id" | "kind" | "unit">;

/** The id of the step of another kind that is about the same as this one: a put's `verify`, a check's `recreate`. */
export function siblingId(step: StepRef, kind: StepKind): string {
  return `${kind}:${subjectOfStep(step)}`;
}

/** What a step is about: its unit, and the part of it. */
export function subjectOfStep({ id, kind }: Pick<StepRef, "id" | "kind">): string {
  return id.slice(`${kind}:`.length);
}

/** The part of its unit that a step is about; empty for all of it. */
export function partOfStep({ id, kind, unit }: StepRef): string {
  return id.slice(stepId({ kind, unit, part: "" }).length);
}
