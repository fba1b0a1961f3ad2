import type { Detector } from "../../src/contract/detector.ts";
import type { Selected } from "../../src/contract/migration.ts";
import type { HistoryLine, ImageDoc } from "../../src/docker/types.ts";
import { imageCandidates } from "../../src/docker/candidates.ts";
import type { Leaving } from "../../src/image/clean.ts";
import { byName, type Move } from "../../src/model/plan.ts";
import type { Location } from "../../src/model/location.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Secret } from "../../src/model/secret.ts";

/** A text of the history is no value: what moves is the secret in it, under the name that it is given there. */
export function partOf(finding: Finding, whole: Secret, part: Secret): { name: string; value: Secret } | null {
  if (finding.location.where !== "history") return null;
  const before = finding.part.start === null ? "" : whole.exposeText().slice(0, finding.part.start);
  const given = /([A-Za-z_][\w.-]{0,127})\s*[=:]?\s*["']?$/.exec(before)?.[1];
  return { name: given ?? (finding.rule ?? "secret").toUpperCase().replace(/\W/g, "_"), value: part };
}

/** A value where a scan found it; null when it is not there any more. */
export function valueAt(
  location: Location,
  doc: ImageDoc,
  history: readonly HistoryLine[],
  detector: Detector,
  name: string,
): Secret | null {
  const found = imageCandidates(location.source, location.subjectName, doc, history).find(
    (one) => one.location.where === location.where && one.location.path === location.path && fits(one.name, name),
  );
  if (found === undefined) return null;
  if (location.where !== "history") return found.value;
  const { where, path } = location;
  return detector.part({ name: found.name, where, value: found.value, path });
}

/** Texts of the history have a name of their own; variables, labels and build arguments the one that moves. */
const fits = (found: string, name: string): boolean => found === name || found === "history" || found === "comment";

/** What goes out of the image for these moves. */
export function leavingOf(moves: readonly Move[], values: ReadonlyMap<string, Secret>): Leaving[] {
  const own = byName(moves, values);
  return moves.flatMap(({ name, reference }) => {
    const value = own.get(name);
    return value === undefined ? [] : [{ name, value, reference }];
  });
}

export function leavingSelected(selected: readonly Selected[]): Leaving[] {
  return selected.flatMap(({ move, value }) =>
    leavingOf([move], new Map([[`${move.location.subjectName}/${move.name}`, value]])),
  );
}
