import { rotationReminder } from "../core/rotation-text.ts";
import { rotations } from "../core/rotation.ts";
import { UnsprawlError } from "../model/error.ts";
import { say } from "./output.ts";
import type { CliContext } from "./context.ts";
import { imageChecks } from "./image-checks.ts";
import { rotationTools } from "./run-tools.ts";

const DAY_MS = 86_400_000;

/**
 * Reminds, at most once a day, of secrets that were moved and have not been rotated since, and of services whose file
 * repeats what their image does not run any more.
 */
export function dailyReminder(context: CliContext): () => Promise<void> {
  let last = 0;
  return async () => {
    if (Date.now() - last < DAY_MS) return;
    last = Date.now();
    try {
      const text = rotationReminder(await rotations(rotationTools(context.assembly)), new Date());
      if (text !== null) say(context, text);
      for (const check of await imageChecks(context.assembly)) say(context, `${check.text}; next: ${check.hint ?? ""}`);
    } catch (error) {
      // A watch needs no store, and scans report an engine that does not answer; `unsprawl doctor` reports faults of stores.
      if (!(error instanceof UnsprawlError)) throw error;
    }
  };
}
