import pMap from "p-map";
import { besideOf, type Provider } from "../contract/provider.ts";
import { countText } from "../kit/text/count.ts";
import { CARRIED_KINDS, type BesideValue, type Carried, type CarriedKind } from "../model/beside.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { PutStep, Step } from "../model/plan.ts";
import { besideDigest, fittingBeside, harmlessBeside, hasBeside, kindsOf, type BesideFault } from "./beside-fits.ts";
import { STORE_UNITS } from "./read-ahead.ts";
import type { ScanHit } from "./scan-hit.ts";

/** A plan's steps with what goes along beside the values (`carries`), and what the plan says of all that. */
export type BesidePlan = { readonly steps: readonly Step[]; readonly notes: readonly string[] };

/**
 * Decides what goes along of that which entries of another store have besides their values: only to entries that the run
 * creates, and only what fits as it is. The rest is said.
 */
export async function planBeside(
  hits: readonly ScanHit[],
  steps: readonly Step[],
  store: Provider,
  key: FingerprintKey,
): Promise<BesidePlan> {
  if (!hits.some(({ finding }) => finding.location.subject === "store")) return { steps, notes: [] };
  const limits = (await store.holds?.()) ?? null;
  const puts = new Map(steps.flatMap((step) => (step.kind === "put" ? [[step.move.finding?.id, step] as const] : [])));
  const now = Date.now() / 1000;
  const entries = hits.flatMap(({ finding, candidate: { beside, value } }) => {
    const put = finding.location.subject === "store" ? puts.get(finding.id) : undefined;
    if (put === undefined) return [];
    const { may, left } = harmlessBeside(beside ?? {}, value, now);
    return [{ put, beside, may, left, fits: fittingBeside(may, limits) }];
  });
  const ofPath = limits?.ofPath === true ? entries : [];
  const [apart, taken] = [differing(ofPath), await takenPaths(ofPath, store)];
  const counts = new BesideCounts();
  const carries = new Map<Step, Carried>();
  for (const { put, beside = {}, may, left, fits } of entries) {
    const { path } = put.move.key;
    const isNew = put.found === "absent" && !taken.has(path);
    const stays = limits === null ? "none" : !isNew ? "there" : apart.has(path) ? "shared" : null;
    const kinds = CARRIED_KINDS.filter((kind) => stays === null && fits[kind] !== undefined);
    for (const kind of kinds) counts.add("moved", kind);
    if (kinds.includes("labels")) counts.name(Object.keys(fits.labels ?? {}));
    for (const kind of CARRIED_KINDS)
      if (isMore(may[kind], stays === null ? fits[kind] : undefined))
        counts.add(stays ?? (limits?.[kind] === undefined ? "none" : "form"), kind);
    for (const kind of beside.stays ?? []) counts.add("own", kind);
    for (const [fault, of] of left) for (const kind of of) counts.add(fault, kind);
    if (kinds.length > 0) carries.set(put, { kinds, digest: besideDigest(kindsOf(fits, kinds), key) });
  }
  const unknown = entries.filter(({ beside }) => beside === undefined).length;
  return {
    steps: steps.map((step) => {
      const carried = carries.get(step);
      return carried === undefined || step.kind !== "put" ? step : { ...step, carries: carried };
    }),
    notes: [...counts.texts(store.target.name), ...(unknown === 0 ? [] : [unknownText(unknown)])],
  };
}

/** Whether the old entry has more of a kind than what goes along. */
function isMore(all: BesideValue[CarriedKind], fits: BesideValue[CarriedKind]): boolean {
  if (typeof all !== "object") return all !== undefined && fits === undefined;
  return Object.keys(all).length > (typeof fits === "object" ? Object.keys(fits).length : 0);
}

/** The paths whose values come from entries that differ in this: the path has it only once. */
function differing(entries: readonly { readonly put: PutStep; readonly fits: BesideValue }[]): ReadonlySet<string> {
  const paths = Map.groupBy(entries, ({ put }) => put.move.key.path);
  const differ = [...paths].filter(([, [first, ...more]]) =>
    more.some(({ fits }) => first === undefined || !hasBeside(fits, first.fits) || !hasBeside(first.fits, fits)),
  );
  return new Set(differ.map(([path]) => path));
}

/** The paths that are in the store already: what is written beside their values is another's. */
async function takenPaths(
  entries: readonly { readonly put: PutStep; readonly fits: BesideValue }[],
  store: Provider,
): Promise<ReadonlySet<string>> {
  const keys = entries.flatMap(({ put, fits }) => (Object.keys(fits).length === 0 ? [] : [put.move.key]));
  const paths = [...new Map(keys.map((key) => [key.path, key])).values()];
  const there = await pMap(paths, async (key) => ((await besideOf(store, key)) === null ? [] : [key.path]), {
    concurrency: STORE_UNITS,
  });
  return new Set(there.flat());
}

type BesideFate = BesideFault | "moved" | "none" | "form" | "there" | "shared" | "own";

/** How many entries have a kind, by what becomes of it. */
class BesideCounts {
  readonly #counts = new Map<BesideFate, Map<string, number>>();
  readonly #names = new Set<string>();

  add(fate: BesideFate, kind: string): void {
    const kinds = this.#counts.get(fate) ?? new Map<string, number>();
    this.#counts.set(fate, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
  }

  /** Names of labels that go along. */
  name(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  texts(store: string): readonly string[] {
    const kindsOf = (fate: BesideFate): string =>
      [...(this.#counts.get(fate) ?? [])]
        .map(([kind, count]) => `${KINDS[kind] ?? kind} of ${countText(count, "entry", "entries")}`)
        .join(", ");
    const of = (fate: BesideFate, rest: string): readonly string[] =>
      this.#counts.has(fate) ? [`${kindsOf(fate)}${rest}`] : [];
    return [
      ...of("moved", `: moved with the values${namedText([...this.#names])}`),
      ...of("none", `: not moved, since ${store} has no place for them; ${STAY}`),
      ...of("form", `: not all moved, since ${store} does not accept them as they are; ${STAY}`),
      ...of("there", `: not moved, since these entries are in ${store} already; ${STAY}`),
      ...of("shared", `: not moved, since one path of ${store} would have different ones; ${STAY}`),
      ...of("mark", `: not all moved, since unsprawl marks its own entries with managed-by and unsprawl-…; ${STAY}`),
      ...of("shows", ": not all moved, since the value itself is in them; remove it there"),
      ...of("past", ": not moved, since they have passed: the new entries would be expired at once"),
      ...of("own", `: not moved, they mean something in the old store only`),
    ];
  }
}

const NAMED = 10;

function namedText(names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > NAMED ? `, and ${names.length - NAMED} more` : "";
  return ` (labels: ${names.slice(0, NAMED).join(", ")}${more})`;
}

const STAY = "they stay in the old store until scrub";

const KINDS: { readonly [kind: string]: string } = {
  description: "descriptions",
  labels: "labels (tags, custom metadata)",
  expiry: "expiry dates",
  annotations: "annotations",
  deletion: "deletion dates",
};

const unknownText = (count: number): string =>
  `descriptions, labels and expiry dates of ${countText(count, "entry", "entries")} are not moved if there are any: the old store does not show them with a value`;
