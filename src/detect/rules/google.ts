import rows from "./google.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Google: Cloud and OAuth. Service accounts are JSON with a private key, which `private-key` finds. */
export const GOOGLE: readonly Rule[] = table(rows, {
  "google-hmac-secret": {
    make: (kit) => kit.base62(39).concat("/"),
  },
});
