import * as v from "valibot";
import { anyMap, text, type SchemaEntries } from "../../kit/schema/index.ts";
import { FIELD_ROLES, type Place } from "../../model/place.ts";
import { CARRIED_KINDS } from "../../model/beside.ts";
import type { Plan, Step } from "../../model/plan.ts";

/** Whether a value has the form of a plan of this version. Its content may still be wrong: see `planFault`. */
export function isPlan(value: unknown): value is Plan {
  return formFault(value) === null;
}

/** The first part of a plan that is missing or of the wrong type, or null. */
export function formFault(plan: unknown): string | null {
  if (!v.is(anyMap(), plan) || plan["version"] !== 1) return "not of this version";
  for (const [name, schema] of Object.entries(TOP))
    if (!v.is(schema, plan[name])) return `its ${name} is missing or malformed`;
  const steps = v.is(ANY_LIST, plan["steps"]) ? plan["steps"] : [];
  const bad = steps.findIndex((step) => !isStep(step));
  return bad < 0 ? null : `step ${bad + 1} is malformed`;
}

const TEXT = text();
const NUMBER = v.pipe(v.number(), v.finite(), v.minValue(0));
const ANY_LIST = v.array(v.unknown());
const COUNT = v.pipe(NUMBER, v.integer());
const LAYER = v.object({
  number: COUNT,
  of: COUNT,
  fate: v.nullable(v.object({ does: v.picklist(["deleted", "replaced"]), in: COUNT })),
});
const STORE = v.object({ name: TEXT, provider: TEXT, settings: anyMap() });
const ROLE = v.picklist(FIELD_ROLES);
const PLACE: v.GenericSchema<unknown, Place> = v.variant("kind", [
  v.object({
    kind: v.literal("field"),
    object: v.exactOptional(v.string()),
    field: v.string(),
    index: v.exactOptional(COUNT),
    line: v.exactOptional(COUNT),
    role: v.exactOptional(ROLE),
    file: v.exactOptional(TEXT),
    fileLine: v.exactOptional(COUNT),
  }),
  v.object({
    kind: v.literal("line"),
    file: TEXT,
    line: COUNT,
    name: v.string(),
    index: v.exactOptional(COUNT),
  }),
  v.object({
    kind: v.literal("text"),
    file: v.nullable(TEXT),
    line: v.nullable(COUNT),
    of: v.exactOptional(v.string()),
    layer: v.exactOptional(v.union([v.literal("writable"), LAYER])),
  }),
  v.object({ kind: v.literal("embedded"), field: v.string(), line: COUNT, role: v.exactOptional(ROLE) }),
  v.object({ kind: v.literal("reference"), reference: TEXT }),
]);
const MOVE = v.object({
  name: TEXT,
  location: v.object({
    ...{ source: TEXT, subject: TEXT, subjectName: TEXT, subjectId: TEXT, where: TEXT, path: TEXT },
    // Absent in plans of earlier versions.
    place: v.optional(PLACE),
    lastingName: v.optional(TEXT),
  }),
  fingerprint: TEXT,
  length: NUMBER,
  key: v.object({ path: TEXT, field: v.string() }),
  reference: TEXT,
});
const MOVES = v.array(MOVE);

const delivers = (entries: SchemaEntries): v.GenericSchema =>
  v.object({ delivery: v.picklist(["file", "runtime", "shim", "volume"]), moves: MOVES, ...entries });

/** Required members of a plan; it may have others. */
const TOP: SchemaEntries = {
  id: v.pipe(v.string(), v.regex(/^\d{8}-\d{6}-[0-9a-f]{4}$/)),
  createdAt: TEXT,
  keyId: TEXT,
  migration: TEXT,
  engine: v.object({ id: TEXT, address: TEXT }),
  store: STORE,
  from: v.optional(v.array(STORE)),
  steps: ANY_LIST,
  notMoved: ANY_LIST,
  warnings: ANY_LIST,
};

