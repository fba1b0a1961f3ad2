import { ruleById } from "../../src/detect/rules/index.ts";
import { kit, type Kit } from "../../src/detect/rules/kit.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Verifiable } from "../../src/verify/index.ts";
import { vendorOf } from "../../src/verify/vendors/index.ts";
import type { Reply } from "./double.ts";

/** How a vendor answers, and what stands beside its secret. A made-up secret of the rule unless `part` makes another. */
export type Sample = {
  readonly rule: string;
  readonly name?: string;
  readonly part?: (make: Kit) => string;
  readonly beside?: (make: Kit) => { readonly [name: string]: string };
  readonly live: Reply;
  readonly dead: Reply;
  readonly limited?: Reply;
  /** A refusal is no proof there. */
  readonly doubtful?: true;
  /** The vendor's path, as its documentation has it. */
  readonly asks: string;
};

const body = (value: unknown): string => JSON.stringify(value);
const ok = (value: unknown): Reply => ({ status: 200, body: body(value) });
const refused: Reply = { status: 401, body: body({ message: "bad credentials" }) };
const forbidden = (value: unknown): Reply => ({ status: 403, body: body(value) });
/** The documented answer, as far as it tells that it is the vendor's. */
const plain = (value: unknown): Pick<Sample, "live" | "dead"> => ({ live: ok(value), dead: refused });

export const SAMPLES: { readonly [vendor: string]: Sample } = {
  github: { rule: "github-token", ...plain({ login: "octo" }), asks: "GET /user" },
  gitlab: {
    rule: "gitlab-token",
    ...plain({ active: true }),
    limited: forbidden({ error: "insufficient_scope" }),
    asks: "GET /api/v4/personal_access_tokens/self",
  },
  npm: { rule: "npm-token", ...plain({ username: "octo" }), asks: "GET /-/whoami" },
  "docker-hub": {
    rule: "docker-hub-token",
    beside: () => ({ DOCKERHUB_USERNAME: "acme" }),
    ...plain({ access_token: "x" }),
    asks: "POST /v2/auth/token",
  },
  circleci: { rule: "circleci-token", ...plain({ id: "a", login: "octo" }), asks: "GET /api/v2/me" },
  buildkite: { rule: "buildkite-token", ...plain({ uuid: "a", scopes: [] }), asks: "GET /v2/access-token" },
  pulumi: { rule: "pulumi-token", ...plain({ githubLogin: "octo" }), asks: "GET /api/user" },
  terraform: {
    rule: "terraform-cloud-token",
    ...plain({ data: { type: "users", id: "a" } }),
    asks: "GET /api/v2/account/details",
  },
  snyk: {
    rule: "snyk-token",
    ...plain({ data: { type: "user", id: "a" } }),
    asks: "GET /rest/self?version=2024-06-10",
  },
  digitalocean: {
    rule: "digitalocean-token",
    ...plain({ account: { uuid: "a" } }),
    limited: forbidden({ id: "forbidden", message: "no" }),
    asks: "GET /v2/account",
  },
  heroku: {
    rule: "heroku-api-key",
    ...plain({ id: "a", email: "a@example.org" }),
    limited: forbidden({ id: "forbidden" }),
    asks: "GET /account",
  },
  cloudflare: {
    rule: "cloudflare-token",
    beside: (make) => ({ CLOUDFLARE_ACCOUNT_ID: make.hex(32) }),
    live: ok({ result: { status: "active" } }),
    dead: ok({ result: { status: "expired" } }),
    asks: "GET /tokens/verify",
  },
  vercel: {
    rule: "vercel-token",
    live: ok({ user: { id: "a" } }),
    dead: forbidden({ error: { code: "forbidden", invalidToken: true } }),
    asks: "GET /v2/user",
  },
  netlify: { rule: "netlify-token", ...plain({ id: "a" }), asks: "GET /api/v1/user" },
  doppler: { rule: "doppler-token", ...plain({ workplace: { slug: "a" } }), asks: "GET /v3/me" },
  aws: {
    rule: "aws-access-key-id",
    name: "AWS_ACCESS_KEY_ID",
    beside: (make) => ({ AWS_SECRET_ACCESS_KEY: make.base62(40) }),
    live: ok({ GetCallerIdentityResponse: { GetCallerIdentityResult: { Account: "1".repeat(12) } } }),
    dead: forbidden({ Error: { Code: "InvalidClientTokenId" } }),
    asks: "POST /",
  },
  openai: {
    rule: "openai-key",
    live: ok({ data: [] }),
    dead: { status: 401, body: body({ error: { code: "invalid_api_key" } }) },
    limited: forbidden({ error: { message: "… Missing scopes: api.model.read" } }),
    asks: "GET /v1/models",
  },
  anthropic: {
    rule: "anthropic-key",
    ...plain({ data: [] }),
    limited: forbidden({ error: { type: "permission_error" } }),
    asks: "GET /v1/models",
  },
  huggingface: { rule: "huggingface-token", ...plain({ type: "user", name: "octo" }), asks: "GET /api/whoami-v2" },
  replicate: { rule: "replicate-token", ...plain({ type: "user", username: "octo" }), asks: "GET /v1/account" },
  groq: { rule: "groq-key", ...plain({ data: [] }), asks: "GET /openai/v1/models" },
  openrouter: { rule: "openrouter-key", ...plain({ data: { label: "a" } }), asks: "GET /api/v1/key" },
  slack: {
    rule: "slack-token",
    live: ok({ ok: true, user_id: "U1" }),
    dead: ok({ ok: false, error: "token_revoked" }),
    asks: "POST /api/auth.test",
  },
  "discord-webhook": {
    rule: "discord-webhook",
    live: ok({ id: "1", type: 1 }),
    dead: { status: 404, body: body({ code: 10_015 }) },
    asks: "GET /api/webhooks/",
  },
  "discord-bot": { rule: "discord-bot-token", ...plain({ id: "1", username: "octo" }), asks: "GET /api/v10/users/@me" },
  telegram: {
    rule: "telegram-bot-token",
    live: ok({ ok: true, result: { id: 1 } }),
    dead: refused,
    asks: "GET /bot",
  },
  sendgrid: { rule: "sendgrid-key", ...plain({ scopes: [] }), asks: "GET /v3/scopes" },
  mailgun: {
    rule: "mailgun-key",
    ...plain({ items: [] }),
    limited: forbidden({ message: "Forbidden" }),
    doubtful: true,
    asks: "GET /v4/domains?limit=1",
  },
  twilio: {
    rule: "twilio-auth-token",
    beside: (make) => ({ TWILIO_ACCOUNT_SID: `AC${make.hex(32)}` }),
    ...plain({ sid: "AC" }),
    asks: "GET /2010-04-01/Accounts/AC",
  },
  resend: {
    rule: "resend-key",
    live: ok({ data: [] }),
    dead: forbidden({ name: "invalid_api_key" }),
    limited: { status: 401, body: body({ name: "restricted_api_key" }) },
    asks: "GET /domains",
  },
  stripe: {
    rule: "stripe-key",
    name: "STRIPE_SECRET_KEY",
    ...plain({ object: "balance" }),
    limited: forbidden({ error: { type: "invalid_request_error" } }),
    asks: "GET /v1/balance",
  },
  datadog: {
    rule: "datadog-key",
    live: ok({ valid: true }),
    dead: forbidden({ errors: ["Forbidden"] }),
    asks: "GET /api/v1/validate",
  },
  newrelic: {
    rule: "newrelic-key",
    live: ok({ data: { actor: { user: { id: 1 } } } }),
    dead: refused,
    asks: "POST /graphql",
  },
  sentry: {
    rule: "sentry-token",
    live: ok({ version: "0", auth: { scopes: [] }, user: null }),
    dead: refused,
    asks: "GET /api/0/",
  },
  pagerduty: {
    rule: "pagerduty-key",
    name: "PAGERDUTY_API_KEY",
    part: (make) => make.urlsafe(20),
    ...plain({ abilities: [] }),
    limited: forbidden({ error: { message: "Access Denied" } }),
    asks: "GET /abilities",
  },
  linear: {
    rule: "linear-key",
    live: ok({ data: { viewer: { id: "a" } } }),
    dead: { status: 400, body: body({ errors: [{ extensions: { code: "AUTHENTICATION_ERROR" } }] }) },
    asks: "POST /graphql",
  },
  notion: {
    rule: "notion-token",
    name: "NOTION_TOKEN",
    ...plain({ object: "user" }),
    limited: forbidden({ object: "error", code: "restricted_resource" }),
    asks: "GET /v1/users/me",
  },
  airtable: { rule: "airtable-token", ...plain({ id: "a" }), asks: "GET /v0/meta/whoami" },
  asana: {
    rule: "asana-token",
    ...plain({ data: { gid: "1" } }),
    limited: forbidden({ errors: [{ message: "Forbidden" }] }),
    asks: "GET /api/1.0/users/me",
  },
};

