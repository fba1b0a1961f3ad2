import type { ResiduePlace, Residue } from "./residue.ts";
import type { CheckState, DoctorCheck } from "./doctor.ts";

/** The result of a search for residue as lines; untrusted text is not escaped yet. */
export function residueLines(residue: Residue): string[] {
  const { unseen, unknown, plain, values } = residue;
  const count = residue.residue.length;
  const summary = `looked for ${some(values, "value")} in ${lookedText(residue)}: ${count === 0 ? "nothing else shows " : `${some(count, "place")} still ${count === 1 ? "shows" : "show"} `}${them(values)}`;
  return [
    ...residue.residue.map((place) => `residue: ${placeText(place)}${nextText(place.next)}`),
    ...unknown.map(({ name, why, next }) => `not looked for: ${name}: ${why}${nextText(next)}`),
    ...unseen.map(({ place, why }) => `not searched: ${place}: ${why}`),
    ...(values === 0 ? [] : [summary]),
    ...plain.map((name) => plainText(name)),
  ];
}

/**
 * The result as `doctor` checks, for several runs searched together: one line for each place that still shows a value and
 * for each reason why something could not be searched, and one for all that is clean.
 */
export function residueChecks(residues: readonly Residue[]): DoctorCheck[] {
  const shown = residues.flatMap(({ run, residue }) =>
    residue.filter(({ kept }) => !kept).map((place) => check("fail", `run ${run}: ${placeText(place)}`, place.next)),
  );
  const unseen = Map.groupBy(
    residues.flatMap((one) => one.unseen),
    ({ why }) => why,
  );
  const blind = [...unseen].map(([why, places]) => ({
    ...check("unknown", `not searched: ${[...new Set(places.map(({ place }) => place))].join(", ")}: ${why}`),
    because: why,
  }));
  const plain = new Set(residues.flatMap((one) => one.plain));
  return [
    ...unknownChecks(residues),
    ...shown,
    ...cleanCheck(residues, blind.length > 0),
    ...blind,
    ...[...plain].map((name) => check("ok", plainText(name))),
  ];
}

/** Values that could not be searched for: those with one reason share a line. */
function unknownChecks(residues: readonly Residue[]): DoctorCheck[] {
  const all = residues.flatMap(({ run, unknown }) => unknown.map((one) => ({ run, ...one })));
  const same = Map.groupBy(all, ({ why, next, rotated }) => JSON.stringify([why, next, rotated]));
  return [...same.values()].flatMap((these) => {
    const [first] = these;
    if (first === undefined) return [];
    const runs = [...new Set(these.map(({ run }) => run))];
    const what = these.length === 1 ? first.name : some(these.length, "value");
    const of = runs.length === 1 ? `run ${runs[0] ?? ""}` : some(runs.length, "run");
    return [check(first.rotated ? "ok" : "fail", `${of}: ${what}: ${first.why}`, first.next)];
  });
}

/** The runs of which nothing but what they keep shows a value, in one line. */
function cleanCheck(residues: readonly Residue[], isPartial: boolean): DoctorCheck[] {
  const clean = residues.filter(({ values, residue }) => values > 0 && residue.every(({ kept }) => kept));
  const [first] = clean;
  // Where nothing could be searched, the reasons say enough.
  if (first === undefined || (isPartial && Object.keys(first.looked).length === 0)) return [];
  const values = clean.reduce((sum, one) => sum + one.values, 0);
  const kept = clean.flatMap(({ residue }) => residue);
  const what = clean.length === 1 ? `run ${first.run}` : some(clean.length, "run");
  const rest = isPartial ? "nothing that could be searched" : "nothing";
  const shows = kept.length === 0 ? `${rest} shows` : "only what is kept for rollback shows";
  const text = `${what}: ${some(values, "value")}, ${shows} ${them(values)}; searched ${lookedText(first)}`;
  return [check(isPartial ? "unknown" : "ok", text, kept[0]?.next ?? null)];
}

function check(state: CheckState, text: string, hint: string | null = null): DoctorCheck {
  return { name: "residue", state, text, hint };
}

function placeText({ kind, place, name }: ResiduePlace): string {
  return `${name} in ${kind} ${place}`;
}

function plainText(name: string): string {
  return `the value of ${name} is a plain word: it was looked for only beside that name`;
}

function nextText(next: string | null): string {
  return next === null ? "" : `; next: ${next}`;
}

function lookedText({ looked }: Residue): string {
  const parts = Object.entries(looked).map(([what, count]) => some(count, what));
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function some(count: number, what: string): string {
  const many = what.endsWith("history") ? what.replace(/y$/, "ies") : `${what}s`;
  return `${count} ${count === 1 ? what : many}`;
}

const them = (count: number): string => (count === 1 ? "it" : "them");
