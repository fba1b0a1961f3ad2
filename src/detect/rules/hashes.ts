import rows from "./hashes.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Hashes of passwords, as accounts and configuration files hold them. */
export const HASHES: readonly Rule[] = table(rows);
