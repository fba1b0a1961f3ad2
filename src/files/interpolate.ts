import { UnsprawlError } from "../model/error.ts";

/** One variable that a text uses: where it is in the whole text, and what became of it. */
export type Use = {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Whether the use is the whole text. */
  readonly whole: boolean;
  /** Null for one in an operand that is not needed. */
  readonly filled: FilledRange | null;
};

/** A range of a value, from `start` up to `end`, that a variable fills: with its own value or with an operand. */
export type FilledRange = {
  readonly name: string;
  readonly by: "variable" | "default" | "alternative";
  readonly start: number;
  readonly end: number;
};

export type Interpolated = {
  readonly value: string;
  /**
   * In the order of their beginnings, including those inside a default, an alternative or a message, evaluated or not.
   */
  readonly uses: readonly Use[];
  /** Variables that became empty because they are not set and have no default: Compose warns about these. */
  readonly missing: readonly string[];
};

export type VariableLookup = (name: string) => string | null;

/**
 * Interpolates a text as Compose does: compose-go's template/template.go (v2.13), `Substitute`. `$$`, `$NAME`,
 * `${NAME}`, and `${NAME` followed by `-` `:-` `?` `:?` `+` `:+`, an operand and `}`. A `$` before anything else but
 * `{` stays as it is. An operand has no newline. It ends at the brace that closes it, every `{` counting as an opening
 * one; if there is none, at the last brace of the line. `lookup` returns null for unset variables.
 *
 * Throws `malformed` for what Compose refuses as an invalid interpolation format (and for uses nested over 100 deep),
 * `absent` for a `?` whose variable has no value. Neither quotes more of the text than that variable's name.
 *
 * Only an operand that is needed is evaluated and has to be well formed. compose-go 2.4.8 still evaluated each.
 */
export function interpolate(text: string, lookup: VariableLookup): Interpolated {
  const found: InterpolationMatch = { length: text.length, lookup, uses: [], missing: new Set() };
  const value = substitute(text, { text: 0, value: 0 }, found, 0, true);
  return { value, uses: found.uses, missing: [...found.missing] };
}

/** The parts of a value that variables fill, each after those within it. */
export function filledParts({ uses }: Pick<Interpolated, "uses">): readonly FilledRange[] {
  const parts = uses.flatMap(({ filled }) => (filled === null || filled.start === filled.end ? [] : filled));
  return parts.reverse().sort((a, b) => a.end - b.end);
}

/** The kernel gives no program a variable of more than 128 KiB. */
const LONGEST_VALUE = 1024 * 1024;

/** Texts that name each other ten times over would fill any memory. */
function mustBeReal(length: number, written: number): void {
  if (length <= LONGEST_VALUE || length <= 2 * written) return;
  throw new UnsprawlError("malformed", "its variables fill in more than 1 MiB", "look at what they name");
}

/** Text that interpolates to the one given. */
export function escapeDollar(text: string): string {
  return text.replaceAll("$", () => "$$");
}

// Case folding as in Go's (?i), which counts ſ and the Kelvin sign as letters: the flags i and u together.
const USE = /\$(?:(?<escaped>\$)|(?<named>[_a-z][_a-z0-9]*)|\{(?:(?<braced>[_a-z][_a-z0-9]*)(?<next>\}|:?[-?+]))?)/giu;
const DEEPEST = 100;

type InterpolationMatch = {
  readonly length: number;
  readonly lookup: VariableLookup;
  readonly uses: Writable<Use>[];
  readonly missing: Set<string>;
};

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Where an operand begins in the whole text, and in the value. */
type Offset = { readonly text: number; readonly value: number };

/** An operand that is not `needed` is only scanned for malformed parts. */
function substitute(text: string, from: Offset, found: InterpolationMatch, depth: number, needed: boolean): string {
  let value = "";
  for (let at = 0; ;) {
    USE.lastIndex = at;
    const match = USE.exec(text);
    if (!match) return value + text.slice(at);
    const { escaped, named, braced, next } = match.groups ?? {};
    value += text.slice(at, match.index);
    at = match.index + match[0].length;
    if (escaped !== undefined) {
      value += "$";
      continue;
    }
    const name = named ?? braced;
    const operator = next === "}" ? undefined : next;
    const close = operator === undefined ? at : closing(text, match.index, at);
    if (name === undefined || close === null || depth > DEEPEST) {
      if (needed) throw malformed(from.text + match.index);
      return value;
    }
    const operand = text.slice(at, close);
    const operandFrom = { text: from.text + at, value: from.value + value.length };
    at = operator === undefined ? at : close + 1;
    const [start, end] = [from.text + match.index, from.text + at];
    const use: Writable<Use> = { name, start, end, whole: end - start === found.length, filled: null };
    found.uses.push(use);
    const evaluate = (wanted: boolean): string => substitute(operand, operandFrom, found, depth + 1, wanted);
    if (needed) {
      const { text: part, by } = chosen(name, operator ?? "", found, evaluate);
      use.filled = { name, by, start: operandFrom.value, end: operandFrom.value + part.length };
      value += part;
      mustBeReal(value.length, found.length);
    } else evaluate(false);
  }
}

function chosen(
  name: string,
  operator: string,
  found: InterpolationMatch,
  evaluate: (needed: boolean) => string,
): { readonly text: string; readonly by: FilledRange["by"] } {
  const given = found.lookup(name);
  const has = given !== null && (given !== "" || !operator.startsWith(":"));
  if (operator === "") {
    if (given === null) found.missing.add(name);
    return { text: given ?? "", by: "variable" };
  }
  const evaluated = evaluate(operator.endsWith("+") === has);
  if (operator.endsWith("+")) return { text: has ? evaluated : "", by: "alternative" };
  if (has) return { text: given, by: "variable" };
  if (operator.endsWith("-")) return { text: evaluated, by: "default" };
  throw new UnsprawlError("absent", `the variable ${name} is required and has no value`, "set it, then try again");
}

/** template.go `getFirstBraceClosingIndex`, which skips the character after each `{`, within the line's last brace. */
function closing(text: string, start: number, at: number): number | null {
  const newline = text.indexOf("\n", at);
  const last = text.lastIndexOf("}", newline < 0 ? text.length : newline);
  if (last < at) return null;
  let open = 0;
  for (let index = start; index <= last; index++) {
    if (text[index] === "}" && --open === 0) return index;
    if (text[index] === "{") {
      open++;
      index++;
    }
  }
  return last;
}

function malformed(at: number): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `Compose cannot interpolate this: what begins at character ${at + 1} is not \${NAME}`,
    "write a literal dollar sign as $$",
  );
}
