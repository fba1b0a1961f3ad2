import rows from "./quality.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** What looks at code: analysis, coverage, dependency and secret scanners, browsers for tests. */
export const QUALITY: readonly Rule[] = table(rows);
