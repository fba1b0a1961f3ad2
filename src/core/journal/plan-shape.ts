import type { StepTail } from "../../contract/about.ts";
import { isFileName, isFileNameWithDots } from "../../kit/io/name.ts";
import type { Plan, Step } from "../../model/plan.ts";
import { formFault, isPlan } from "./plan-form.ts";

/**
 * Why a plan from a file cannot be applied; null if it can. Checks not only the types but what makes a run safe: each
 * unit has a read-back for every put, followed by deliver, recreate and check of the very same moves, in this order. A
 * plan without its checks is refused. `tails` maps each migration to the steps that follow the read-backs; other
 * migrations are refused.
 */
export function planFault(plan: unknown, tails: ReadonlyMap<string, StepTail>): string | null {
  if (!isPlan(plan)) return formFault(plan);
  const bad = plan.steps.findIndex((step) => !hasFileNames(step));
  return bad < 0 ? orderFault(plan, tails) : `step ${bad + 1} is malformed`;
}

/** Only `runtime` accepts any variable name; the other deliveries use it as a file name, and the shim's may have dots. */
function hasFileNames(step: Step): boolean {
  if (!("delivery" in step) || step.delivery === "runtime") return true;
  const isName = ["shim", "volume"].includes(step.delivery) ? isFileNameWithDots : isFileName;
  return step.moves.every(({ name }) => isName(name));
}

/** The step kinds after the read-backs, each followed by a space. */
const TAILS: { readonly [tail in StepTail]: RegExp } = {
  none: /^$/,
  clean: /^clean $/,
  recreate: /^deliver recreate check $/,
  rewrite: /^(deliver )*rewrite (recreate check )*$/,
  rotate: /^rotate $/,
};

function orderFault({ steps, migration, migrations = {} }: Plan, tails: ReadonlyMap<string, StepTail>): string | null {
  if (new Set(steps.map((step) => step.id)).size !== steps.length) return "two steps have one id";
  for (const unit of new Set(steps.map((step) => step.unit))) {
    const own = steps.filter((step) => step.unit === unit);
    const name = (Object.hasOwn(migrations, unit) ? migrations[unit] : undefined) ?? migration;
    const tail = tails.get(name);
    if (tail === undefined) return `${unit} is of an unknown migration: ${JSON.stringify(name)}`;
    const puts = own.flatMap((step) => (step.kind === "put" ? [step.move] : []));
    const rest = own.slice(puts.length * 2);
    const begin = own.slice(0, puts.length * 2).map((step) => step.kind);
    const ordered = begin.join() === [...puts.map(() => "put"), ...puts.map(() => "verify")].join();
    if (
      (puts.length === 0) !== (tail === "rotate") ||
      !ordered ||
      !TAILS[tail].test(rest.map(({ kind }) => `${kind} `).join(""))
    )
      return `the steps of ${unit} are not put, verify, and what its migration does`;
    const moves = (kind: Step["kind"]): string[] =>
      own
        .flatMap((step) =>
          step.kind !== kind || step.kind === "rotate" ? [] : "moves" in step ? step.moves : [step.move],
        )
        .map((move) => JSON.stringify(move))
        .sort();
    // Where files are rewritten, several services may be given what is stored once.
    const moved = (kind: Step["kind"]): string =>
      (tail === "rewrite" && kind !== "verify" ? [...new Set(moves(kind))] : moves(kind)).join();
    const kinds = new Set(own.map(({ kind }) => kind));
    // Containers are recreated and checked with exactly the values that their configuration lost.
    const whole = [...kinds].filter((kind) => kind !== "recreate" && kind !== "check");
    const deliveries = rest.flatMap((step) => ("delivery" in step && step.kind !== "deliver" ? [step.delivery] : []));
    const pairs = tail === "recreate" ? [...deliveries, ...rest.flatMap(ofDeliver)] : [];
    const alike = whole.every((kind) => moved(kind) === moved("put")) && new Set(pairs).size < 2;
    const parts =
      moves("recreate").join() === moves("check").join() && (tail !== "recreate" || moved("check") === moved("put"));
    if (!alike || (kinds.has("recreate") && !parts)) return `the steps of ${unit} do not move the same values`;
  }
  return null;
}

function ofDeliver(step: Step): readonly string[] {
  return step.kind === "deliver" ? [step.delivery] : [];
}
