import { claimsOf } from "./proofs.ts";
import { byFormat, shaped, type Rule } from "./rule.ts";

/** The vendor's own application, for which all of its keys are made. */
const LEMON = "94d59cef-dbb8-4ea5-b178-d2540fcd6919";

/** JSON Web Tokens whose claims say whose they are. */
export const CLAIMS: readonly Rule[] = [
  claimed(
    {
      id: "supabase-service-role-key",
      vendor: "Supabase",
      description: "Supabase key of the service role, which bypasses row-level security",
      severity: "critical",
      examples: (kit) => [
        kit.jwt({ iss: "supabase", ref: kit.lower(20), role: "service_role", iat: 1_700_000_000, exp: 2_000_000_000 }),
        kit.jwt({ role: "service_role", iss: "supabase", iat: 1_700_000_000 }),
      ],
      counterExamples: (kit) => [kit.jwt({ iss: "supabase", ref: kit.lower(20), role: "anon", iat: 1_700_000_000 })],
      reference: "https://supabase.com/docs/guides/api/api-keys",
    },
    ['{"iss":"supabase"', '{"role":"service_role"', '{\n    "role": "service_role"'],
    (claims) => claims["role"] === "service_role",
  ),
  claimed(
    {
      id: "lemonsqueezy-key",
      vendor: "Lemon Squeezy",
      description: "Lemon Squeezy API key",
      severity: "critical",
      examples: (kit) => [kit.jwt({ aud: LEMON, jti: kit.hex(80), iat: 1_700_000_000 })],
      counterExamples: (kit) => [kit.jwt({ aud: kit.uuid(), jti: kit.hex(80) })],
      reference: "https://docs.lemonsqueezy.com/api/getting-started/requests",
    },
    [`{"aud":"${LEMON}"`],
    (claims) => claims["aud"] === LEMON,
  ),
  claimed(
    {
      id: "calendly-token",
      vendor: "Calendly",
      description: "Calendly personal access token",
      examples: (kit) => [kit.jwt({ iss: "https://auth.calendly.com", user_uuid: kit.uuid(), iat: 1_700_000_000 })],
      counterExamples: (kit) => [kit.jwt({ iss: "https://auth.calendly.example", iat: 1_700_000_000 })],
      reference: "https://developer.calendly.com/personal-access-tokens",
    },
    ['{"iss":"https://auth.calendly.com"'],
    (claims) => claims["iss"] === "https://auth.calendly.com",
  ),
  claimed(
    {
      id: "monday-token",
      vendor: "monday.com",
      description: "monday.com API token",
      examples: (kit) => [
        kit.jwt({ tid: 123_456_789, aai: 11, uid: 12_345_678, per: "me:write", actid: 9_876_543, rgn: kit.lower(4) }),
      ],
      counterExamples: (kit) => [kit.jwt({ tid: 123_456_789, sub: kit.lower(8), iat: 1_700_000_000 })],
      reference: "https://developer.monday.com/api-reference/docs/authentication",
    },
    ['{"tid":'],
    (claims) => "tid" in claims && "uid" in claims && "actid" in claims,
  ),
];

type ShapedRule = Parameters<typeof shaped>[0];

/** A token whose payload begins with one of these texts; `mine` reads the claims. */
function claimed(
  rule: Omit<ShapedRule, "keywords" | "pattern">,
  begins: readonly string[],
  mine: (claims: { readonly [key: string]: unknown }) => boolean,
): Rule {
  // Only whole characters: the last one shares its bits with what follows.
  const heads = begins.map((text) =>
    Buffer.from(text)
      .toString("base64url")
      .slice(0, Math.floor((text.length * 4) / 3)),
  );
  return shaped({
    ...rule,
    // The same as of any JWT, so that this rule is asked first.
    keywords: ["eyj"],
    pattern: new RegExp(
      `(?<![A-Za-z0-9_-])(?<secret>eyJ[A-Za-z0-9_-]{10,400}\\.(?:${heads.join("|")})[A-Za-z0-9_-]{10,1200}\\.[A-Za-z0-9_-]{20,900})(?![A-Za-z0-9_-])`,
      "d",
    ),
    prefixes: ["eyJ"],
    validate: byFormat((secret) => {
      const claims = claimsOf(secret);
      return claims !== null && mine(claims) ? "right" : "fake";
    }),
  });
}
