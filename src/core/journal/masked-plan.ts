import type { DiffLine, Plan, Step } from "../../model/plan.ts";

/**
 * The plan with known values removed from all text for people: diffs, reasons, notes, the command to run by hand. What
 * it acts on (names, places, digests) is unchanged. Called once when the plan is made, so that a saved plan, the
 * journal and every view contain the same masked text.
 */
export function maskPlan(plan: Plan, redact: (text: string) => string): Plan {
  const lines = (diff: readonly DiffLine[]): DiffLine[] =>
    diff.map(({ sign, path, text }) => ({ sign, path: redact(path), text: redact(text) }));
  const step = (one: Step): Step => {
    if (one.kind === "deliver") return { ...one, why: redact(one.why) };
    if (one.kind === "clean") return { ...one, diff: lines(one.diff) };
    if (one.kind === "rewrite")
      return { ...one, files: one.files.map((file) => ({ ...file, diff: lines(file.diff) })) };
    if (one.kind !== "recreate") return one;
    const { run, runLacks } = one;
    return {
      ...one,
      diff: lines(one.diff),
      ...(run === undefined ? {} : { run: redact(run) }),
      ...(runLacks === undefined ? {} : { runLacks: runLacks.map(redact) }),
    };
  };
  return {
    ...plan,
    steps: plan.steps.map(step),
    notMoved: masked(plan.notMoved, redact),
    warnings: plan.warnings.map(({ unit, text }) => ({ unit, text: redact(text) })),
  };
}

/** Masks every text in a document. Only for parts that no action depends on. */
function masked<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => masked(one, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, masked(one as unknown, redact)])) as T;
}
