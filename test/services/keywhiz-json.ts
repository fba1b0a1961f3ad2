/** What an answer is made of; a bigint is written as the bare number that Keywhiz writes. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };

export type Fields = { readonly [key: string]: unknown };

/** JSON of an answer, because JSON.stringify has no way to write an id beyond 2^53. */
export function toJson(value: Json): string {
  if (typeof value === "bigint") return value.toString();
  if (isList(value)) return `[${value.map(toJson).join(",")}]`;
  if (value !== null && typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}:${toJson(one)}`)
      .join(",")}}`;
  return JSON.stringify(value);
}

/** The fields of a request body, with every integer beyond 2^53 as a bigint; null for anything but an object. */
export function fieldsOf(text: string): Fields | null {
  try {
    const value: unknown = parse(text, exact);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** JSON.parse with the source text, which the standard library's types do not know yet. */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

const exact: Reviver = (_key, value, { source = "" }) =>
  typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
