import type { Evidence } from "../evidence.ts";
import type { Assigned } from "../text/assigned.ts";

/**
 * Which findings a row is asked about: `address` passwords of addresses, `name` values of which only the name speaks, `part`
 * what only a name or a place inside a value or a command gives away, `weak` all that only a name speaks for, once more by
 * the kind of file, `file` whatever the file holds, `any` all.
 */
type Asked = "address" | "name" | "part" | "weak" | "file" | "any";

/** A line of a file, made of a template as the examples of rules are; see rules/template.ts. */
type TextExample = { readonly path: string; readonly text: string };

/**
 * What makes a finding in a text none, or none to be sure of, as its JSON file has it under the row's id. Every condition
 * that a row has must hold: expressions for the file's path, the name, the value, the secret part of the value, and what
 * stands before and behind it on its line; or a function, in computed.ts.
 *
 * `example` is a text in which this row alone makes the difference, `counterExample` one that looks similar and is found.
 */
export type DismissalRow = {
  readonly of: readonly Asked[];
  /** What is left of the finding at most; without it nothing. */
  readonly score?: number;
  /** Also a value that a machine made; others are left to whoever made it. */
  readonly evenIfRandom?: true;
  readonly ignoreCase?: true;
  readonly rule?: string;
  readonly kinds?: readonly string[];
  readonly quoted?: boolean;
  readonly shorter?: number;
  readonly path?: string;
  readonly name?: string;
  readonly value?: string;
  readonly part?: string;
  readonly lead?: string;
  readonly tail?: string;
  readonly computed?: true;
  /** In fixed words, which quote nothing. */
  readonly why: string;
  /** What it would cost without a row that decides nothing on the labelled files. */
  readonly guards?: string;
  readonly example: TextExample;
  readonly counterExample: TextExample;
};

/** A finding with its surroundings. */
export type DismissalQuestion = {
  readonly found: Evidence;
  readonly assigned: Assigned;
  /** Asked by few. */
  readonly isRandom: boolean;
};

export type Dismissal = DismissalRow & {
  readonly id: string;
  readonly applies: (question: DismissalQuestion) => boolean;
  /** The expressions, for the proof that none blows up. */
  readonly patterns: readonly RegExp[];
};

const PATTERNS = ["path", "name", "value", "part", "lead", "tail"] as const;

export function compileRow(
  id: string,
  row: DismissalRow,
  computed?: (question: DismissalQuestion) => boolean,
): Dismissal {
  if ((row.computed === true) !== (computed !== undefined))
    throw new Error(`${id}: a function without a row, or a row without one`);
  const tests = PATTERNS.flatMap((field) => {
    const source = row[field];
    return source === undefined ? [] : [{ field, pattern: new RegExp(source, row.ignoreCase === true ? "i" : "") }];
  });
  const { rule, kinds, quoted, shorter = Infinity } = row;
  return {
    ...row,
    id,
    patterns: tests.map(({ pattern }) => pattern),
    applies: (question) => {
      const { found, assigned, isRandom } = question;
      if (isRandom && row.evenIfRandom !== true) return false;
      if (rule !== undefined && found.rule !== rule) return false;
      if (kinds?.includes(assigned.kind) === false) return false;
      if (quoted !== undefined && assigned.quoted !== quoted) return false;
      if (assigned.value.length >= shorter) return false;
      return (
        tests.every(({ field, pattern }) => pattern.test(field === "part" ? found.part : assigned[field])) &&
        computed?.(question) !== false
      );
    },
  };
}
