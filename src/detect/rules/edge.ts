import { prefixed } from "./marked.ts";
import { named, type Rule } from "./rule.ts";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** Content delivery networks, registrars and name servers. */
export const EDGE: readonly Rule[] = [
  prefixed({
    id: "akamai-edgegrid-token",
    vendor: "Akamai",
    description: "Akamai EdgeGrid client or access token",
    prefix: ["akab-"],
    body: "[a-z0-9]{16}-[a-z0-9]{16}",
    make: (kit) => `${kit.alnum(16)}-${kit.alnum(16)}`,
    reference: "https://techdocs.akamai.com/developer/docs/set-up-authentication-credentials",
  }),
  named({
    id: "akamai-client-secret",
    vendor: "Akamai",
    description: "Akamai EdgeGrid client secret",
    keywords: ["akamai", "edgegrid", "edgerc"],
    names: /(?:akamai|edgegrid|edgerc)_(?:[a-z]{1,20}_){0,2}secret/,
    shape: "[A-Za-z0-9+/]{43}=",
    as: "AKAMAI_CLIENT_SECRET",
    make: (kit) => kit.base64(32),
    severity: "critical",
    reference: "https://techdocs.akamai.com/developer/docs/set-up-authentication-credentials",
  }),
  named({
    id: "fastly-token",
    vendor: "Fastly",
    description: "Fastly API token",
    keywords: ["fastly"],
    names: /fastly_(?:[a-z]{1,20}_){0,2}(?:token|key)/,
    shape: "[A-Za-z0-9_-]{32}",
    as: "FASTLY_API_TOKEN",
    make: (kit) => kit.urlsafe(32),
    reference: "https://www.fastly.com/documentation/reference/api/auth-tokens/",
  }),
  named({
    id: "bunny-key",
    vendor: "bunny.net",
    description: "bunny.net account or storage key, longer than a UUID",
    keywords: ["bunny"],
    names: /bunny(?:_?net|_?cdn)?_(?:[a-z]{1,20}_){0,3}(?:key|token|password)/,
    shape: `${UUID}[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{4}`,
    as: "BUNNY_API_KEY",
    make: (kit) => `${kit.hex(8)}-${kit.hex(4)}-${kit.hex(4)}-${kit.hex(12)}-${kit.hex(4)}-${kit.hex(4)}`,
    reference: "https://docs.bunny.net/reference/bunnynet-api-overview",
  }),
  prefixed({
    id: "porkbun-key",
    vendor: "Porkbun",
    description: "Porkbun API key or secret",
    prefix: ["sk1_", "pk1_"],
    body: "[0-9a-f]{64}",
    make: (kit) => kit.hex(64),
    reference: "https://porkbun.com/api/json/v3/documentation",
  }),
  named({
    id: "godaddy-secret",
    vendor: "GoDaddy",
    description: "GoDaddy API secret",
    keywords: ["godaddy"],
    names: /godaddy_(?:[a-z]{1,20}_){0,2}secret/,
    shape: "[A-Za-z0-9]{22}",
    as: "GODADDY_API_SECRET",
    make: (kit) => kit.base62(22),
    reference: "https://developer.godaddy.com/getstarted",
  }),
];
