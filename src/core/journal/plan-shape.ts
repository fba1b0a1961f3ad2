import type { StepTail } from "../../contract/about.ts";
import { isFileName } from "../../kit/io/name.ts";
import type { Move, Plan, Step } from "../../model/plan.ts";
import type { JsonObject } from "../../kit/json-object.ts";

/**
 * What is wrong with a plan that came from a file; null when it can be applied. Beyond the types it demands what makes
 * a run safe: for each subject every put has its read-back, then deliver, recreate and check of the very same moves, in
 * this order. A plan with its proofs taken out is no plan. `tails` says by migration what follows the writes and their
 * read-backs; a plan of any other migration is none.
 */
export function planFault(plan: unknown, tails: ReadonlyMap<string, StepTail>): string | null {
  if (!isObject(plan) || plan["version"] !== 1) return "not of this version";
  for (const [name, ok] of Object.entries(TOP)) if (!ok(plan[name])) return `its ${name} is missing or malformed`;
  const steps = plan["steps"] as readonly unknown[];
  const bad = steps.findIndex((step) => !isStep(step));
  if (bad >= 0) return `step ${bad + 1} is malformed`;
  return orderFault(plan as unknown as Plan, tails);
}

type FieldTest = (value: unknown) => boolean;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText: FieldTest = (value) => typeof value === "string" && value !== "";
const isString: FieldTest = (value) => typeof value === "string";
const isNumber: FieldTest = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const has =
  (shape: { readonly [key: string]: FieldTest }): FieldTest =>
  (value) =>
    isObject(value) && Object.entries(shape).every(([key, ok]) => ok(value[key]));
const listOf =
  (each: FieldTest): FieldTest =>
  (value) =>
    Array.isArray(value) && value.every((one) => each(one));
const orAbsent =
  (test: FieldTest): FieldTest =>
  (value) =>
    value === undefined || test(value);
const oneOf =
  (...words: readonly string[]): FieldTest =>
  (value) =>
    typeof value === "string" && words.includes(value);

const isLocation = has({
  source: isText,
  subject: isText,
  subjectName: isText,
  subjectId: isText,
  where: isText,
  path: isText,
});
const isMove = has({
  name: isText,
  location: isLocation,
  fingerprint: isText,
  length: isNumber,
  key: has({ path: isText, field: isString }),
  reference: isText,
});
const isSharers = listOf(has({ id: isText, name: isText, digest: isText }));
const isDelivery = oneOf("file", "runtime", "shim");
/** A step of a delivery: only the runtime makes no file of a value, so that a variable may be called anything. */
const delivers =
  (shape: { readonly [key: string]: FieldTest }): FieldTest =>
  (value) =>
    has({ delivery: isDelivery, moves: listOf(isMove), ...shape })(value) &&
    isObject(value) &&
    (value["delivery"] === "runtime" || (value["moves"] as readonly Move[]).every(({ name }) => isFileName(name)));
const isFlag: FieldTest = (value) => typeof value === "boolean";

const TOP: { readonly [key: string]: FieldTest } = {
  id: (value) => typeof value === "string" && /^\d{8}-\d{6}-[0-9a-f]{4}$/.test(value),
  createdAt: isText,
  keyId: isText,
  migration: isText,
  engine: has({ id: isText, address: isText }),
  store: has({ name: isText, provider: isText, settings: isObject }),
  steps: Array.isArray,
  notMoved: Array.isArray,
  warnings: Array.isArray,
};

const STEPS: { readonly [kind in Step["kind"]]: FieldTest } = {
  put: has({ move: isMove, found: oneOf("absent", "same", "other"), overwrite: isFlag }),
  verify: has({ move: isMove }),
  deliver: delivers({ why: isText }),
  rewrite: has({
    moves: listOf(isMove),
    files: listOf(
      has({ file: isText, before: (value) => value === null || isText(value), after: isText, diff: Array.isArray }),
    ),
    target: isObject,
  }),
  clean: has({
    moves: listOf(isMove),
    image: has({ id: isText, tags: listOf(isText) }),
    stays: oneOf("reference", "nothing"),
    diff: Array.isArray,
  }),
  recreate: delivers({
    subject: has({ id: isText, name: isText, image: isText }),
    digest: isText,
    diff: Array.isArray,
    sharers: (value) => value === undefined || isSharers(value),
    run: orAbsent(isText),
    runLacks: orAbsent(listOf(isText)),
  }),
  check: delivers({
    graceMs: isNumber,
    healthTimeoutMs: isNumber,
    tolerated: listOf(has({ name: isText, path: isText })),
  }),
};

function isStep(step: unknown): boolean {
  if (!isObject(step) || !isText(step["id"]) || !isText(step["unit"])) return false;
  const { kind } = step;
  return typeof kind === "string" && Object.hasOwn(STEPS, kind) && STEPS[kind as Step["kind"]](step);
}

/** The kinds of the steps after the writes and read-backs, each with a space behind it. */
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
    // What runs is created again and checked with the values that its configuration lost, and no others.
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
