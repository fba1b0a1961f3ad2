import rows from "./edge.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Content delivery networks, registrars and name servers. */
export const EDGE: readonly Rule[] = table(rows);
