import rows from "./webhooks.json" with { type: "json" };
import { table } from "./table.ts";
import { byFormat, type Rule } from "./rule.ts";

/** URLs that are a capability: whoever knows one may post. */
export const WEBHOOKS: readonly Rule[] = table(rows, {
  "slack-webhook": {
    counterExamples: () => [
      "https://hooks.slack.com/services/",
      `https://hooks.slack.com/services/T${"0".repeat(8)}/B${"0".repeat(8)}/${"X".repeat(24)}`,
    ],
  },
  "notification-url": {
    validate: byFormat((secret) =>
      /\d[A-Za-z_:-]|[a-z][A-Z0-9]/.test(secret.slice(secret.indexOf("://"))) && /[A-Za-z0-9_-]{16,}/.test(secret)
        ? "wrong"
        : "fake",
    ),
  },
});
