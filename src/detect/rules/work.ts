import rows from "./work.json" with { type: "json" };
import { table } from "./table.ts";
import { objectIn } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Work tools: tickets, documents, design, forms, meetings, files. */
export const WORK: readonly Rule[] = table(rows, {
  "miro-token": {
    validate: byFormat((secret) =>
      typeof objectIn(secret.split("_", 1)[0] ?? "")?.["miro.origin"] === "string" ? "right" : "wrong",
    ),
    examples: (kit) => [`${Buffer.from('{"miro.origin":"eu01"}').toString("base64url")}_${kit.urlsafe(27)}`],
    counterExamples: () => [Buffer.from('{"miro.origin":"eu01"}').toString("base64url")],
  },
});
