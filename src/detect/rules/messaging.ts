import rows from "./messaging.json" with { type: "json" };
import { table } from "./table.ts";
import { crcBase62 } from "./kit.ts";
import { decoded } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Chat, push and telephone. */
export const MESSAGING: readonly Rule[] = table(rows, {
  "discord-bot-token": {
    validate: byFormat((secret) => (/^\d{17,20}$/.test(decoded(secret.split(".", 1)[0] ?? "")) ? "right" : "fake")),
    examples: (kit) => [
      {
        name: "THING",
        value: [Buffer.from(`1${kit.digits(18)}`).toString("base64url"), kit.base62(6), kit.base62(38)].join("."),
      },
    ],
  },
  "matrix-token": {
    examples: (kit) => [`syt_${kit.base64(6)}_${kit.lower(20)}_${crcBase62(kit.lower(8))}`],
  },
});
