import pMap from "p-map";
import type { HostEvent } from "../contract/host.ts";
import type { ResidueMatch, Look, LookAbout, MovedValue, PlaceKind, UnreadablePlace } from "../contract/look.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan, PutStep } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { readJournal, type Installation } from "./journal/journal.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";
import { isValueOf } from "./journal/trace.ts";
import { isOnEngine } from "./journal/uses.ts";
import { recallValues } from "./values.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** A place that still shows a migrated value. No text contains the value. */
export type ResiduePlace = {
  readonly place: string;
  readonly kind: PlaceKind;
  /** The variable that was migrated. */
  readonly name: string;
  readonly next: string | null;
  /** Kept on purpose by a run, until `scrub`. */
  readonly kept: boolean;
};

/** A value that could not be searched for. */
export type Unknown = {
  readonly name: string;
  readonly why: string;
  readonly next: string | null;
  /** The store holds another value now, so the migrated one is no longer valid. */
  readonly rotated: boolean;
};

export type Residue = {
  readonly run: string;
  /** How many values were searched for. */
  readonly values: number;
  /** Variables whose values are plain words: searched for only beside their own name. */
  readonly plain: readonly string[];
  readonly residue: readonly ResiduePlace[];
  readonly unseen: readonly UnreadablePlace[];
  readonly unknown: readonly Unknown[];
  /** How many places were searched, by kind. */
  readonly looked: { readonly [what: string]: number };
};

export type ResidueTools = {
  readonly installation: Installation;
  /** The tools for one run. Throws what opening its store throws. */
  readonly tools: (plan: Plan) => Promise<ApplyTools>;
  readonly looks: (about: LookAbout) => Promise<readonly Look[]>;
  /** Whether a value is so common that it may occur anywhere by coincidence. */
  readonly isPlain: (value: Secret) => boolean;
};

/** How many values are fetched in parallel. */
const AT_ONCE = 8;

type ResidueHost = { readonly signal: AbortSignal; emit(event: HostEvent): void };

/**
 * Searches for copies of the values that these runs migrated, visiting each place once for all runs. A value that
 * neither its place nor the store still has is reported as `unknown`, never as clean. Throws if a journal cannot be
 * read.
 */
export async function residue(
  runs: readonly string[],
  { installation, tools, looks, isPlain }: ResidueTools,
  host: ResidueHost,
): Promise<readonly Residue[]> {
  const recalled: RunValues[] = [];
  for (const run of runs) recalled.push(await recall(run, installation, tools, host.signal));
  const marks = together(recalled, isPlain);
  const looked: Record<string, number> = {};
  const found: ResidueMatch[] = [];
  const unseen: UnreadablePlace[] = [];
  if (marks.length > 0) {
    let count = 0;
    const note = (what: string): void => {
      looked[what] = (looked[what] ?? 0) + 1;
      host.emit({ type: "scan", source: `for residue, ${what}`, done: ++count, total: null });
    };
    for (const look of await looks(aboutOf(recalled)))
      for await (const one of look.look(marks, { signal: host.signal, looked: note }))
        ("mark" in one ? found : unseen).push(one as ResidueMatch & UnreadablePlace);
  }
  return recalled.map(({ run, values, unknown, elsewhere }) => {
    const own = marks.filter((mark) => mark.runs.includes(run));
    const nameOf = ({ name, value }: MovedValue): string => values.find((one) => one.value.equals(value))?.name ?? name;
    return {
      run,
      values: own.length,
      plain: own.filter(({ value }) => isPlain(value)).map(({ name }) => name),
      residue: found
        .filter(({ mark }) => own.includes(mark))
        .map(({ mark, ...one }) => ({ ...one, name: isPlain(mark.value) ? mark.name : nameOf(mark) })),
      unseen: values.length === 0 ? [] : [...elsewhere, ...unseen],
      unknown,
      looked,
    };
  });
}

type RunValues = {
  readonly run: string;
  readonly plan: Plan;
  readonly values: readonly { readonly name: string; readonly value: Secret }[];
  readonly unknown: readonly Unknown[];
  readonly elsewhere: readonly UnreadablePlace[];
};

