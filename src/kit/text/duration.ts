import { UnsprawlError } from "../../model/error.ts";

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Parses `500ms`, `10s`, `2m`, `1h` or plain seconds to milliseconds. Throws `usage` naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (number === undefined)
    throw new UnsprawlError("usage", `${flag}: not a duration: ${JSON.stringify(text)}`, "such as 500ms, 10s or 2m");
  return Math.round(Number(number) * (UNITS[unit] ?? 1000));
}
