import rows from "./clusters.json" with { type: "json" };
import { table } from "./table.ts";
import { crcRight } from "./checksum.ts";
import { byChecksum, type Rule } from "./rule.ts";

/** Networks, tunnels, clusters and hypervisors. */
export const CLUSTERS: readonly Rule[] = table(rows, {
  "netbird-token": {
    validate: byChecksum(crcRight),
  },
  "cloudflare-tunnel-token": {
    examples: (kit) => [
      Buffer.from(JSON.stringify({ a: kit.hex(32), t: kit.uuid(), s: kit.base64(32) })).toString("base64"),
    ],
  },
});
