import type { Detector } from "../../contract/detector.ts";
import type { Selected } from "../../contract/migration.ts";
import type { HistoryLine, ImageDoc } from "../../engine/types.ts";
import { imageCandidates } from "../../engine/candidates.ts";
import type { RemovedValue } from "./clean.ts";
import { isBuilders } from "./refuse.ts";
import { valuesByName, type Move, valueKey } from "../../model/plan.ts";
import { isAt, type Location } from "../../model/location.ts";
import { atLeast, type Finding } from "../../model/finding.ts";
import { Secret } from "../../model/secret.ts";

/** A text of the history is not a value: the secret in it moves, under the name that it has there. */
export function secretInText(finding: Finding, whole: Secret, part: Secret): { name: string; value: Secret } | null {
  if (!holdsText(finding.location)) return null;
  const { start } = finding.part;
  const before = start === null ? "" : whole.exposeText().slice(Math.max(0, start - 140), start);
  const given = /(?<![\w.-])([A-Za-z_][\w.-]{0,127})[ \t]{0,4}[=:]?[ \t]{0,4}["']?$/.exec(before)?.[1];
  return { name: given ?? (finding.rule ?? "secret").toUpperCase().replace(/\W/g, "_"), value: part };
}

/**
 * Whether a place holds a text in which the secret is only a part: by its name alone, the value would be the whole
 * text.
 */
export function holdsText(location: Location): boolean {
  return location.where === "history" || (isBuilders(location) && ["cmd", "entrypoint"].includes(location.where));
}

/** A value where a scan found it; null if it is no longer there. */
export function valueAt(
  location: Location,
  doc: ImageDoc,
  history: readonly HistoryLine[],
  detector: Detector,
  name: string,
): Secret | null {
  const found = imageCandidates(location.source, location.subjectName, doc, history).find(
    (one) => one.location.where === location.where && isAt(location, one.location.place) && fits(one.name, name),
  );
  if (found === undefined) return null;
  if (!holdsText(location)) return found.value;
  const { where, path } = location;
  return detector.part({ name: found.name, where, value: found.value, path });
}

/** Texts of the history have a fixed name; variables, labels and build arguments have the name that moves. */
const fits = (found: string, name: string): boolean => found === name || found === "history" || found === "comment";

/** The values that these moves remove from the image. */
export function removedValues(moves: readonly Move[], values: ReadonlyMap<string, Secret>): RemovedValue[] {
  const own = valuesByName(moves, values);
  return moves.flatMap(({ name, reference }) => {
    const value = own.get(name);
    return value === undefined ? [] : [{ name, value, reference }];
  });
}

export function selectedValues(selected: readonly Selected[]): RemovedValue[] {
  return selected.flatMap(({ move, value }) => removedValues([move], new Map([[valueKey(move), value]])));
}

/**
 * Secrets that texts of the history still contain after cleaning: a line may contain several, of which a scan reports
 * one.
 */
export function otherSecretsIn(cleaned: Uint8Array, detector: Detector): string[] {
  const { history = [] } = JSON.parse(Buffer.from(cleaned).toString("utf8")) as {
    history?: { created_by?: unknown }[];
  };
  return history.flatMap(({ created_by: text }, index) => {
    if (typeof text !== "string") return [];
    const verdict = detector.classify({ name: "history", where: "history", value: Secret.of(text) });
    const found = verdict.secret && atLeast(verdict.confidence, "medium");
    return found ? [`History[${index}] holds another secret that stays: plan again after this run`] : [];
  });
}
