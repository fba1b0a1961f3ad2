import { ageKey, jwt } from "../tools/crypto.ts";
import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { named, SERVICES, styled } from "../tools/words.ts";
import { APPS } from "./vendors-apps.ts";
import { BUILD, type Vendor } from "./vendors-build.ts";
import { CLOUD } from "./vendors-cloud.ts";

const VENDORS: readonly Vendor[] = [...BUILD, ...CLOUD, ...APPS];

/** Vendors whose token says by its own form what it is, so that it may stand under any name. */
const SPEAKING =
  /^(github|gitlab|npm|pypi|rubygems|dockerhub|pulumi|doppler|openai|anthropic|huggingface|groq|stripe|slack-(bot|user|app)|sendgrid|shopify|digitalocean|databricks|age|tailscale|terraform|newrelic-user|linear|brevo|grafana|sentry|supabase|figma|postman|planetscale|airtable)/;

const NEUTRAL = [
  "APP_CONFIG_3",
  "EXTRA_ARGS_1",
  "VALUE",
  "DATA",
  "setting.remote",
  "INPUT_UPSTREAM",
  "param1",
  "UPSTREAM",
  "custom",
];

/** The token of a vendor, made by its documented form. */
function vendorToken(random: Random, [vendor, , make]: Vendor): string {
  if (vendor === "age") return ageKey(random);
  return typeof make === "string" ? random.fill(make) : make(random);
}

/** A token of some vendor that a reader knows without its name. */
export function speakingToken(random: Random): string {
  return vendorToken(random, random.pick(VENDORS.filter(([vendor]) => SPEAKING.test(vendor))));
}

const tokenOfVendor: Kind = {
  kind: "provider-token",
  weight: 330,
  make: (random) => {
    const next = random.deck(VENDORS);
    return () => {
      const vendor = next();
      let name = random.pick(vendor[1].split(" "));
      if (SPEAKING.test(vendor[0]) && random.chance(0.15)) name = random.pick(NEUTRAL);
      else if (random.chance(0.2))
        name = `${random.pick(["APP", "PROD", "CI", "MY", "TF_VAR", ...SERVICES]).toUpperCase()}_${name}`;
      else if (random.chance(0.1)) name = styled(random, name.split("_"));
      return env(random, name, vendorToken(random, vendor));
    };
  },
};

const HEADS =
  "API_KEY API_TOKEN ACCESS_TOKEN AUTH_TOKEN SECRET SECRET_KEY CLIENT_SECRET ACCESS_KEY_SECRET MASTER_KEY REFRESH_TOKEN BEARER_TOKEN ADMIN_TOKEN WEBHOOK_SECRET SHARED_SECRET APIKEY DEPLOY_TOKEN REGISTRATION_TOKEN CONSUMER_SECRET LICENSE_KEY SERVICE_TOKEN PERSONAL_ACCESS_TOKEN BOT_TOKEN PRIVATE_TOKEN CREDENTIALS ENCRYPTION_KEY AUTH_KEY";

const random32: Kind = {
  kind: "unbranded-token",
  weight: 60,
  make: (random) => {
    const next = random.deck(HEADS.split(" "));
    return () => {
      const value = random.pick([
        () => random.hex(random.pick([32, 40, 48, 64])),
        () => random.base64(random.pick([18, 24, 32, 48])),
        () => random.base64url(random.pick([16, 24, 32, 43])),
        () => random.of("n", random.pick([16, 20, 24, 32, 64])),
        () => random.of("a", random.pick([20, 25, 40])),
        () => random.of("A", random.pick([20, 32])),
        () => random.fill("{8:n}-{8:n}-{8:n}-{8:n}"),
      ])();
      return env(random, named(random, next()), value);
    };
  },
};

const session: Kind = {
  kind: "session-token",
  weight: 25,
  make: (random) => () => {
    const claims = {
      sub: String(random.int(1000, 99_999)),
      name: "Ada Example",
      role: random.pick(["admin", "service", "editor"]),
      iat: 1_716_239_022,
      exp: 2_016_239_022,
    };
    const [name, value] = random.pick<() => readonly [string, string]>([
      () => [
        named(random, random.pick(["JWT", "ID_TOKEN", "ACCESS_TOKEN", "SESSION_TOKEN", "BEARER"])),
        jwt(random, claims),
      ],
      () => [random.pick(["AUTHORIZATION", "AUTH_HEADER", "HTTP_AUTHORIZATION"]), `Bearer ${jwt(random, claims)}`],
      () => [
        random.pick(["COOKIE", "SESSION_COOKIE", "HTTP_COOKIE"]),
        `sessionid=${random.of("a", 32)}; csrftoken=${random.of("n", 32)}`,
      ],
      () => ["PHPSESSID", random.of("a", 26)],
      () => [named(random, "SESSION_COOKIE"), `s:${random.of("w", 32)}.${random.base64(32).replace("=", "")}`],
      () => [random.pick(["GATEWAY_PASSPORT", "STATE_BLOB", "UPSTREAM_HEADER"]), jwt(random, claims)],
    ])();
    return env(random, name, value);
  },
};

export const TOKENS: readonly Kind[] = [tokenOfVendor, random32, session];
