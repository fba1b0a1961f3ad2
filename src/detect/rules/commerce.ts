import rows from "./commerce.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Shops, exchanges, shipping and travel. */
export const COMMERCE: readonly Rule[] = table(rows);
