import type { Step, StepKind } from "./plan.ts";

/** The parts of a step id. Saved plans and journals contain the id as text. */
export type StepName = {
  readonly kind: StepKind;
  readonly unit: string;
  /** Which part of the unit the step is about, if it has several: a variable, a service. */
  readonly part?: string;
  /** 2 for the second step of the same name, 3 for the third; absent for the first. */
  readonly nth?: number;
};

/** The id in plans and journals: `put:web/DB_PASSWORD`, `check:web`. */
export function stepId({ kind, unit, part, nth = 1 }: StepName): string {
  return `${kind}:${unit}${part === undefined ? "" : `/${part}`}${nth === 1 ? "" : `#${nth}`}`;
}

type StepRef = Pick<Step, "id" | "kind" | "unit">;

/** The id of the step of another kind for the same subject: a put's `verify`, a check's `recreate`. */
export function siblingId(step: StepRef, kind: StepKind): string {
  return `${kind}:${subjectOfStep(step)}`;
}

/** The id without its kind: the unit and the part. */
export function subjectOfStep({ id, kind }: Pick<StepRef, "id" | "kind">): string {
  return id.slice(`${kind}:`.length);
}

/** Which part of its unit a step is about; empty for the whole unit, and for what has its own name. */
export function partOfStep({ id, kind, unit }: StepRef): string {
  const before = stepId({ kind, unit, part: "" });
  return id.startsWith(before) ? id.slice(before.length) : "";
}
