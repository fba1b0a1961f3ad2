import { readName } from "../names/names.ts";
import type { NamedLiteral } from "./assignment.ts";

export function isTable(path: string): boolean {
  return /\.(?:csv|tsv)$/i.test(path);
}

const MARKS = [",", ";", "\t", "|"];

/** The cells of a table whose column is called as a secret is; places are those of the bytes. */
export function* namedByColumn(bytes: Buffer): Generator<NamedLiteral> {
  const first = bytes.indexOf(10);
  const head = bytes.toString("latin1", 0, first < 0 ? 0 : Math.min(first, 4096));
  const mark = MARKS.toSorted((a, b) => head.split(b).length - head.split(a).length)[0] as string;
  const columns = cellsOf(head, mark).map(({ value }) => secretColumn(value));
  if (columns.every((name) => name === null)) return;
  const text = bytes.toString("latin1");
  let from = first + 1;
  while (from < text.length) {
    const next = text.indexOf("\n", from);
    const end = next < 0 ? text.length : next;
    for (const [at, { value, start, end: last }] of cellsOf(
      text.slice(from, Math.min(end, from + 8192)),
      mark,
    ).entries()) {
      const name = columns[at];
      if (name !== null && name !== undefined && value.length > 2)
        yield { name, value, start: from + start, end: from + last, quoted: true };
    }
    from = end + 1;
  }
}

const FAMILIES: ReadonlySet<string> = new Set(["password", "secret", "token", "key", "phrase", "pin", "credential"]);

/** The name of a column whose cells are secrets each. */
export function secretColumn(head: string): string | null {
  const name = head.trim().replaceAll(" ", "_");
  const { family, setting } = readName(name);
  return setting === null && family !== null && FAMILIES.has(family) ? name : null;
}

/** A cell: what it says, and its place in the row as it is written. */
type TableCell = { readonly value: string; readonly start: number; readonly end: number };

/** The cells of one row. */
function cellsOf(row: string, mark: string): TableCell[] {
  const cells: TableCell[] = [];
  for (let at = 0; at <= row.length && cells.length < 200;) {
    const isQuoted = row.charAt(at) === '"';
    const start = isQuoted ? at + 1 : at;
    const close = isQuoted ? closingQuote(row, start) : row.indexOf(mark, start);
    const end = close < 0 ? row.trimEnd().length : close;
    const text = row.slice(start, Math.max(start, end));
    cells.push({ value: isQuoted ? text.replaceAll('""', '"') : text, start, end: start + text.length });
    const next = isQuoted && close >= 0 ? row.indexOf(mark, close) : close;
    if (next < 0) break;
    at = next + 1;
  }
  return cells;
}

/** The quote that ends a cell: two of them are one in it. */
function closingQuote(row: string, from: number): number {
  for (let at = row.indexOf('"', from); at >= 0; at = row.indexOf('"', at + 2))
    if (row.charAt(at + 1) !== '"') return at;
  return -1;
}
