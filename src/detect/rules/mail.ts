import rows from "./mail.json" with { type: "json" };
import { table } from "./table.ts";
import { decoded } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Mail, newsletters and customer messaging. */
export const MAIL: readonly Rule[] = table(rows, {
  "intercom-token": {
    validate: byFormat((secret) => (/^tok:[0-9a-z_-]{20,60}(?::\d){0,3}/.test(decoded(secret)) ? "right" : "fake")),
    examples: (kit) => [
      Buffer.from(`tok:${[8, 4, 4, 4, 12].map((length) => kit.hex(length)).join("_")}:1:0`).toString("base64"),
    ],
  },
});
