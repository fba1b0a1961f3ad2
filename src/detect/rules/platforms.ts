import rows from "./platforms.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** Platforms that are rented by the call: models and media, sandboxes, data, games. */
export const PLATFORMS: readonly Rule[] = table(rows);
