/**
 * Settings as schemas: type, parser, messages and the shipped JSON Schema from one source. Schemas consist of the parts
 * here and valibot's; `parse` validates, `explain` words the errors. A message may refer to the value's position:
 * `{at}` is its path, `{in}` its parent's path, `{key}` its key. Checks across several keys are repeated for JSON
 * Schema with `metadata`, as far as possible.
 */
import * as v from "valibot";
import { explain, says, defaultMessage } from "./explain.ts";
import { nearestWord } from "../text/nearest.ts";
import { cmd } from "../shell.ts";

export { says };

/** The keys of a map with their schemas. */
export type SchemaEntries = v.ObjectEntries;
/** The type of values that a schema accepts. */
export type SchemaValue<S extends v.GenericSchema> = v.InferOutput<S>;
export type EntryValues<E extends SchemaEntries> = v.InferOutput<v.StrictObjectSchema<E, undefined>>;

/** Validates a value at `at` in `file`. Throws `config` for the first error. */
export function parse<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  file: string,
  at = "",
): SchemaValue<S> {
  const found = v.safeParse(schema, value, { message: defaultMessage });
  if (found.success) return found.output;
  const { issues } = found;
  throw explain(issues.find((issue) => issue.expected === "never") ?? issues[0], file, at);
}

/** A map with exactly these keys; `missing` has messages for required keys. */
export function map<const E extends SchemaEntries>(
  entries: E,
  hint = "see the README, Configuration",
  missing: { readonly [key in keyof E]?: string } = {},
): v.GenericSchema<unknown, EntryValues<E>> {
  const known = Object.keys(entries);
  const strict = v.strictObject(entries, ({ expected }) =>
    expected === "never" ? known.join("\n") : missingKey(expected?.slice(1, -1) ?? ""),
  );
  const missingKey = (key: string): string =>
    missing[key] ?? says("is missing", `{key}: ${v.getDescription(entries[key] as v.GenericSchema) ?? "…"}`);
  return v.pipe(anyMap(hint), strict);
}

/** A map with any keys. */
export function anyMap(hint = "see the README, Configuration"): v.GenericSchema<{ readonly [key: string]: unknown }> {
  return v.custom<{ readonly [key: string]: unknown }>(isMap, says("must be a map", hint));
}

/** A map whose keys are names chosen by the user. */
export function named<const S extends v.GenericSchema>(
  schema: S,
  name: v.GenericSchema<string> = NAME,
): v.GenericSchema<unknown, { readonly [name: string]: SchemaValue<S> }> {
  const odd = v.check<{ readonly [key: string]: unknown }, string>(
    (given) => !INHERITED.some((key) => Object.hasOwn(given, key)),
    says(`has a name that cannot be used: ${INHERITED.join(", ")}`),
  );
  return v.pipe(anyMap(), odd, v.record(name, schema));
}

/** valibot silently skips these keys. */
const INHERITED = ["__proto__", "constructor", "prototype"];
const NAME = v.pipe(v.string(), v.regex(/^(?!(?:__proto__|constructor|prototype)$)/));

/** A required key. */
export function must<const S extends v.GenericSchema>(
  description: string,
  schema: S,
): v.GenericSchema<unknown, SchemaValue<S>> {
  return v.pipe(schema, v.description(description));
}

/** An optional key. */
export function may<const S extends v.GenericSchema>(description: string, schema: S): v.OptionalSchema<S, undefined> {
  return v.pipe(v.optional(schema), v.description(description));
}

/** An optional key whose value may be null. */
export function mayBeNull<const S extends v.GenericSchema>(
  description: string,
  schema: S,
): v.NullishSchema<S, undefined> {
  return v.pipe(v.nullish(schema), v.description(description));
}

/** Non-empty text. */
export function text(message = says("must be text", "put it in quotes")): v.GenericSchema<string> {
  return v.pipe(v.string(message), v.nonEmpty(message));
}

/** Text that matches a pattern. */
export function formed(pattern: RegExp, message: string): v.GenericSchema<string> {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

export function flag(message = says("must be true or false", "without quotes: {key}: true")): v.GenericSchema<boolean> {
  return v.boolean(message);
}

/** One of these words. Suggests the nearest one unless a hint is given. */
export function oneOf<const T extends readonly string[]>(
  words: T,
  message = `must be one of ${words.join(", ")}`,
  hint: string | null = null,
): v.GenericSchema<T[number]> {
  return v.picklist(words, ({ input }) => {
    const near = hint === null && typeof input === "string" ? nearestWord(input, words) : null;
    return says(message, near === null ? hint : cmd`did you mean ${near}?`);
  });
}

/** A list of non-empty texts. */
export function texts(message = says("must be a list of texts", "{key}: [one, two]")): v.GenericSchema<string[]> {
  return v.array(text(), message);
}

/**
 * Validates with `first` if `isFirst` accepts the value, otherwise with `second`: a union with the messages of the
 * chosen part.
 */
export function either<A extends v.GenericSchema, B extends v.GenericSchema>(
  isFirst: (value: unknown) => boolean,
  first: A,
  second: B,
): v.GenericSchema<SchemaValue<A> | SchemaValue<B>> {
  const union = v.union([first, second]);
  const run: (typeof union)["~run"] = (dataset, config) =>
    (isFirst(dataset.value) ? first : second)["~run"](dataset, config);
  return { ...union, "~run": run };
}

export const isText = (value: unknown): boolean => typeof value === "string";
export const isNumber = (value: unknown): boolean => typeof value === "number";

export function isMap(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
