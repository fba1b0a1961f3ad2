import { countText } from "../kit/text/count.ts";
import type { BesideValue } from "../model/candidate.ts";
import type { Step } from "../model/plan.ts";
import type { ScanHit } from "./scan.ts";

/** What a plan from store to store says of that which the old entries have besides their values: it does not move. */
export function besideNotes(hits: readonly ScanHit[], steps: readonly Step[]): readonly string[] {
  const moving = new Set(steps.map((step) => (step.kind === "put" ? step.move.finding?.id : undefined)));
  const entries = hits.filter(({ finding }) => finding.location.subject === "store" && moving.has(finding.id));
  const unknown = entries.filter(({ candidate }) => candidate.beside === undefined).length;
  const counted = KINDS.flatMap(([kind, text]) => {
    const count = entries.filter(({ candidate }) => candidate.beside?.includes(kind)).length;
    return count === 0 ? [] : [`${text} of ${countText(count, "entry", "entries")}`];
  });
  return [
    ...(counted.length === 0 ? [] : [`${counted.join(", ")}: not moved, they stay in the old store until scrub`]),
    ...(unknown === 0
      ? []
      : [
          `descriptions, labels and expiry dates of ${countText(unknown, "entry", "entries")} are not moved if there are any: the old store does not show them with a value`,
        ]),
  ];
}

const KINDS: readonly (readonly [kind: BesideValue, text: string])[] = [
  ["description", "descriptions"],
  ["labels", "labels (tags, custom metadata)"],
  ["expiry", "expiry dates"],
];
