import rows from "./crm.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Customers: sales, support and marketing. */
export const CRM: readonly Rule[] = table(rows);
