import rows from "./databases.json" with { type: "json" };
import { table } from "./table.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Elastic's encoded API keys are `id:key` in base64, twenty characters and twenty-two. */
const idAndKey = (secret: string): "right" | "fake" =>
  /^[A-Za-z0-9_-]{20}:[A-Za-z0-9_-]{22}$/.test(Buffer.from(secret, "base64").toString("latin1")) ? "right" : "fake";

/** Databases, caches, streams and search as a service. */
export const DATABASES: readonly Rule[] = table(rows, {
  "elastic-api-key": {
    make: (kit) => Buffer.from(`${kit.urlsafe(20)}:${kit.urlsafe(22)}`).toString("base64"),
    validate: byFormat(idAndKey),
  },
});
