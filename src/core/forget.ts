import pMap from "p-map";
import { UnsprawlError } from "../model/error.ts";
import type { Fingerprint } from "../model/fingerprint.ts";
import type { Move, Plan, Step } from "../model/plan.ts";
import { isFromStore } from "./compare-stores.ts";
import { placeId } from "./finding-id.ts";
import { signPlan } from "./journal/signed-plan.ts";
import { FORGOTTEN, isValueOf, ROTATED, traceOf } from "./journal/trace.ts";
import { STORE_UNITS } from "./read-ahead.ts";
import type { ApplyTools } from "./apply-tools.ts";

/**
 * The plan of a scrubbed run without anything from which a value could be guessed: fingerprints, lengths, finding ids,
 * digests of files and containers, masked diffs, findings not migrated. Keeps a trace of each value still in the store
 * (see `traceOf`) and the place where each value was: whatever is found there again is `regressed`, regardless of its
 * value. Returns it signed.
 */
export async function forgetValues(plan: Plan, tools: Pick<ApplyTools, "provider" | "key">): Promise<Plan> {
  const traces = new Map<string, Fingerprint>();
  await pMap(
    plan.steps,
    async (step) => {
      if (step.kind === "put") traces.set(placeOf(step.move), await traceIn(step.move, tools));
    },
    { concurrency: isFromStore(plan.steps) ? STORE_UNITS : 1 },
  );
  // The run still says how many secrets it moved: which of them were equal stays known, and nothing else of them.
  const numbers = new Map<Fingerprint, Fingerprint>();
  const numbered = (print: Fingerprint): Fingerprint => {
    if (print === FORGOTTEN) return print;
    if (!numbers.has(print)) numbers.set(print, `${FORGOTTEN}:${numbers.size + 1}`);
    return numbers.get(print) ?? FORGOTTEN;
  };
  const bare = (move: Move): Move => ({
    ...move,
    fingerprint: traces.get(placeOf(move)) ?? FORGOTTEN,
    length: 0,
    ...(move.finding && {
      finding: {
        ...move.finding,
        id: placeId(move.name, move.location),
        fingerprint: numbered(move.finding.fingerprint),
      },
    }),
    ...(move.secrets && { secrets: move.secrets.map(({ rule, path }) => ({ rule, path })) }),
  });
  return signPlan({ ...plan, notMoved: [], steps: plan.steps.map((step) => bareStep(step, bare)) }, tools.key);
}

function bareStep(step: Step, bare: (move: Move) => Move): Step {
  if (step.kind === "put" || step.kind === "verify") return { ...step, move: bare(step.move) };
  if (step.kind === "rotate")
    return { ...step, entries: step.entries.map((entry) => ({ ...entry, fingerprint: FORGOTTEN })) };
  const moves = step.moves.map(bare);
  if (step.kind === "clean") return { ...step, moves, diff: [] };
  if (step.kind === "rewrite")
    return {
      ...step,
      moves,
      // Whether the file existed before is not secret.
      files: step.files.map(({ file, before }) => ({
        file,
        before: before === null ? null : FORGOTTEN,
        after: FORGOTTEN,
        diff: [],
      })),
    };
  if (step.kind !== "recreate") return { ...step, moves };
  const sharers = step.sharers?.map((one) => ({ ...one, digest: FORGOTTEN }));
  return { ...step, moves, digest: FORGOTTEN, diff: [], ...(sharers && { sharers }) };
}

async function traceIn({ key, fingerprint }: Move, tools: Pick<ApplyTools, "provider" | "key">): Promise<Fingerprint> {
  if (fingerprint.startsWith(FORGOTTEN)) return fingerprint;
  try {
    const stored = await tools.provider.get(key);
    return stored !== null && isValueOf(fingerprint, stored.value, tools.key)
      ? traceOf(stored.value, tools.key)
      : ROTATED;
  } catch (error) {
    // If the store cannot be asked now, the value cannot be compared later; that must not keep it from being forgotten.
    if (error instanceof UnsprawlError) return FORGOTTEN;
    throw error;
  }
}

const placeOf = ({ name, location, key }: Move): string => JSON.stringify([name, location, key]);
