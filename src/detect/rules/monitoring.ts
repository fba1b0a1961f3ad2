import rows from "./monitoring.json" with { type: "json" };
import { table } from "./table.ts";
import { crcHex, objectIn } from "./proofs.ts";
import { byChecksum, byFormat, type Rule } from "./rule.ts";

/** Monitoring, logs, errors and incidents. */
export const MONITORING: readonly Rule[] = table(rows, {
  "grafana-service-account-token": {
    validate: byChecksum((secret) =>
      crcHex(secret.slice(0, -9)) === secret.slice(-8).toLowerCase() ? "right" : "wrong",
    ),
    examples: (kit) => {
      const head = `glsa_${kit.base62(32)}`;
      return [`${head}_${crcHex(head)}`, `glsa_${kit.base62(32)}_${kit.hex(8)}`];
    },
    counterExamples: (kit) => [`glsa_${kit.base62(12)}`, `glsa_${"x".repeat(32)}_${"0".repeat(8)}`],
  },
  "grafana-cloud-token": {
    make: (kit) =>
      Buffer.from(JSON.stringify({ o: kit.digits(6), n: "ci", k: kit.base62(24), m: { r: "eu" } })).toString("base64"),
    validate: byFormat((secret) => (typeof objectIn(secret.slice(4))?.["k"] === "string" ? "right" : "wrong")),
  },
  "grafana-api-key": {
    validate: byFormat((secret) => (typeof objectIn(secret)?.["n"] === "string" ? "right" : "fake")),
    examples: (kit) => [Buffer.from(JSON.stringify({ k: kit.base62(32), n: "ci", id: 1 })).toString("base64")],
  },
});
