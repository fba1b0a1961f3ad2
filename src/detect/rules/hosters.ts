import rows from "./hosters.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Hosters, platforms as a service and object stores. */
export const HOSTERS: readonly Rule[] = table(rows);
