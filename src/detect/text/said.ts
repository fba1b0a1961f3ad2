import { decideCommand } from "../classify.ts";
import { MEDIUM } from "../evidence.ts";
import { latin1Text, utf8Text } from "./assignment.ts";
import { mayHeadTable, namedInTable } from "./document-tables.ts";
import { judged, type TextContext } from "./literal-hits.ts";
import { placeOf } from "./places.ts";
import { plausiblePart } from "./plausible.ts";
import { saidIn, shownCommand } from "./sentences.ts";
import type { PendingHit } from "./hit.ts";

/** What a sentence says, a command that it shows, or the table that the line heads: worth a look, and no more. */
export function inSentence(line: string, from: number, context: TextContext): PendingHit[] {
  const shown = shownCommand(line);
  const inCommand = shown === null ? null : decideCommand(utf8Text(shown), context.off);
  if (inCommand !== null && inCommand.score >= MEDIUM && plausiblePart(inCommand, context.off) !== null) {
    const place = placeOf(inCommand, context.bytes, from, from + line.length);
    return [{ found: { ...inCommand, score: Math.min(inCommand.score, SAID) }, name: "", ...place }];
  }
  const said = saidIn(line).map((one) => [one, from] as const);
  const behind = from + line.length + 1;
  if (said.length === 0 && mayHeadTable(line)) {
    context.isBeside = true;
    const below = latin1Text(context.bytes, behind, Math.min(context.bytes.length, behind + TABLE));
    said.push(...namedInTable(line, below).map((one) => [one, behind] as const));
  }
  return said.flatMap(([one, offset]) =>
    judged(one, offset, context).map((hit) => ({
      ...hit,
      found: { ...hit.found, score: Math.min(hit.found.score, SAID) },
    })),
  );
}

const SAID = 0.5;
const TABLE = 6000;
