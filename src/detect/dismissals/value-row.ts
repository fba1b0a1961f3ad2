import type { WordFamily } from "../names/lexicon.ts";
import type { NameInfo } from "../names/names.ts";

/**
 * When a row is asked, in this order: of a value that is nothing, that is a path or a reference, that is encrypted, that says it is to be replaced, that a
 * template has until somebody fills it in, that manuals print, that is plain by its shape.
 */
export type ValuePhase = "empty" | "path" | "reference" | "ciphertext" | "marked" | "placeholder" | "example" | "plain";

type PromisedKind = WordFamily | "none";

/** A variable; `${…}` in its value is made as the examples of rules are, see rules/template.ts. */
type ValueExample = { readonly name: string; readonly value: string };

/**
 * What a value is by its form, so that it is no secret, as values.json has it under the row's id. Every condition that a
 * row has must hold.
 *
 * `example` is a variable that this row alone dismisses, `counterExample` one that looks similar and is found.
 */
export type ValueRow = {
  readonly in: ValuePhase;
  /** The kinds of secret that the name may promise, or those that it may not; `none`: it promises nothing. */
  readonly of?: readonly PromisedKind[];
  readonly not?: readonly PromisedKind[];
  readonly shorter?: number;
  /** The value begins so, or holds this; asked first, since it costs less. */
  readonly begins?: "digit";
  readonly holds?: string;
  readonly name?: string;
  readonly unlessName?: string;
  readonly value?: string;
  readonly ignoreCase?: true;
  /** Each is the whole value, in any case; one must fit. */
  readonly forms?: readonly string[];
  readonly computed?: true;
  /** The verdict's own. */
  readonly rule: string;
  readonly why: string;
  /** What it would cost without a row that decides nothing on the labelled files. */
  readonly guards?: string;
  readonly example: ValueExample;
  readonly counterExample: ValueExample;
};

export type ValueDismissal = ValueRow & {
  readonly id: string;
  readonly isOf: (family: NameInfo["family"]) => boolean;
  readonly applies: (text: string, name: NameInfo) => boolean;
  /** The expression of the value, with its flags; null where only code or the name decides. */
  readonly pattern: RegExp | null;
  readonly patterns: readonly RegExp[];
};

export function compileValueRow(
  id: string,
  row: ValueRow,
  computed?: (text: string, name: NameInfo) => boolean,
): ValueDismissal {
  if ((row.computed === true) !== (computed !== undefined))
    throw new Error(`${id}: a function without a row, or a row without one`);
  const { shorter = Infinity, holds = "", of, not = [] } = row;
  const pattern =
    row.forms !== undefined
      ? new RegExp(`^(?:${row.forms.join("|")})$`, "i")
      : row.value !== undefined
        ? new RegExp(row.value, row.ignoreCase === true ? "i" : "")
        : null;
  const [name, unlessName] = [row.name, row.unlessName].map((one) => (one === undefined ? null : new RegExp(one)));
  return {
    ...row,
    id,
    pattern,
    patterns: [pattern, name, unlessName].filter((one) => one instanceof RegExp),
    isOf: (family) => of?.includes(family ?? "none") !== false && !not.includes(family ?? "none"),
    applies: (text, info) =>
      text.length < shorter &&
      text.includes(holds) &&
      name?.test(info.key) !== false &&
      pattern?.test(text) !== false &&
      unlessName?.test(info.key) !== true &&
      computed?.(text, info) !== false,
  };
}

/** Expressions for what any of these rows asks of a value: one for each way to see capitals. */
export function unionsOf(rows: readonly ValueDismissal[]): readonly RegExp[] {
  const patterns = rows.flatMap(({ pattern }) => pattern ?? []);
  return [...Map.groupBy(patterns, ({ flags }) => flags)].map(
    ([flags, some]) => new RegExp(some.map(({ source }) => source).join("|"), flags),
  );
}
