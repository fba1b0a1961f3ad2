import type { JsonObject } from "../json-object.ts";

/**
 * Parses and prints JSON without changing numbers: an OCI bundle contains integers beyond 2^53 (rlimits of
 * 18446744073709551615), which plain JSON.parse would round to values that runc rejects.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, exactNumbers);
}

export function stringifyExact(value: unknown): string {
  return JSON.stringify(value);
}

/** Whether it is a JSON object: `parseExact` keeps a number in an object, too. */
export function isExactMap(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !withSource.isRawJSON(value);
}

// JSON.parse source text access (ECMAScript proposal, in Node 22 and later); not yet in TypeScript's library.
const withSource = JSON as unknown as {
  rawJSON(this: void, text: string): unknown;
  isRawJSON(this: void, value: unknown): boolean;
};

function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined && String(value) !== context.source
    ? withSource.rawJSON(context.source)
    : value;
}
