import { decideCommand } from "../classify.ts";
import { MEDIUM } from "../evidence.ts";
import { others } from "../several.ts";
import { latin1Text, utf8Text, type NamedLiteral } from "./assignment.ts";
import { cleanTexts } from "./clean.ts";
import { isTable, namedByColumn } from "./columns.ts";
import { commandsIn, type CommandInText } from "./commands.ts";
import { hasCommands, hasStatements } from "./language.ts";
import { listed } from "./listed.ts";
import { judged, type TextContext } from "./literal-hits.ts";
import { commandsInNotebook, isNotebook, namedInNotebook } from "./notebook.ts";
import { namedInRows } from "./sql-rows.ts";
import { isExpanded, placeOf } from "./places.ts";
import { inKind, plausiblePart } from "./plausible.ts";
import type { PendingHit } from "./hit.ts";

/** The secrets of a document that is read as what it is, beside what its lines say: a notebook's code, a table's columns. */
export function documentHits(context: TextContext): PendingHit[] {
  const { bytes, path } = context;
  if (isNotebook(path)) return hitsOf(namedInNotebook(bytes), { ...context, language: "code", kind: () => "code" });
  if (isTable(path)) return hitsOf(namedByColumn(bytes), { ...context, kind: () => "settings" });
  if (hasStatements(path)) return hitsOf(namedInRows(bytes), { ...context, kind: () => "settings" });
  return [];
}

function hitsOf(literals: Iterable<NamedLiteral>, context: TextContext): PendingHit[] {
  return listed(literals, (one) => judged(one, 0, context));
}

/** The secrets on the command lines of a file that has some. */
export function commandHits(context: TextContext): PendingHit[] {
  const { bytes, path, language } = context;
  if (isNotebook(path)) return ofCommands(context, "", commandsInNotebook(bytes));
  if (!hasCommands(language) && !(language === "code" && hasStatements(path))) return [];
  // Few files of Terraform's hold commands.
  if (language === "hcl" && !bytes.includes("<<") && !bytes.includes("inline")) return [];
  const text = latin1Text(bytes, 0, bytes.length);
  return ofCommands(context, text, commandsIn(text, language));
}

/** What the commands of a text hold; an empty text gives no names. */
function ofCommands(context: TextContext, text: string, commands: readonly CommandInText[]): PendingHit[] {
  const { bytes, language, off } = context;
  const clean = cleanTexts("command", off);
  return listed(commands, ({ start, end, text: command }) => {
    const line = utf8Text(command);
    const first = clean.has(line) ? null : decideCommand(line, off);
    if (first === null || first.score < MEDIUM) {
      clean.add(line);
      return [];
    }
    const all = [first, ...others(first, (found) => decideCommand(line, off, found))];
    return all
      .filter((found) => found.part.length > 2 && plausiblePart(found, off) !== null)
      .flatMap((found) => {
        const place = placeOf(found, bytes, start, end);
        if (
          isExpanded(found, bytes, place.start, language) ||
          /\{\{\s?$|:'$/.test(text.slice(place.start - 3, place.start))
        )
          return [];
        const name = namedBy(text, place.start);
        return [{ found: inKind(found, "", found.part, context), name, ...place }];
      });
  });
}

/** The flag or name that a value on a command line belongs to. */
function namedBy(text: string, start: number): string {
  const before = text.slice(Math.max(0, start - 120), start);
  const ofSql = OF_SQL.exec(before);
  if (ofSql !== null) return ofSql[1] === undefined ? "PASSWORD" : "IDENTIFIED BY";
  return /(?:^|[\s"'])-{0,2}([A-Za-z_][\w.-]{0,79})["']?(?:=|:\s?|\s{1,4})["']?$/.exec(before)?.[1] ?? "";
}

/** What names a password in SQL that no single word before it names: `IDENTIFIED WITH x BY`, `SET PASSWORD FOR joe =`. */
const OF_SQL =
  /\b(?:(IDENTIFIED)\s(?:WITH\s[\w']{1,40}\s)?(?:BY|AS)\s|SET\s{1,4}PASSWORD\b[^;=]{0,80}=\s{0,4})[^;=]{0,20}$/i;
