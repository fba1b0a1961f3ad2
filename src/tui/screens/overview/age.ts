import { daysSince, isOverdue } from "../../../core/rotation-text.ts";
import type { MovedSecret } from "../../../core/rotation.ts";
import type { Rotation } from "../../../model/finding.ts";
import type { OverviewData } from "../../overview.ts";
import type { StateMark } from "../../theme.ts";
import { countText } from "../../widgets/bar.ts";
import { addressLine, BLANK, wrapped, type SpanLine } from "../../widgets/text.ts";

/** How long ago each moved secret was moved, and whether it has been rotated since: overdue ones first. */
export function ageLines({ moved, advice }: NonNullable<OverviewData["age"]>, now: Date): SpanLine[] {
  if (moved.length === 0) return [wrapped(1, " no run has moved a secret yet: m in the list migrates one")];
  const late = moved.filter((one) => isOverdue(one, now)).length;
  const rotated = moved.filter(({ rotation }) => rotation === "rotated").length;
  const sorted = moved.toSorted((a, b) => rank(a, now) - rank(b, now));
  return [
    wrapped(1, { text: ` ${countText(moved.length, "secret")} moved`, bold: true }, `, ${rotated} rotated since, `, {
      text: `${late} overdue`,
      ...(late > 0 ? { color: "red" } : {}),
    }),
    wrapped(1, {
      text: " What was moved could be read before: rotate it, and put the new value into the store only.",
      dimColor: true,
    }),
    BLANK,
    ...sorted.flatMap((one) => secretLines(one, advice, now)),
  ];
}

function secretLines(one: MovedSecret, advice: { readonly [rule: string]: Rotation }, now: Date): SpanLine[] {
  const { glyph, word, style } = isOverdue(one, now) ? OVERDUE : STATES[one.rotation];
  const how = one.rule === null ? undefined : advice[one.rule];
  return [
    wrapped(
      15,
      { text: ` ${glyph} ${word.padEnd(12)}`, ...style },
      { text: one.name, bold: true },
      `  ${one.subject}  ${ageText(one, now)}`,
    ),
    wrapped(17, { text: `               → ${one.store}  ${one.key}`, dimColor: true }),
    ...(one.why === null ? [] : [wrapped(15, { text: "               ", dimColor: true }, one.why)]),
    ...(one.rotation === "same" && how !== undefined
      ? [
          wrapped(15, { text: "               " }, { text: how.text, dimColor: true }),
          ...(how.url === null ? [] : [addressLine(15, how.url)]),
        ]
      : []),
  ];
}

function ageText(one: MovedSecret, now: Date): string {
  const days = daysSince(one, now);
  const what = one.rotatedAt === null ? "moved" : "rotated";
  return days === 0 ? `${what} today` : `${what} ${countText(days, "day")} ago`;
}

const OVERDUE: StateMark = { glyph: "!", word: "overdue", style: { color: "red", bold: true } };

const STATES: { readonly [state in MovedSecret["rotation"]]: StateMark } = {
  same: { glyph: "·", word: "not rotated", style: { color: "yellow" } },
  rotated: { glyph: "✓", word: "rotated", style: { color: "blue" } },
  gone: { glyph: "✗", word: "gone", style: { color: "red" } },
  unknown: { glyph: "?", word: "unknown", style: { dimColor: true } },
};

const ORDER: readonly MovedSecret["rotation"][] = ["gone", "same", "unknown", "rotated"];
const rank = (one: MovedSecret, now: Date): number => (isOverdue(one, now) ? -1 : ORDER.indexOf(one.rotation));
