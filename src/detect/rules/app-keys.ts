import rows from "./app-keys.json" with { type: "json" };
import { table } from "./table.ts";
import { crcHex, sanctumRight } from "./checksum.ts";
import { byChecksum, type Rule } from "./rule.ts";

/** Keys with which applications sign and encrypt for themselves, by the framework that made them. */
export const APP_KEYS: readonly Rule[] = table(rows, {
  "laravel-sanctum-token": {
    make: (kit) => {
      const body = kit.base62(40);
      return `${kit.pick(["7", "42", "1337"])}|${body}${crcHex(body)}`;
    },
    validate: byChecksum(sanctumRight),
  },
  "fernet-key": {
    make: (kit) => kit.base64(32).replaceAll("+", "-").replaceAll("/", "_"),
  },
  "synapse-signing-key": {
    examples: (kit) => [`ed25519 a_${kit.base62(4)} ${kit.base64(32).slice(0, 43)}`],
  },
});
