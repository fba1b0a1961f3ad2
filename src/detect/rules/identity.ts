import rows from "./identity.json" with { type: "json" };
import { table } from "./table.ts";
import { decoded } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Who someone is: sign-in, identity checks, second factors. */
export const IDENTITY: readonly Rule[] = table(rows, {
  "workos-key": {
    validate: byFormat((secret) => (/^key_[0-9A-Z]{26},/.test(decoded(secret.slice(8))) ? "right" : "fake")),
    examples: (kit) =>
      ["sk_live_", "sk_test_"].map(
        (prefix) => prefix + Buffer.from(`key_01${kit.base32(24)},${kit.base62(25)}`).toString("base64url"),
      ),
  },
});
