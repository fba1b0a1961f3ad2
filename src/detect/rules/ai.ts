import rows from "./ai.json" with { type: "json" };
import { table } from "./table.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Model providers. */
export const AI: readonly Rule[] = table(rows, {
  "openai-key": {
    validate: byFormat((secret) => (secret.includes("T3BlbkFJ") ? "right" : "wrong")),
  },
});
