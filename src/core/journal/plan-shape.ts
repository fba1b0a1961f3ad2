import * as v from "valibot";
import type { StepTail } from "../../contract/about.ts";
import { isFileName } from "../../kit/io/name.ts";
import { anyMap, text, type SchemaEntries } from "../../kit/schema/index.ts";
import type { Move, Plan, Step } from "../../model/plan.ts";

/**
 * Why a plan from a file cannot be applied; null if it can. Checks not only the types but what makes a run safe: each
 * unit has a read-back for every put, followed by deliver, recreate and check of the very same moves, in this order. A
 * plan without its checks is refused. `tails` maps each migration to the steps that follow the read-backs; other
 * migrations are refused.
 */
export function planFault(plan: unknown, tails: ReadonlyMap<string, StepTail>): string | null {
  if (!v.is(anyMap(), plan) || plan["version"] !== 1) return "not of this version";
  for (const [name, schema] of Object.entries(TOP))
    if (!v.is(schema, plan[name])) return `its ${name} is missing or malformed`;
  const steps = plan["steps"] as readonly unknown[];
  const bad = steps.findIndex((step) => !isStep(step));
  if (bad >= 0) return `step ${bad + 1} is malformed`;
  return orderFault(plan as unknown as Plan, tails);
}

const TEXT = text();
const NUMBER = v.pipe(v.number(), v.finite(), v.minValue(0));
const ANY_LIST = v.array(v.unknown());
const MOVE = v.object({
  name: TEXT,
  location: v.object({ source: TEXT, subject: TEXT, subjectName: TEXT, subjectId: TEXT, where: TEXT, path: TEXT }),
  fingerprint: TEXT,
  length: NUMBER,
  key: v.object({ path: TEXT, field: v.string() }),
  reference: TEXT,
});
const MOVES = v.array(MOVE);

/** A step of a delivery. Only `runtime` accepts any variable name; the others use it as a file name. */
const delivers = (entries: SchemaEntries): v.GenericSchema =>
  v.pipe(
    v.object({ delivery: v.picklist(["file", "runtime", "shim"]), moves: MOVES, ...entries }),
    v.check((step) => {
      const { delivery, moves } = step as { readonly delivery: string; readonly moves: readonly Pick<Move, "name">[] };
      return delivery === "runtime" || moves.every(({ name }) => isFileName(name));
    }),
  );

/** Required members of a plan; it may have others. */
const TOP: SchemaEntries = {
  id: v.pipe(v.string(), v.regex(/^\d{8}-\d{6}-[0-9a-f]{4}$/)),
  createdAt: TEXT,
  keyId: TEXT,
  migration: TEXT,
  engine: v.object({ id: TEXT, address: TEXT }),
  store: v.object({ name: TEXT, provider: TEXT, settings: anyMap() }),
  steps: ANY_LIST,
  notMoved: ANY_LIST,
  warnings: ANY_LIST,
};

const STEP = v.object({ id: TEXT, unit: TEXT });
const STEPS: { readonly [kind in Step["kind"]]: v.GenericSchema } = {
  put: v.object({ move: MOVE, found: v.picklist(["absent", "same", "other"]), overwrite: v.boolean() }),
  verify: v.object({ move: MOVE }),
  deliver: delivers({ why: TEXT }),
  rewrite: v.object({
    moves: MOVES,
    files: v.array(v.object({ file: TEXT, before: v.nullable(TEXT), after: TEXT, diff: ANY_LIST })),
    target: anyMap(),
  }),
  clean: v.object({
    moves: MOVES,
    image: v.object({ id: TEXT, tags: v.array(TEXT) }),
    stays: v.picklist(["reference", "nothing"]),
    diff: ANY_LIST,
  }),
  recreate: delivers({
    subject: v.object({ id: TEXT, name: TEXT, image: TEXT }),
    digest: TEXT,
    diff: ANY_LIST,
    sharers: v.optional(v.array(v.object({ id: TEXT, name: TEXT, digest: TEXT }))),
    run: v.optional(TEXT),
    runLacks: v.optional(v.array(TEXT)),
  }),
  check: delivers({
    graceMs: NUMBER,
    healthTimeoutMs: NUMBER,
    tolerated: v.array(v.object({ name: TEXT, path: TEXT })),
  }),
};

function isStep(step: unknown): boolean {
  if (!v.is(anyMap(), step) || !v.is(STEP, step)) return false;
  const { kind } = step as { readonly kind?: unknown };
  return typeof kind === "string" && Object.hasOwn(STEPS, kind) && v.is(STEPS[kind as Step["kind"]], step);
}

/** The step kinds after the read-backs, each followed by a space. */
const TAILS: { readonly [tail in StepTail]: RegExp } = {
  none: /^$/,
  clean: /^clean $/,
  recreate: /^deliver recreate check $/,
  rewrite: /^(deliver )*rewrite (recreate check )*$/,
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
    if (puts.length === 0 || !ordered || !TAILS[tail].test(rest.map(({ kind }) => `${kind} `).join("")))
      return `the steps of ${unit} are not put, verify, and what its migration does`;
    const moved = (kind: Step["kind"]): string =>
      own
        .flatMap((step) => (step.kind !== kind ? [] : "moves" in step ? step.moves : [step.move]))
        .map((move) => JSON.stringify(move))
        .sort()
        .join();
    const kinds = new Set(own.map(({ kind }) => kind));
    // Containers are recreated and checked with exactly the values that their configuration lost.
    const whole = [...kinds].filter((kind) => kind !== "recreate" && kind !== "check");
    const deliveries = rest.flatMap((step) => ("delivery" in step && step.kind !== "deliver" ? [step.delivery] : []));
    const pairs = tail === "recreate" ? [...deliveries, ...rest.flatMap(ofDeliver)] : [];
    const alike = whole.every((kind) => moved(kind) === moved("put")) && new Set(pairs).size < 2;
    const parts = moved("recreate") === moved("check") && (tail !== "recreate" || moved("check") === moved("put"));
    if (!alike || (kinds.has("recreate") && !parts)) return `the steps of ${unit} do not move the same values`;
  }
  return null;
}

function ofDeliver(step: Step): readonly string[] {
  return step.kind === "deliver" ? [step.delivery] : [];
}
