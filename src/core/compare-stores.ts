import pMap from "p-map";
import { besideOf } from "../contract/provider.ts";
import type { Host } from "../contract/host.ts";
import { bare, cmd, shellLine } from "../kit/shell.ts";
import { countText } from "../kit/text/count.ts";
import type { BesideValue, Carried } from "../model/beside.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan, PutStep, Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { besideDigest, fittingBeside, harmlessBeside, hasBeside, kindsOf } from "./beside-fits.ts";
import { isValueOf } from "./journal/trace.ts";
import { oldEntry } from "./one-entry.ts";
import { STORE_UNITS } from "./read-ahead.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** What both stores held once everything had been moved from one to the other. */
export type ComparedStores = {
  readonly of: number;
  readonly equal: number;
  /** How many have also what goes along with their value: labels, a description, an expiry date. Absent for none. */
  readonly carried?: number;
  /** What is not equal, or could not be compared. `entry` is the reference of the old entry. */
  readonly different: readonly {
    readonly unit: string;
    readonly name: string;
    readonly entry: string;
    readonly is: Difference;
  }[];
  /** Why the first of those that a store did not give could not be read. Absent for none. */
  readonly unread?: { readonly message: string; readonly hint: string | null };
};

/**
 * `source-…`: of the old entry; `target-…`: of the new one. `unread`: a store did not answer. `metadata`: the values are
 * equal, and what should go along is not there; `source-metadata`: nor is it in the old entry any more as it was planned.
 */
type Difference =
  | "source-changed"
  | "source-gone"
  | "target-changed"
  | "target-gone"
  | "source-metadata"
  | "metadata"
  | "unread";

/** Whether these are the steps of a unit of another store: nothing but the target changes, and the old values stay. */
export function isFromStore(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === "put" && step.move.location.subject === "store");
}

/**
 * Reads every value of these steps again, from both stores, and compares them with each other: what was written while the
 * others were moved is an earlier value where somebody has changed it since. Null if no step is from store to store.
 */
export async function compareStores(
  steps: readonly Step[],
  tools: ApplyTools,
  host: Host,
): Promise<ComparedStores | null> {
  const puts = steps.filter((step) => step.kind === "put");
  if (puts.length === 0) return null;
  const unit = tools.provider.target.name;
  const event = { type: "step", step: "compare", unit, text: COMPARES, total: puts.length } as const;
  const unread: UnsprawlError[] = [];
  let done = 0;
  const differences = await pMap(
    puts,
    async (step) => {
      host.signal.throwIfAborted();
      host.emit({ ...event, state: "start", done });
      const is = await difference(step, tools, unread);
      done++;
      const { name, location } = step.move;
      return is === null ? [] : [{ unit: step.unit, name, entry: location.path, is }];
    },
    { concurrency: STORE_UNITS },
  );
  host.emit({ ...event, state: "done", done });
  const different = differences.flat();
  const carried = puts.filter(({ carries }, at) => carries !== undefined && differences[at]?.length === 0).length;
  const equal = puts.length - different.filter(({ is }) => is !== "metadata" && is !== "source-metadata").length;
  const [why] = unread;
  return {
    ...{ of: puts.length, equal, ...(carried > 0 && { carried }), different },
    ...(why !== undefined && { unread: { message: tools.redact(why.message), hint: why.hint } }),
  };
}

const COMPARES = "compare both stores";

/**
 * What goes along with a value, as the old entry has it now. Throws `changed` if the plan saw something else, unless this run has
 * written it (`isWritten`): the end of the run compares both.
 */
export async function besideToWrite(
  step: PutStep,
  value: Secret,
  tools: ApplyTools,
  isWritten: boolean,
): Promise<BesideValue | undefined> {
  if (step.carries === undefined) return undefined;
  const { beside, isPlanned } = await besideOfSource(step, step.carries, value, tools, Date.now() / 1000);
  if (isPlanned) return beside;
  if (isWritten) return undefined;
  throw new UnsprawlError(
    "changed",
    `the labels, description or expiry date of ${step.move.location.path} are not what the plan saw`,
    "unsprawl plan again",
  );
}

/** An expiry date that has passed `now`, in seconds of the epoch, is not one that goes along. */
async function besideOfSource(
  { move, unit }: PutStep,
  { kinds, digest }: Carried,
  value: Secret,
  { migration, provider, key }: ApplyTools,
  now: number,
): Promise<{ readonly beside: BesideValue; readonly isPlanned: boolean }> {
  const entry = await oldEntry(move, unit, migration);
  const has = entry === null ? null : await besideOf(entry.provider, entry.key);
  const { may } = harmlessBeside(has ?? {}, value, now);
  const beside = kindsOf(fittingBeside(may, (await provider.holds?.()) ?? null), kinds);
  return { beside, isPlanned: besideDigest(beside, key) === digest };
}

