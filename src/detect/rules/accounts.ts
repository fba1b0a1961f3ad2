import rows from "./accounts.json" with { type: "json" };
import { table } from "./table.ts";
import { validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { base58Right, doubleSha } from "./checksum.ts";
import type { Kit } from "./kit.ts";
import { looksRandom } from "../entropy.ts";
import { byChecksum, byFormat, type Rule } from "./rule.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** What opens an account or a device without being a vendor's token: stored hashes, cookies, seed phrases, radio keys. */
export const ACCOUNTS: readonly Rule[] = table(rows, {
  "licence-key": {
    make: (kit) => Array.from({ length: 5 }, () => `${kit.of("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 4)}7`).join("-"),
  },
  "bip39-mnemonic": {
    validate: byChecksum((text) => (validateMnemonic(text, wordlist) ? "right" : "fake")),
    examples: () => [`${"abandon ".repeat(11)}about`],
    counterExamples: () => [`${"abandon ".repeat(11)}zoo`],
  },
  "express-session-cookie": {
    examples: (kit) => [
      `s:${kit.base62(32)}.${kit.base64(32).slice(0, 43)}`,
      `connect.sid=s%3A${kit.base62(32)}.${kit.base62(43)}`,
    ],
  },
  // A jar holds preferences too; what opens a session was drawn.
  "cookie-file": { validate: byFormat((text) => (looksRandom(text, 12) ? "right" : "fake")) },
  "bitcoin-wif-key": {
    validate: byChecksum((text) => (base58Right(text) === "right" ? "right" : "fake")),
    examples: (kit) => [wif(kit)],
  },
});

function wif(kit: Kit): string {
  const body = Buffer.concat([Buffer.from([0x80]), Buffer.from(kit.hex(64), "hex"), Buffer.from([1])]);
  let number = BigInt(`0x${Buffer.concat([body, doubleSha(body)]).toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = BASE58.charAt(Number(number % 58n)) + text;
  return text;
}
