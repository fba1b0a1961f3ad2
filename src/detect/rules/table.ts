import type { Where } from "../../model/location.ts";
import { example, exampleOf, fill } from "./template.ts";
import { keyNamePattern } from "./proofs.ts";
import { prefixed as marked } from "./marked.ts";
import { named, prefixed, shaped, type Example, type Rule } from "./rule.ts";
import type { Kit } from "./kit.ts";

type ExampleRow = string | { readonly name?: string; readonly where?: string; readonly value: string };

/**
 * A rule as its JSON file has it, under the rule's id. One of three forms:
 *
 * - `prefix` and `body`: a token that begins with the vendor's prefix; `anyBody` also accepts plain words after it
 * - `shape` and `as`: a value of this shape under a name that `names` or `keyNames` matches; `as` is an example of a name
 * - `pattern`: anything else
 *
 * `severity` and `confidence` are `high` unless given. `${UUID}` in a pattern is a fragment and `${hex:32}` in an example
 * is text made up for each test, see template.ts. `make` is the example of a body or shape; without it, the example is
 * derived. `note` is for readers only.
 */
export type RuleRow = {
  readonly vendor: string;
  readonly description: string;
  readonly reference: string;
  readonly severity?: string;
  readonly confidence?: string;
  readonly prefix?: readonly string[];
  readonly body?: string;
  readonly anyBody?: string;
  readonly shape?: string;
  readonly as?: string;
  readonly pattern?: string;
  readonly flags?: string;
  readonly keywords?: readonly string[];
  readonly names?: string;
  /** Vendor names that stand before `_key`, `_token` and the like; `keyHeads` replaces these last words. */
  readonly keyNames?: string;
  readonly keyHeads?: string;
  readonly lengths?: readonly number[];
  readonly despite?: boolean;
  readonly prefixes?: readonly string[];
  readonly publishable?: boolean;
  readonly make?: string;
  readonly examples?: readonly ExampleRow[];
  readonly counterExamples?: readonly ExampleRow[];
  readonly note?: string;
};

/** Fields of a row that a rule has unchanged. */
const AS_THEY_ARE = ["severity", "confidence", "keywords", "lengths", "despite", "prefixes", "publishable"] as const;

/** What only code can say about a rule: its checksum, or a pattern or example that has to be computed. */
type RuleCode = Partial<Pick<Rule, "validate" | "ends" | "pattern" | "examples" | "counterExamples">> & {
  readonly make?: (make: Kit) => string;
};

/** The rules of a JSON file, in its order. `code` adds functions to rules of the file, by id. */
export function table(
  rows: { readonly [id: string]: RuleRow },
  code: { readonly [id: string]: RuleCode } = {},
): readonly Rule[] {
  const stray = Object.keys(code).find((id) => !Object.hasOwn(rows, id));
  if (stray !== undefined) throw new Error(`code for ${stray}, which is not in the table`);
  return Object.entries(rows).map(([id, row]) => compile(id, row, code[id] ?? {}));
}

function compile(id: string, row: RuleRow, { make: computed, ...code }: RuleCode): Rule {
  const { vendor, description, reference, keywords } = row;
  const names = namesOf(row);
  const basics = { id, vendor, description, reference, ...optional(row, names), ...code };
  const body = row.body ?? row.anyBody;
  if (row.prefix !== undefined && body !== undefined) {
    const make = computed ?? example(row.make ?? exampleOf(body));
    const of = row.body === undefined ? prefixed : marked;
    return of({ ...basics, prefix: row.prefix, body: fill(body), make });
  }
  if (row.shape !== undefined && row.as !== undefined && names !== null && keywords !== undefined) {
    const make = computed ?? example(row.make ?? exampleOf(row.shape));
    return named({ ...basics, names, keywords, shape: fill(row.shape), as: row.as, make });
  }
  const pattern = row.pattern === undefined ? code.pattern : new RegExp(fill(row.pattern), row.flags ?? "d");
  if (pattern === undefined || basics.examples === undefined) throw new Error(`rule ${id} is incomplete`);
  return shaped({ ...basics, keywords: keywords ?? [], pattern, examples: basics.examples });
}

/** The fields that replace a default, where the row has them. A loop, since this runs at every start. */
function optional(row: RuleRow, names: RegExp | null): Partial<Rule> {
  const given: { [field: string]: unknown } = {};
  for (const field of AS_THEY_ARE) if (row[field] !== undefined) given[field] = row[field];
  if (names !== null) given["names"] = names;
  if (row.examples !== undefined) given["examples"] = made(row.examples);
  if (row.counterExamples !== undefined) given["counterExamples"] = made(row.counterExamples);
  return given;
}

function namesOf(row: RuleRow): RegExp | null {
  if (row.keyNames !== undefined) return keyNamePattern(row.keyNames, row.keyHeads);
  return row.names === undefined ? null : new RegExp(fill(row.names));
}

function made(rows: readonly ExampleRow[]): (make: Kit) => readonly Example[] {
  return (kit) =>
    rows.map((row) => {
      if (typeof row === "string") return example(row)(kit);
      const { where, value, ...rest } = row;
      return { ...rest, ...(where !== undefined && { where: where as Where }), value: example(value)(kit) };
    });
}
