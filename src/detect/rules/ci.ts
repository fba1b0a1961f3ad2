import rows from "./ci.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Build, deployment and hosting of front ends. */
export const CI: readonly Rule[] = table(rows, {
  "jetbrains-token": {
    examples: (kit) => [
      `perm:${kit.base64(6)}.${Buffer.from(`42-${kit.digits(2)}`).toString("base64")}.${kit.base62(30)}`,
    ],
  },
  "develocity-key": {
    make: (kit) => `ge.example.org=${kit.base32(52).toLowerCase()}`.replace("example", "corp"),
  },
});
