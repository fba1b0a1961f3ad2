import type { ScanReport } from "../../../core/scan.ts";
import type { Finding } from "../../../model/finding.ts";
import { rotationKey } from "../../../model/secret-service.ts";
import { printable } from "../../../kit/text/escape.ts";
import { subjectIn } from "../subject.ts";
import { movedText } from "./age.ts";
import type { movedAgeOf } from "./facts.ts";
import { day } from "./markup.ts";
import { TEXT_COLUMNS, type PageData, type TextColumn } from "./page/data.ts";

/** The findings for the page's script: printable, and each text written once. */
export function pack(
  report: ScanReport,
  since: ReadonlyMap<string, string>,
  movedOf: ReturnType<typeof movedAgeOf>,
): PageData {
  const strings = new Numbered((text) => printable(text));
  const lists = new Numbered((key) => JSON.parse(key) as number[]);
  const subjects = new Numbered((key) => JSON.parse(key) as [number, number, number, number, number]);
  const secrets = new Numbered((print) => print.slice(0, SHOWN_PRINT));
  const text = (value: string): number => strings.at(value);
  const list = (values: readonly string[]): number => lists.at(JSON.stringify(values.map(text)));
  const all = report.findings;
  const subjectOf = ({ location }: Finding): number => {
    const { source, subject, subjectId, host = "" } = location;
    return subjects.at(JSON.stringify([source, subject, subjectIn(location), subjectId, host].map(text)));
  };
  return {
    findings: all.length,
    why: packed(all.map(({ why }) => list(why))),
    exposure: packed(all.map(({ exposure }) => list(exposure))),
    texts: textColumns(all, text, since, movedOf),
    subject: packed(all.map(subjectOf)),
    secret: packed(all.map((finding) => secrets.at(finding.fingerprint))),
    score: packed(all.map(({ score }) => Math.round(score * 100) / 100)),
    length: packed(all.map(({ length }) => length)),
    rotation: Object.entries(report.rotation).map(([rule, advice]) => [
      text(rule),
      text(advice.text),
      text(advice.url ?? ""),
    ]),
    // Last: they are complete only now.
    strings: strings.values,
    stringCount: strings.values.length,
    lists: lists.values,
    subjects: subjects.values,
    secrets: secrets.values,
  };
}

function textColumns(
  all: readonly Finding[],
  number: (text: string) => number,
  since: ReadonlyMap<string, string>,
  movedOf: ReturnType<typeof movedAgeOf>,
): PageData["texts"] {
  const text = (column: TextColumn, one: Finding): string => {
    if (column === "since") return day(Date.parse(since.get(one.id) ?? ""));
    if (column !== "moved") return TEXT[column](one);
    const moved = movedOf(one);
    return moved === null ? "" : movedText(moved);
  };
  const columns = TEXT_COLUMNS.map((column) => [column, packed(all.map((one) => number(text(column, one))))]);
  return Object.fromEntries(columns) as PageData["texts"];
}

/** This much of a fingerprint is needed for an entry of `ignore:`. */
const SHOWN_PRINT = 12;

const TEXT: { readonly [column in Exclude<TextColumn, "since" | "moved">]: (finding: Finding) => string } = {
  id: ({ id }) => id,
  severity: ({ severity }) => severity,
  confidence: ({ confidence }) => confidence,
  state: ({ state }) => state,
  rule: ({ rule }) => rule,
  name: ({ name }) => name,
  masked: ({ masked }) => masked,
  where: ({ location }) => location.where,
  path: ({ location }) => location.path,
  origin: ({ location }) => (location.origin === "image" ? "from its image" : ""),
  part: partText,
  unless: ({ unless }) => unless,
  ignored: ({ ignoredBy }) => ignoredBy ?? "",
  kind: rotationKey,
  liveness: ({ liveness }) => (liveness === null ? "" : `${liveness.state}: ${liveness.why}`),
};

function partText({ part: { path, start, length } }: Finding): string {
  const which = start === null || length === null ? "" : `characters ${start + 1} to ${start + length}`;
  return [path || "the whole value", which].filter(Boolean).join(", ");
}

/** A column with the same value in all rows is one number. */
function packed(column: readonly number[]): readonly number[] {
  return column.length > 1 && column.every((one) => one === column[0]) ? column.slice(0, 1) : column;
}

/** Values by number; equal ones share one. */
class Numbered<Value> {
  readonly values: Value[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #made: (key: string) => Value;

  constructor(made: (key: string) => Value) {
    this.#made = made;
  }

  at(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.values.length);
    return this.values.push(this.#made(key)) - 1;
  }
}
