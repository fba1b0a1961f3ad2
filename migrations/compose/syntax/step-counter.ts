import { UnsprawlError } from "../../../src/model/error.ts";

/** Files that include each other twice are loaded 2^n times. No real project comes near this limit. */
const MOST_STEPS = 20_000;

/** Counts the steps. Throws `malformed` beyond the limit, and yields to signal handlers in between. */
export function stepCounter(signal: AbortSignal | undefined): (file: string) => Promise<void> {
  let steps = 0;
  return async (file) => {
    signal?.throwIfAborted();
    if (++steps > MOST_STEPS)
      throw new UnsprawlError(
        "malformed",
        `${file}: the files of this project include and extend each other more than ${MOST_STEPS.toLocaleString("en")} times`,
        "remove duplicates from `include` and `extends`",
      );
    if (steps % 100 === 0) await new Promise(setImmediate);
  };
}
