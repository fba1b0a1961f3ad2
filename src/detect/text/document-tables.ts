import type { NamedLiteral } from "./assignment.ts";
import { secretColumn } from "./columns.ts";
import { isLikely } from "./sentences.ts";

const MOST_ROWS = 60;
const RULED = /^\s{0,8}\|?(?:\s{0,8}:?-{2,60}:?\s{0,8}\|){1,30}(?:\s{0,8}:?-{2,60}:?\s{0,8})?\|?\s{0,8}$/;

/** False when a line heads no table, so that the lines below it need no reading. */
export function mayHeadTable(line: string): boolean {
  return line.length < 400 && line.includes("|") && line.split("|").some((cell) => secretColumn(bare(cell)) !== null);
}

/** `| Host | Password |`: the cells of a table in Markdown that look like secrets, with places from where `below` begins. */
export function namedInTable(head: string, below: string): NamedLiteral[] {
  const [ruler = "", ...rows] = below.split("\n", MOST_ROWS);
  if (!RULED.test(ruler)) return [];
  const columns = head.split("|").map((cell) => secretColumn(bare(cell)));
  const found: NamedLiteral[] = [];
  let at = ruler.length + 1;
  for (const row of rows) {
    if (!row.includes("|")) break;
    let start = at;
    for (const [column, cell] of row.split("|").entries()) {
      const value = bare(cell);
      const name = columns[column];
      const place = start + cell.indexOf(value);
      if (name !== null && name !== undefined && isLikely(value))
        found.push({ name, value, start: place, end: place + value.length, quoted: true });
      start += cell.length + 1;
    }
    at += row.length + 1;
  }
  return found;
}

/** Without the marks that make it bold or code. */
function bare(cell: string): string {
  return cell.trim().replace(/^[`*_]{1,3}|[`*_]{1,3}$/g, "");
}
