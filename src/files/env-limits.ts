import { UnsprawlError } from "../model/error.ts";

/** More than any program is given: Linux takes 2 MiB of variables, unless its stack may be larger. */
const MOST_ENTRIES = 100_000;
const MOST_FILLED = 64 * 1024 * 1024;

/** Throws `malformed` for a file of variables that would fill the memory of its reader. `filled`: the length of all values. */
export function mustFit(count: number, filled: number): void {
  const what =
    count > MOST_ENTRIES ? "more than 100,000 variables" : filled > MOST_FILLED ? "values of more than 64 MiB" : null;
  if (what !== null)
    throw new UnsprawlError("malformed", `the env file has ${what}`, "no program is given so many: split it");
}
