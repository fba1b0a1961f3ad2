/** A JSON object from outside whose members are not validated. */
export type JsonObject = { readonly [key: string]: unknown };

/**
 * The same members and no others: every other object seems to have a `constructor`, which a service or a variable may be
 * called as well, and drops what is set as its `__proto__`.
 */
export function bareObject<T extends object>(members: T): T {
  return Object.assign(Object.create(null) as T, members);
}

/** JSON in which each object is a bare one. */
export function parseBare(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? bareObject(value) : value,
  );
}

/** A JSON object in a text; null if there is none. */
export function objectIn(text: string): JsonObject | null {
  try {
    return member({ whole: JSON.parse(text) as unknown }, "whole");
  } catch {
    return null;
  }
}

/** A member that is an object; null if it is not one. */
export function member(of: JsonObject | null, key: string): JsonObject | null {
  const found = of?.[key];
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as JsonObject) : null;
}
