import { UnsprawlError } from "../model/error.ts";

/** A type check for each member; optional members use `orAbsent`. */
export type RecordForm<T> = { readonly [Key in keyof T]-?: (value: unknown) => boolean };

/**
 * The data of the newest journal record for this step, in any state; null if there is none. Throws `malformed` if it
 * does not have this form: acting on partial data could undo the wrong thing.
 */
export function recorded<T extends object>(
  record: { last(step: string): object | null },
  step: string,
  form: RecordForm<T>,
): T | null {
  const data = record.last(step);
  if (data === null) return null;
  const fault = faultOf(data, form);
  if (fault === null && isOf(data, form)) return data;
  throw new UnsprawlError(
    "malformed",
    `the journal's ${step} has ${fault ?? "no data"} in a form that this version does not read`,
    "use the version that wrote it",
  );
}

export const isNumber = (value: unknown): boolean => typeof value === "number";
export const isText = (value: unknown): boolean => typeof value === "string";
export const isFlag = (value: unknown): boolean => typeof value === "boolean";

export const orAbsent =
  (is: (value: unknown) => boolean): ((value: unknown) => boolean) =>
  (value) =>
    value === undefined || is(value);

export const isList =
  (is: (value: unknown) => boolean): ((value: unknown) => boolean) =>
  (value) =>
    Array.isArray(value) && value.every(is);

export const isMap =
  (is: (value: unknown) => boolean): ((value: unknown) => boolean) =>
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(is);

export const isOneOf =
  (...texts: readonly string[]): ((value: unknown) => boolean) =>
  (value) =>
    typeof value === "string" && texts.includes(value);

/** A nested object with this form. */
export const isRecord =
  <T extends object>(form: RecordForm<T>): ((value: unknown) => boolean) =>
  (value) =>
    typeof value === "object" && value !== null && isOf(value, form);

function isOf<T extends object>(data: object, form: RecordForm<T>): data is T {
  return faultOf(data, form) === null;
}

/** The first member that fails its check; null if none does. */
function faultOf<T extends object>(data: object, form: RecordForm<T>): string | null {
  const parts = new Map<string, unknown>(Object.entries(data));
  const checks = Object.entries<(value: unknown) => boolean>(form);
  return checks.find(([key, is]) => !is(parts.get(key)))?.[0] ?? null;
}