const STEP = v.object({ id: TEXT, kind: TEXT, unit: TEXT });
const STEPS: { readonly [kind in Step["kind"]]: v.GenericSchema } = {
  put: v.object({
    ...{ move: MOVE, found: v.picklist(["absent", "same", "other"]), overwrite: v.boolean() },
    carries: v.optional(v.object({ kinds: v.array(v.picklist(CARRIED_KINDS)), digest: TEXT })),
    recipients: v.exactOptional(v.array(TEXT)),
  }),
  verify: v.object({ move: MOVE }),
  deliver: delivers({ why: TEXT }),
  rewrite: v.object({
    moves: MOVES,
    files: v.array(
      v.object({
        ...{ file: TEXT, before: v.nullable(TEXT), after: TEXT, diff: ANY_LIST },
        mode: v.optional(v.literal(0o644)),
      }),
    ),
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
    outage: v.optional(
      v.object({
        ...{ isRunning: v.boolean(), stopMs: NUMBER, startMs: NUMBER, isChecked: v.boolean() },
        ports: v.array(TEXT),
        update: v.optional(
          v.object({
            order: v.picklist(["stop-first", "start-first"]),
            ...{ tasks: COUNT, atOnce: COUNT, delayMs: NUMBER, monitorMs: NUMBER },
          }),
        ),
      }),
    ),
    sharers: v.optional(
      v.array(v.object({ id: TEXT, name: TEXT, digest: TEXT, isRunning: v.exactOptional(v.boolean()) })),
    ),
    run: v.optional(TEXT),
    runLacks: v.optional(v.array(TEXT)),
  }),
  rotate: v.object({
    ...{ name: TEXT, rotator: TEXT, target: anyMap(), checkedBy: TEXT, graceMs: NUMBER, healthTimeoutMs: NUMBER },
    ...{ server: v.nullable(TEXT), usesHostNetwork: v.boolean() },
    isGiven: v.optional(v.literal(true)),
    handover: v.exactOptional(
      v.object({
        store: STORE,
        role: v.object({
          ...{
            name: TEXT,
            connection: TEXT,
            address: v.string(),
            user: TEXT,
            key: v.object({ path: TEXT, field: TEXT }),
          },
          ...{ reference: TEXT, everySeconds: v.pipe(NUMBER, v.integer()) },
        }),
        policy: v.string(),
        values: v.array(v.object({ folder: TEXT, name: TEXT, reference: TEXT, store: v.nullable(TEXT) })),
        files: v.array(v.object({ file: TEXT, references: v.array(TEXT) })),
        containers: v.array(
          v.object({
            ...{ id: TEXT, name: TEXT },
            labels: v.array(v.object({ name: TEXT, value: TEXT })),
          }),
        ),
      }),
    ),
    login: v.variant("kind", [
      v.object({ kind: v.literal("owner") }),
      v.object({ kind: v.literal("first-init"), container: TEXT, variable: TEXT, user: TEXT }),
    ]),
    overlap: v.picklist(["both", "none", "application"]),
    entries: v.pipe(
      v.array(
        v.object({
          ...{ name: TEXT, key: v.object({ path: TEXT, field: v.string() }), reference: TEXT, fingerprint: TEXT },
          recipients: v.exactOptional(v.array(TEXT)),
          role: v.exactOptional(v.picklist(["pair", "previous"])),
        }),
      ),
      v.minLength(1),
    ),
    consumers: v.array(
      v.object({
        ...{ container: TEXT, references: v.array(TEXT), isRunning: v.boolean() },
        engine: v.exactOptional(v.object({ id: TEXT, address: TEXT })),
      }),
    ),
  }),
  check: delivers({
    graceMs: NUMBER,
    healthTimeoutMs: NUMBER,
    tolerated: v.array(v.object({ name: TEXT, path: TEXT })),
    unread: v.optional(v.literal(true)),
  }),
};

function isStep(step: unknown): boolean {
  if (!v.is(STEP, step)) return false;
  const schema = Object.entries(STEPS).find(([kind]) => kind === step.kind)?.[1];
  return schema !== undefined && v.is(schema, step);
}