/** Adds to `unread` why a store did not answer. */
async function difference(step: PutStep, tools: ApplyTools, unread: UnsprawlError[]): Promise<Difference | null> {
  const { move, unit } = step;
  const { migration, provider, key } = tools;
  const [source, target] = await Promise.all([
    orUnread(() => migration.read(move, unit), unread),
    orUnread(async () => (await provider.get(move.key))?.value ?? null, unread),
  ]);
  if (source === "unread" || target === "unread") return "unread";
  if (source === null) return "source-gone";
  if (target === null) return "target-gone";
  if (source.equals(target)) return besideDifference(step, source, tools, unread);
  return isValueOf(move.fingerprint, target, key) ? "source-changed" : "target-changed";
}

async function besideDifference(
  step: PutStep,
  value: Secret,
  tools: ApplyTools,
  unread: UnsprawlError[],
): Promise<Difference | null> {
  const { carries, move } = step;
  if (carries === undefined) return null;
  const [expected, has] = await Promise.all([
    orUnread(() => besideOfSource(step, carries, value, tools, 0), unread),
    orUnread(() => besideOf(tools.provider, move.key), unread),
  ]);
  if (expected === "unread" || has === "unread") return "unread";
  if (!expected.isPlanned) return "source-metadata";
  return hasBeside(has ?? {}, expected.beside) ? null : "metadata";
}

async function orUnread<Read>(read: () => Promise<Read>, unread: UnsprawlError[]): Promise<Read | "unread"> {
  try {
    return await read();
  } catch (error) {
    // A login that has ended reads nothing more: its error says what to do.
    if (!(error instanceof UnsprawlError) || error.code === "denied") throw error;
    unread.push(error);
    return "unread";
  }
}

/** `500 of 500 values are equal in both stores, and so are the labels, descriptions and expiry dates of 3`. */
export function comparedText({ of, equal, carried = 0 }: Pick<ComparedStores, "of" | "equal" | "carried">): string {
  const along = carried === 0 ? "" : `, and so are the labels, descriptions or expiry dates moved with ${carried}`;
  return `${equal} of ${countText(of, "value is", "values are")} equal in both stores${along}`;
}

/** What the person has to look at, and the command that takes over what the old store has by now; null if all are equal. */
export function comparedFault(compared: ComparedStores | null, { id, steps, store }: Plan): UnsprawlError | null {
  if (compared === null || compared.different.length === 0) return null;
  const { different } = compared;
  const more = different.length > NAMED ? `, and ${different.length - NAMED} more` : "";
  const named = different.slice(0, NAMED).map(({ entry, is }) => `${entry} ${WORDS[is]}`);
  const sources = new Set(steps.flatMap((step) => (step.kind === "put" ? [step.move.location.source] : [])));
  const again = cmd`unsprawl plan ${bare(shellLine([...sources]))} --to ${store.name} --overwrite`;
  // Nothing newer is overwritten by it.
  const mayBeRepeated = different.every(({ is }) => is === "source-changed" || is === "target-gone");
  const { unread } = compared;
  const resume = cmd`unsprawl resume ${id} compares again`;
  const first = unread?.hint ? cmd`${bare(unread.hint)}; then: ${bare(resume)}` : resume;
  const looks = isUnread(compared) ? first : cmd`unsprawl runs ${id} shows where the values are`;
  return new UnsprawlError(
    "partly",
    `${comparedText(compared)}: ${named.join(", ")}${more}${unread === undefined ? "" : `: ${unread.message}`}`,
    mayBeRepeated ? again : looks,
    "changed",
  );
}

/** Whether all that is not equal could not be read. */
export const isUnread = (compared: ComparedStores | null): boolean =>
  compared !== null && compared.different.every(({ is }) => is === "unread");

const NAMED = 5;

const WORDS: { readonly [is in Difference]: string } = {
  "source-changed": "was changed while it was moved",
  "source-gone": "is gone from its store",
  "target-changed": "was changed in the new store",
  "target-gone": "is gone from the new store",
  "source-metadata": "has other labels, another description or expiry date than the plan saw",
  metadata: "is there without all its labels, description or expiry date",
  unread: "could not be read again",
};
