import rows from "./self-hosted.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** What applications that people run themselves document: values whose name and form only their own manual explains. */
export const SELF_HOSTED: readonly Rule[] = table(rows);
