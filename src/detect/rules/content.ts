import rows from "./content.json" with { type: "json" };
import { table } from "./table.ts";
import { objectIn } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Content, maps, pictures, sound and live connections. */
export const CONTENT: readonly Rule[] = table(rows, {
  "mapbox-secret-token": {
    validate: byFormat((secret) =>
      typeof objectIn(secret.split(".")[1] ?? "")?.["u"] === "string" ? "right" : "wrong",
    ),
    examples: (kit) => [
      `sk.${Buffer.from(JSON.stringify({ u: kit.lower(8), a: kit.alnum(25) })).toString("base64url")}.${kit.urlsafe(22)}`,
    ],
  },
  "uploadthing-token": {
    examples: (kit) => [
      Buffer.from(
        JSON.stringify({ apiKey: `sk_live_${kit.hex(64)}`, appId: kit.alnum(10), regions: ["sea1"] }),
      ).toString("base64"),
      `sk_live_${kit.hex(64)}`,
    ],
  },
  "pubnub-secret": {
    make: (kit) => Buffer.from(kit.uuid()).toString("base64").slice(0, 48),
  },
});
