import { cmd } from "../kit/shell.ts";
import type { Redactor } from "../kit/text/redact.ts";
import { changeCounts, changeLines } from "../model/change-words.ts";
import { printable } from "../kit/text/escape.ts";
import type { TuiState } from "./state.ts";
import { countText } from "./widgets/bar.ts";
import { styledText } from "./widgets/styled.ts";
import { layout, wrapped } from "./widgets/text.ts";

/**
 * What remains on the normal screen: what was found, what was done, the next command. Broken at spaces to so many
 * columns, except commands, which are copied whole; not broken if `columns` is null.
 */
export function summary({ scan, ended }: TuiState, redactor: Redactor, columns: number | null): string {
  const lines: string[] = [];
  if (scan.status === "done") {
    const places = scan.groups.reduce((sum, group) => sum + group.findings.length, 0);
    const unread = scan.unread.length > 0 ? `; ${scan.unread.length} not read` : "";
    lines.push(
      `${countText(scan.groups.length, "secret")} in ${countText(places, "place")} of ${scan.source}${unread}`,
    );
    if (scan.changes?.length)
      lines.push(`since the last saved scan: ${changeCounts(scan.changes)}`, ...changeLines(scan.changes, SAID));
  }
  if (scan.status === "failed" && scan.error)
    lines.push(`scan failed: ${scan.error.text}`, ...(scan.error.hint ? [`${NEXT}${scan.error.hint}`] : []));
  for (const result of ended) {
    const migrated = result.result?.units.filter(({ state }) => state === "migrated").map(({ unit }) => unit) ?? [];
    lines.push(
      `${WORD[result.kind]} ${result.run}: ${result.result?.state ?? (result.told.length > 0 ? "done" : "not done")}${migrated.length > 0 ? `: ${migrated.join(", ")}` : ""}`,
      ...result.told.map((text) => `  ${text}`),
    );
    if (result.error)
      lines.push(`  ${result.error.text}`, ...(result.error.hint ? [`${NEXT}${result.error.hint}`] : []));
    if (result === ended.at(-1) && migrated.length > 0)
      lines.push(
        cmd`  next: unsprawl scrub ${result.run} purges what it keeps; unsprawl rollback ${result.run} undoes it`,
      );
  }
  const guard = (text: string): string => redactor.guard(text);
  const rows = (text: string): string =>
    columns === null || text.startsWith(NEXT)
      ? printable(guard(text))
      : styledText(layout([wrapped(text.search(/\S/) + 2, text)], columns, guard), "none");
  return lines.map((text) => `${rows(text)}\n`).join("");
}

/** How lines with a command begin. */
const NEXT = "  next: ";

/** At most this many changes are listed on leaving. */
const SAID = { lines: 10, characters: 2000 };

const WORD = { apply: "run", rollback: "undo of", scrub: "scrub of" } as const;
