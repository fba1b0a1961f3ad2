import type { BesideValue } from "./beside.ts";
import type { PlacedLocation } from "./location.ts";
import { mapPlace, placeText, type FieldPlace } from "./place.ts";
import type { Secret } from "./secret.ts";

/** Shown instead of a name that may itself contain a secret. */
export const HIDDEN_NAME = "…";

/** A named value that may be a secret. Exists only in memory. */
export type Candidate = {
  /**
   * The name of the variable, label or flag; "Cmd", "Entrypoint" or "Healthcheck" for a whole command. In reports it is
   * `HIDDEN_NAME` if it may contain a secret.
   */
  readonly name: string;
  readonly value: Secret;
  readonly location: PlacedLocation;
  /** Of a Cmd, the words of its Entrypoint as JSON: the engine runs the two as one command. */
  readonly lead?: string;
  /** Where parts of the value are written, if not all of it is where the location says; each after those within it. */
  readonly written?: readonly WrittenPart[];
  /** Of an entry of a store: what else it has. Absent if the store does not say. */
  readonly beside?: BesideValue;
};

/** A part of a value, from `start` up to `end`, and the line that it comes from. */
export type WrittenPart = Required<Pick<FieldPlace, "file" | "fileLine">> & {
  readonly start: number;
  readonly end: number;
};

/**
 * The candidate with the line of its secret part as its place: the line of `.env` for the password in
 * `postgres://${USER}:${PASSWORD}@db`. Of several lines, the one that most of the part comes from.
 */
export function atPart(
  { written, ...candidate }: Candidate,
  part: { readonly in: "name" | "value"; readonly start: number | null; readonly length: number | null },
): Candidate {
  const { place } = candidate.location;
  if (written === undefined || place.kind !== "field") return candidate;
  const isRange = part.in === "value" && part.start !== null && part.length !== null;
  const [from, to] = isRange ? [part.start, part.start + part.length] : [0, Infinity];
  let found: WrittenPart | null = null;
  let most = 0;
  const inner: { readonly start: number; readonly length: number }[] = [];
  for (const one of written) {
    const start = Math.max(from, one.start);
    const length = Math.min(to, one.end) - start;
    if (length <= 0) continue;
    let own = length;
    while ((inner.at(-1)?.start ?? -1) >= start) own -= inner.pop()?.length ?? 0;
    inner.push({ start, length });
    if (own < most || own === 0) continue;
    [found, most] = [one, own];
  }
  if (found === null) return candidate;
  const { file, fileLine } = found;
  return { ...candidate, location: { ...candidate.location, place: { ...place, file, fileLine } } };
}

/** What stands for a command behind an entrypoint where verdicts are cached: the two decide together. */
export function withLead(text: string, lead: string): string {
  return `${lead}\0${text}`;
}

/** A copy for reports: `name` replaces the candidate's name, also in the location's path. */
export function withShownName(candidate: Candidate, name: string): Candidate {
  if (name === candidate.name) return candidate;
  const { location } = candidate;
  const place = mapPlace(location.place, (text) =>
    text.replaceAll(JSON.stringify(candidate.name), JSON.stringify(name)).replaceAll(candidate.name, name),
  );
  return { ...candidate, name, location: { ...location, place, path: placeText(place) } };
}
