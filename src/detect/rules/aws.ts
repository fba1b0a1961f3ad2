import rows from "./aws.json" with { type: "json" };
import { table } from "./table.ts";
import type { Rule } from "./rule.ts";

/** AWS and its services' own keys. */
export const AMAZON: readonly Rule[] = table(rows, {
  "aws-access-key-id": {
    counterExamples: () => [["AKIA", "IOSFODNN7", "EXAMPLE"].join("")],
  },
  "aws-secret-access-key": {
    make: (kit) => kit.base62(39).concat("/"),
  },
  "aws-ecr-password": {
    examples: (kit) => [
      Buffer.from(JSON.stringify({ payload: kit.base64(600), datakey: kit.base64(120), version: "2" })).toString(
        "base64",
      ),
    ],
  },
});
