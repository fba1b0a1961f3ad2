import rows from "./payments.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Payments and money. */
export const PAYMENTS: readonly Rule[] = table(rows);
