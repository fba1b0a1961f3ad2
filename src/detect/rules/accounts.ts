import { validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { base58Right, doubleSha } from "./checksum.ts";
import type { Kit } from "./kit.ts";
import { named, shaped, type Rule } from "./rule.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** What opens an account or a device without being a vendor's token: stored hashes, cookies, seed phrases, radio keys. */
export const ACCOUNTS: readonly Rule[] = [
  shaped({
    id: "database-password-hash",
    vendor: "MySQL, PostgreSQL, Mosquitto",
    description: "Stored password hash of a database or broker: logs in or is guessed offline",
    keywords: [],
    lengths: [35, 300],
    pattern:
      /^(?:[\w.-]{1,64}:)?(?<secret>\*[0-9A-F]{40}|md5[0-9a-f]{32}|\$7\$\d{1,6}\$[A-Za-z0-9+/=]{8,64}\$[A-Za-z0-9+/=]{40,128})$/d,
    examples: (kit) => [
      `*${kit.hex(40).toUpperCase()}`,
      `md5${kit.hex(32)}`,
      `ada:$7$101$${kit.base64(12)}$${kit.base64(64)}`,
    ],
    counterExamples: (kit) => [`*${kit.hex(38)}`, `md5:${kit.hex(32)}`],
    reference: "https://dev.mysql.com/doc/refman/8.0/en/password-hashing.html",
  }),
  named({
    id: "password-digest",
    vendor: "various",
    description: "Digest of a password under a name that says so: weak ones are guessed offline",
    severity: "medium",
    confidence: "medium",
    keywords: ["pass", "pwd"],
    despite: true,
    names: /(?:^|_)(?:password|passwd|pass|pwd)_(?:sha1|sha256|sha512|double_sha1|hash|md5|digest|hashed)(?:_hex)?$/,
    shape: "(?:sha(?:1|256|512):[0-9a-f]{12}:)?[0-9a-fA-F]{32,128}",
    as: "ADMIN_PASSWORD_SHA256",
    make: (kit) => kit.hex(64),
    reference: "https://clickhouse.com/docs/operations/settings/settings-users",
  }),
  shaped({
    id: "cookie-file",
    vendor: "Netscape",
    description: "Cookies of a browser in the format that curl and yt-dlp read",
    keywords: ["\ttrue\t", "\tfalse\t", "netscape http cookie"],
    pattern:
      /(?:^|[\n\\n])\.?[\w.-]{3,200}\t(?:TRUE|FALSE)\t\/[^\t]{0,200}\t(?:TRUE|FALSE)\t\d{1,12}\t[^\t\s]{1,200}\t(?<secret>[^\t\s]{8,4096})/d,
    examples: (kit) => [
      `# Netscape HTTP Cookie File\n.example.org\tTRUE\t/\tTRUE\t1790000000\tSID\t${kit.base62(40)}\n`,
    ],
    counterExamples: () => ["# Netscape HTTP Cookie File"],
    reference: "https://curl.se/docs/http-cookies.html",
  }),
  named({
    id: "telegram-api-hash",
    vendor: "Telegram",
    description: "Telegram application's API hash",
    keywords: ["api_hash"],
    despite: true,
    names: /(?:^|_)api_hash$/,
    shape: "[0-9a-f]{32}",
    as: "TELEGRAM_API_HASH",
    make: (kit) => kit.hex(32),
    reference: "https://core.telegram.org/api/obtaining_api_id",
  }),
  named({
    id: "telegram-session",
    vendor: "Telegram",
    description: "Telegram session of a user account (Telethon, Pyrogram)",
    severity: "critical",
    keywords: ["session"],
    despite: true,
    names: /(?:^|_)session(?:_string)?$/,
    shape: "[A-Za-z0-9_=-]{150,200}|[A-Za-z0-9_=-]{267,420}",
    as: "PYROGRAM_SESSION",
    make: (kit) => kit.urlsafe(356),
    reference: "https://docs.telethon.dev/en/stable/concepts/sessions.html",
  }),
  named({
    id: "game-server-token",
    vendor: "Valve",
    description: "Steam game server login token",
    keywords: ["gslt", "steam_account", "glst"],
    names: /gslt|steam_account$|steamaccount/,
    shape: "[0-9A-Fa-f]{32}",
    as: "CS2_GSLT",
    make: (kit) => kit.hex(32).toUpperCase(),
    reference: "https://steamcommunity.com/dev/managegameservers",
  }),
  named({
    id: "radio-network-key",
    vendor: "LoRa Alliance, Z-Wave Alliance, Zigbee",
    description: "Network key of a radio network (LoRaWAN, Z-Wave, Zigbee, Thread)",
    keywords: ["key"],
    names:
      /(?:^|_)(?:appskey|nwkskey|appkey|nwkkey|app_s_?key|nwk_s_?key|app_key|nwk_key|network_key|s0_legacy_key|s2_(?:access_control|authenticated|unauthenticated)(?:_key)?|zwave_key|zigbee_key|thread_network_key|s_key)$/,
    shape: "[0-9A-Fa-f]{32}|(?:0x[0-9A-Fa-f]{2},? ?){15}0x[0-9A-Fa-f]{2}|\\[(?: ?\\d{1,3},){15} ?\\d{1,3}\\]",
    as: "ZWAVE_NETWORK_KEY",
    make: (kit) => kit.hex(32).toUpperCase(),
    reference: "https://lora-alliance.org/resource_hub/lorawan-specification-v1-1/",
  }),
  named({
    id: "licence-key",
    vendor: "various",
    description: "Licence key or serial number that unlocks a product",
    severity: "medium",
    confidence: "medium",
    keywords: ["licen", "serial", "activation", "product_key"],
    despite: true,
    names: /(?:licen[sc]e(?:_key)?|serial(?:_key|_number)?|activation_(?:key|code)|product_key)$/,
    shape: "(?=[A-Z0-9-]{0,60}[0-9])[A-Z0-9]{4,8}(?:-[A-Z0-9]{4,8}){2,8}",
    as: "UNITY_SERIAL",
    make: (kit) => Array.from({ length: 5 }, () => `${kit.of("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 4)}7`).join("-"),
    reference: "https://docs.unity.com/licensing/",
  }),
  shaped({
    id: "bip39-mnemonic",
    vendor: "Bitcoin",
    description: "Seed phrase of a wallet (BIP-39), its checksum right",
    severity: "critical",
    keywords: [],
    lengths: [47, 215],
    pattern: /^(?<secret>(?:[a-z]{3,8} ){11}(?:(?:[a-z]{3,8} ){3}){0,4}[a-z]{3,8})$/d,
    validate: (text) => (validateMnemonic(text, wordlist) ? "right" : "fake"),
    examples: () => [`${"abandon ".repeat(11)}about`],
    counterExamples: () => [`${"abandon ".repeat(11)}zoo`],
    reference: "https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki",
  }),
  shaped({
    id: "express-session-cookie",
    vendor: "Express",
    description: "Signed session cookie of express-session",
    keywords: [],
    lengths: [67, 300],
    // An id, and behind the dot its HMAC-SHA256 in base64 without padding (cookie-signature).
    pattern: /^(?:[\w.-]{1,40}=)?(?<secret>s(?::|%3[Aa])[\w-]{21,64}\.(?:[A-Za-z0-9+/]|%2[BFbf]){43})(?:;.{0,200})?$/d,
    examples: (kit) => [
      `s:${kit.base62(32)}.${kit.base64(32).slice(0, 43)}`,
      `connect.sid=s%3A${kit.base62(32)}.${kit.base62(43)}`,
    ],
    counterExamples: (kit) => [`s:${kit.base62(32)}.${kit.base62(20)}`, `s:${kit.base62(32)}`],
    reference: "https://github.com/expressjs/session#secret",
  }),
  shaped({
    id: "bitcoin-wif-key",
    vendor: "Bitcoin",
    description: "Private key of a wallet (WIF), its checksum right",
    severity: "critical",
    keywords: [],
    lengths: [51, 52],
    pattern: /^(?<secret>[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51})$/d,
    validate: (text) => (base58Right(text) === "right" ? "right" : "fake"),
    examples: (kit) => [wif(kit)],
    counterExamples: (kit) => [`K${kit.of(BASE58, 51)}`],
    reference: "https://en.bitcoin.it/wiki/Wallet_import_format",
  }),
];

function wif(kit: Kit): string {
  const body = Buffer.concat([Buffer.from([0x80]), Buffer.from(kit.hex(64), "hex"), Buffer.from([1])]);
  let number = BigInt(`0x${Buffer.concat([body, doubleSha(body)]).toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = BASE58.charAt(Number(number % 58n)) + text;
  return text;
}
