import rows from "./infra.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Secret stores and infrastructure as code. */
export const INFRA: readonly Rule[] = table(rows);
