import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { nearest } from "../../kit/text/nearest.ts";

/** Throws `config` for an unknown key, suggesting the nearest known one. */
export function knownKeys(given: object, known: readonly string[], file: string, path: string): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new UnsprawlError(
      "config",
      `${file}: unknown key ${path}${key}`,
      near ? cmd`did you mean ${path + near}?` : cmd`known keys: ${bare(known.join(", "))}`,
    );
  }
}

/** The value as a map. Throws `config` if it is not one. */
export function mapOf(value: unknown, file: string, what: string): { readonly [key: string]: unknown } {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as { [key: string]: unknown };
  throw new UnsprawlError("config", `${file}: ${what} must be a map`, "see the README, Configuration");
}

/** The value as a list of texts; absent means empty. Throws `config` for anything else. */
export function textsOf(value: unknown, file: string, what: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item): item is string => typeof item === "string" && item !== ""))
    return value;
  throw new UnsprawlError("config", `${file}: ${what} must be a list of texts`, cmd`${what}: [one, two]`);
}