async function recall(
  run: string,
  installation: Installation,
  open: ResidueTools["tools"],
  signal: AbortSignal,
): Promise<RunValues> {
  const { plan, receipts } = readJournal(installation, run);
  const stateOf = unitStates(receipts);
  const moved = [...unitsOf(plan)]
    .filter(([unit]) => stateOf(unit) === "done")
    .flatMap(([, steps]) => steps)
    .filter((step) => step.kind === "put");
  const values: { name: string; value: Secret }[] = [];
  const unknown: Unknown[] = [];
  const elsewhere: UnreadablePlace[] = [];
  // If the store fails once, do not ask it for the remaining values.
  let failed: UnsprawlError | null = null;
  const orFailed = async <T>(act: () => Promise<T>): Promise<T | null> => {
    signal.throwIfAborted();
    if (failed !== null) return null;
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      failed ??= error;
      return null;
    }
  };
  const tools = moved.length === 0 ? null : await orFailed(async () => open(plan));
  if (tools !== null) elsewhere.push(...(await otherEngine(plan, tools)));
  const ask = async (step: PutStep): Promise<Awaited<ReturnType<typeof recallOne>> | null> =>
    tools === null ? null : orFailed(async () => recallOne(step, tools));
  const answers = await pMap(moved, ask, { concurrency: AT_ONCE });
  const { message, hint } = (failed as UnsprawlError | null) ?? { message: "", hint: null };
  for (const [at, { move }] of moved.entries()) {
    const got = answers[at] ?? { why: message, next: hint, rotated: false };
    if ("value" in got) values.push({ name: move.name, value: got.value });
    else unknown.push({ name: move.name, ...got });
  }
  return { run, plan, values: values.filter(({ value }) => value.length > 0), unknown, elsewhere };
}

/** The value of a step, or why it is no longer available. Throws what the store throws. */
async function recallOne(
  step: PutStep,
  tools: ApplyTools,
): Promise<{ readonly value: Secret } | Omit<Unknown, "name">> {
  let failed: UnsprawlError;
  try {
    const [value] = (await recallValues([step], tools)).values();
    if (value !== undefined) return { value };
    failed = new UnsprawlError("absent", "no value");
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    failed = error;
  }
  // The place may be unreachable while the store is not.
  const { key, fingerprint: moved } = step.move;
  const stored = (await tools.provider.get(key))?.value ?? null;
  if (stored !== null && isValueOf(moved, stored, tools.key)) {
    tools.know(stored);
    return { value: stored };
  }
  if (stored !== null)
    return {
      why: "the store holds another value by now; the one that was moved is not known any more",
      next: null,
      rotated: true,
    };
  if (failed.code !== "absent") throw failed;
  return { why: "it is no longer in the container or the store", next: "unsprawl stores check", rotated: false };
}

async function otherEngine({ engine }: Plan, tools: ApplyTools): Promise<UnreadablePlace[]> {
  try {
    const now = await tools.migration.engine();
    if (now.id === engine.id) return [];
    return [{ place: `the run's engine, ${engine.address}`, why: `this is another engine, ${now.address}` }];
  } catch (error) {
    if (error instanceof UnsprawlError) return []; // an engine that does not answer is told of where it is looked at
    throw error;
  }
}

/**
 * A value shared by several runs or variables is searched for once; a plain value once per name, since the name is part
 * of the search.
 */
function together(recalled: readonly RunValues[], isPlain: ResidueTools["isPlain"]): MovedValue[] {
  const marks: { name: string; value: Secret; runs: string[]; store: string }[] = [];
  for (const { run, plan, values } of recalled)
    for (const { name, value } of values) {
      const same = marks.find((mark) => mark.value.equals(value) && (mark.name === name || !isPlain(value)));
      if (same === undefined) marks.push({ name, value, runs: [run], store: plan.store.name });
      else if (!same.runs.includes(run)) same.runs.push(run);
    }
  return marks;
}

function aboutOf(recalled: readonly RunValues[]): LookAbout {
  const steps = recalled.flatMap(({ plan }) => plan.steps);
  const rewrites = steps.filter((step) => step.kind === "rewrite");
  return {
    files: [...new Set(rewrites.flatMap((step) => step.files.map(({ file }) => file)))],
    folders: [...new Set(rewrites.map(({ target }) => target["dir"]))].filter((dir) => typeof dir === "string"),
    containers: steps.flatMap((step) => (step.kind === "recreate" ? [step.subject.name] : [])),
    engine: recalled.some(({ plan }) => isOnEngine(plan.engine.id)),
  };
}
