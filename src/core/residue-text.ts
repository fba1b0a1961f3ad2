import type { ResiduePlace, Residue } from "./residue.ts";
import type { DoctorCheck } from "./doctor.ts";

/** The result of a search for residue as lines; untrusted text is not escaped yet. */
export function residueLines(residue: Residue): string[] {
  const { unseen, unknown, plain, values } = residue;
  const count = residue.residue.length;
  const summary = `looked for ${some(values, "value")} in ${lookedText(residue)}: ${count === 0 ? "nothing else shows " : `${some(count, "place")} still ${count === 1 ? "shows" : "show"} `}${them(values)}`;
  return [
    ...residue.residue.map((place) => `residue: ${placeText(place)}${nextText(place.next)}`),
    ...unknown.map(({ name, why, next }) => `not looked for: ${name}: ${why}${nextText(next)}`),
    ...unseen.map(({ place, why }) => `not looked at: ${place}: ${why}`),
    ...(values === 0 ? [] : [summary]),
    ...plain.map((name) => plainText(name)),
  ];
}

/**
 * The result as `doctor` checks, for several runs searched together. A place that could not be searched is listed once.
 */
export function residueChecks(residues: readonly Residue[]): DoctorCheck[] {
  const checks = residues.flatMap((one) => checksOf(one));
  const unseen = new Set(
    residues.flatMap((one) => one.unseen.map(({ place, why }) => `not looked at: ${place}: ${why}`)),
  );
  return [...checks, ...[...unseen].map((text) => check(true, text))];
}

function checksOf(residue: Residue): DoctorCheck[] {
  const { run, values, unknown, plain } = residue;
  const lost = unknown.map(({ name, why, next, rotated }) => check(rotated, `run ${run}: ${name}: ${why}`, next));
  // An unreachable store is reported once, not once per value.
  const told = lost.length > 1 && new Set(unknown.map(({ why }) => why)).size === 1;
  const [first] = unknown;
  const missing =
    told && first
      ? [check(first.rotated, `run ${run}: ${some(unknown.length, "value")}: ${first.why}`, first.next)]
      : lost;
  if (values === 0) return missing;
  const kept = residue.residue.filter((place) => place.kept);
  const shown = residue.residue.filter((place) => !place.kept);
  const what = `run ${run}: ${some(values, "value")}`;
  const where = `looked at ${lookedText(residue)}`;
  const places = shown.map((place) => check(false, `run ${run}: ${placeText(place)}`, place.next));
  const clean = `${kept.length === 0 ? "nothing shows" : "only what is kept for rollback shows"} ${them(values)}`;
  const summary = shown.length > 0 ? [] : [check(true, `${what}, ${clean}; ${where}`, kept[0]?.next ?? null)];
  return [...missing, ...places, ...summary, ...plain.map((name) => check(true, `run ${run}: ${plainText(name)}`))];
}

function check(ok: boolean, text: string, hint: string | null = null): DoctorCheck {
  return { name: "residue", ok, text, hint };
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