export type Made = { readonly item: Verifiable; readonly part: string; readonly others: readonly string[] };

/** A made-up secret of this sample; equal seeds make equal ones. */
export function made(sample: Sample, seed = 1): Made {
  const make = kit(seed);
  const { name, value } = exampleOf(sample, make);
  const others = sample.beside?.(make) ?? {};
  return { item: itemOf(sample.rule, name, value, others), part: value, others: Object.values(others) };
}

export function itemOf(
  rule: string,
  name: string,
  part: string,
  others: { readonly [name: string]: string } = {},
  more: { readonly value?: string; readonly local?: boolean } = {},
): Verifiable {
  const { value = part, ...rest } = more;
  return {
    rule,
    name,
    part: Secret.of(part),
    value: Secret.of(value),
    beside(names) {
      const found = Object.entries(others).find(([other]) => names.test(other));
      return found === undefined ? null : Secret.of(found[1]);
    },
    ...rest,
  };
}

/** The rule's own example, the first that a vendor takes. */
function exampleOf(sample: Sample, make: Kit): { name: string; value: string } {
  if (sample.part !== undefined) return { name: sample.name ?? "TOKEN", value: sample.part(make) };
  const examples = ruleById(sample.rule)?.examples(make) ?? [];
  for (const example of examples) {
    const { name = "TOKEN", value } = typeof example === "string" ? { value: example } : example;
    const called = sample.name ?? name;
    if (vendorOf(sample.rule, { name: called, part: value }) !== null) return { name: called, value };
  }
  throw new Error(`no example of ${sample.rule} that can be asked about`);
}
