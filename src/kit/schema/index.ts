/**
 * Settings as schemas: the type, the parser, the messages and the JSON Schema that ships come from one source. A schema
 * is made of the pieces here and of valibot's own; `parse` reads with it, `explain` words what is wrong. A message may
 * name where the value stands: `{at}` its whole path, `{in}` the path of what it is in, `{key}` its own key. What a check
 * of several keys demands, JSON Schema has by `metadata` beside it, as far as it can.
 */
import * as v from "valibot";
import { explain, says, words } from "./explain.ts";
import { nearest } from "../text/nearest.ts";
import { cmd } from "../shell.ts";

export { says };

/** The keys of a map, each with its schema. */
export type SchemaEntries = v.ObjectEntries;
/** What was read with a schema. */
export type SchemaValue<S extends v.GenericSchema> = v.InferOutput<S>;
export type EntryValues<E extends SchemaEntries> = v.InferOutput<v.StrictObjectSchema<E, undefined>>;

/** Reads a value, which stands at `at` in `file`. Throws `config` for the first thing that is wrong. */
export function parse<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  file: string,
  at = "",
): SchemaValue<S> {
  const found = v.safeParse(schema, value, { message: words });
  if (found.success) return found.output;
  const { issues } = found;
  throw explain(issues.find((issue) => issue.expected === "never") ?? issues[0], file, at);
}

/** A map of these keys and no other; each key that is missing may have a message of its own. */
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

/** A map whatever its keys are. */
export function anyMap(hint = "see the README, Configuration"): v.GenericSchema<{ readonly [key: string]: unknown }> {
  return v.custom<{ readonly [key: string]: unknown }>(isMap, says("must be a map", hint));
}

/** A map by names that people choose. */
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

/** valibot passes these keys over without a word. */
const INHERITED = ["__proto__", "constructor", "prototype"];
const NAME = v.pipe(v.string(), v.regex(/^(?!(?:__proto__|constructor|prototype)$)/));

/** A key that must be there. */
export function must<const S extends v.GenericSchema>(
  description: string,
  schema: S,
): v.GenericSchema<unknown, SchemaValue<S>> {
  return v.pipe(schema, v.description(description));
}

/** A key that may be missing. */
export function may<const S extends v.GenericSchema>(description: string, schema: S): v.OptionalSchema<S, undefined> {
  return v.pipe(v.optional(schema), v.description(description));
}

/** A key that may be missing, or there without a value. */
export function mayBeNull<const S extends v.GenericSchema>(
  description: string,
  schema: S,
): v.NullishSchema<S, undefined> {
  return v.pipe(v.nullish(schema), v.description(description));
}

/** A text that is not empty. */
export function text(message = says("must be text", "put it in quotes")): v.GenericSchema<string> {
  return v.pipe(v.string(message), v.nonEmpty(message));
}

/** A text of this form. */
export function formed(pattern: RegExp, message: string): v.GenericSchema<string> {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

export function flag(message = says("must be true or false", "without quotes: {key}: true")): v.GenericSchema<boolean> {
  return v.boolean(message);
}

/** One of these words; the nearest is proposed where no other hint is given. */
export function oneOf<const T extends readonly string[]>(
  words: T,
  message = `must be one of ${words.join(", ")}`,
  hint: string | null = null,
): v.GenericSchema<T[number]> {
  return v.picklist(words, ({ input }) => {
    const near = hint === null && typeof input === "string" ? nearest(input, words) : null;
    return says(message, near === null ? hint : cmd`did you mean ${near}?`);
  });
}

/** A list of texts that are not empty. */
export function texts(message = says("must be a list of texts", "{key}: [one, two]")): v.GenericSchema<string[]> {
  return v.array(text(), message);
}

/** Read by `first` where the value is one for it, else by `second`: a union whose messages are those of the part. */
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

function isMap(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
