import rows from "./saas.json" with { type: "json" };
import { table } from "./table.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Everything else that is bought as a service: automation, data pipelines, tunnels, home. */
export const SAAS: readonly Rule[] = table(rows, {
  "x-bearer-token": {
    validate: byFormat(() => "right"),
    examples: (kit) => [`${"A".repeat(22)}${kit.base62(40)}%3D${kit.base62(50)}`],
    counterExamples: (kit) => ["A".repeat(22), `${"A".repeat(22)}${kit.base62(90)}`],
  },
  "roblox-cookie": {
    validate: byFormat(() => "right"),
  },
});
