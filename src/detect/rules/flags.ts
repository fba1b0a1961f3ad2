import rows from "./flags.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Feature flags and product analytics. */
export const FLAGS: readonly Rule[] = table(rows);
