import rows from "./ai-tools.json" with { type: "json" };
import { table } from "./table.ts";
import { objectIn } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** What is bought around models: vector stores, tracing, search, sandboxes, rented processors. */
export const AI_TOOLS: readonly Rule[] = table(rows, {
  "helicone-key": {
    make: (kit) => [7, 7, 7, 7].map((length) => kit.alnum(length)).join("-"),
  },
  "neptune-token": {
    validate: byFormat((secret) => (typeof objectIn(secret)?.["api_key"] === "string" ? "right" : "fake")),
    examples: (kit) => [
      Buffer.from(
        JSON.stringify({
          api_address: "https://app.neptune.ai",
          api_url: "https://app.neptune.ai",
          api_key: kit.uuid(),
        }),
      ).toString("base64"),
    ],
  },
});
