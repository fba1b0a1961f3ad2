import type { VendorInput, Vendor } from "../vendor.ts";
import {
  all,
  at,
  bearer,
  byStatus,
  dead,
  get,
  inside,
  is,
  json,
  limited,
  list,
  live,
  number,
  post,
  text,
} from "./make.ts";

/** https://docs.datadoghq.com/getting_started/site/ */
const DATADOG = ["datadoghq.com", "datadoghq.eu", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com"].concat(
  ["ap2.datadoghq.com", "uk1.datadoghq.com"],
);
const DATADOG_GOV = ["ddog-gov.com", "us2.ddog-gov.com"];

/** Payments, monitoring and work tools. */
export const WORK: readonly Vendor[] = [
  {
    // https://docs.stripe.com/api/errors: 403 is a restricted key without the permission.
    id: "stripe",
    name: "Stripe",
    rules: ["stripe-key"],
    // Clerk, Paystack and others write `sk_live_` too: Stripe's own shape, or its name.
    fits: ({ part, name }) =>
      /^(?:sk|rk)_(?:live|test)_(?:51[A-Za-z0-9]{60,}|[A-Za-z0-9]{24}$)/.test(part) ||
      (/^(?:sk|rk)_(?:live|test)_/.test(part) && /stripe/i.test(name)),
    bases: at("https://api.stripe.com"),
    ask: ({ part }) => get("/v1/balance", bearer(part)),
    read: byStatus({ 200: live(is("balance", "object")), 401: "dead", 403: limited(text("error", "type")) }),
  },
  {
    // https://docs.datadoghq.com/api/latest/authentication/: "if invalid, a 403 is returned"
    id: "datadog",
    name: "Datadog",
    rules: ["datadog-key"],
    // 40 digits are an application key, which counts only with an API key.
    fits: ({ part }) => part.length === 32,
    bases: (given) => datadogSites(given).map((site) => `https://api.${site}`),
    ask: (given) =>
      datadogSites(given).length === 0
        ? "belongs to an unknown Datadog site"
        : get("/api/v1/validate", { "dd-api-key": given.part }),
    read: byStatus({ 200: live(is(true, "valid"), is(false, "valid")), 401: "dead", 403: dead(list("errors")) }),
  },
  {
    // https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/
    id: "newrelic",
    name: "New Relic",
    rules: ["newrelic-key"],
    fits: ({ part }) => part.startsWith("NRAK-"),
    bases: () => ["https://api.newrelic.com", "https://api.eu.newrelic.com", "https://api.jp.newrelic.com"],
    ask: ({ part }) =>
      post("/graphql", { ...json, "api-key": part }, JSON.stringify({ query: "{ actor { user { id } } }" })),
    read: byStatus({ 200: live(number("data", "actor", "user", "id"), list("errors")), 401: "dead" }),
  },
  {
    // The API's index names the user of the token: https://docs.sentry.io/api/auth/
    id: "sentry",
    name: "Sentry",
    rules: ["sentry-token"],
    bases: at("https://sentry.io"),
    ask: ({ part }) => get("/api/0/", bearer(part)),
    read: byStatus({ 200: live(list("auth", "scopes"), text("version")), 401: "dead" }),
    own: { names: /^SENTRY_(?:URL|BASE_URL|HOST|API_URL)$/i, home: "sentry.io", often: true },
  },
  {
    // https://developer.pagerduty.com/docs/authentication; 20 characters are a REST key, others send events.
    id: "pagerduty",
    name: "PagerDuty",
    rules: ["pagerduty-key"],
    fits: ({ part, name }) => /^[A-Za-z0-9_+-]{20}$/.test(part) && /pager_?duty|(?:^|_)pd_/i.test(name),
    bases: () => ["https://api.pagerduty.com", "https://api.eu.pagerduty.com"],
    ask: ({ part }) =>
      get("/abilities", { authorization: `Token token=${part}`, accept: "application/vnd.pagerduty+json;version=2" }),
    read: byStatus({ 200: live(list("abilities")), 401: "dead", 403: limited(text("error", "message")) }),
  },
  {
    // https://linear.app/developers/graphql: a personal key is alone in the header, an OAuth token after "Bearer".
    id: "linear",
    name: "Linear",
    rules: ["linear-key"],
    fits: ({ part }) => !part.startsWith("lin_wh_"),
    bases: at("https://api.linear.app"),
    ask: ({ part }) =>
      post(
        "/graphql",
        { ...json, ...(part.startsWith("lin_oauth_") ? bearer(part) : { authorization: part }) },
        JSON.stringify({ query: "{ viewer { id } }" }),
      ),
    read: (answer) => {
      if (typeof inside(answer, "data", "viewer", "id") === "string") return "live";
      const code = inside(answer, "errors", 0, "extensions", "code");
      return answer.status === 401 || code === "AUTHENTICATION_ERROR" ? "dead" : null;
    },
  },
  {
    // https://developers.notion.com/reference/get-self
    id: "notion",
    name: "Notion",
    rules: ["notion-token"],
    fits: ({ part, name }) => part.startsWith("ntn_") || /notion/i.test(name),
    bases: at("https://api.notion.com"),
    ask: ({ part }) => get("/v1/users/me", { ...bearer(part), "notion-version": "2022-06-28" }),
    read: byStatus({
      200: live(is("user", "object")),
      401: "dead",
      403: limited(all(is("error", "object"), text("code"))),
    }),
  },
  {
    // https://airtable.com/developers/web/api/get-user-id-scopes: no scope is needed
    id: "airtable",
    name: "Airtable",
    rules: ["airtable-token"],
    bases: at("https://api.airtable.com"),
    ask: ({ part }) => get("/v0/meta/whoami", bearer(part)),
    read: byStatus({ 200: live(text("id")), 401: "dead" }),
  },
  {
    // https://developers.asana.com/docs/errors
    id: "asana",
    name: "Asana",
    rules: ["asana-token"],
    bases: at("https://app.asana.com"),
    ask: ({ part }) => get("/api/1.0/users/me", bearer(part)),
    read: byStatus({ 200: live(text("data", "gid")), 401: "dead", 403: limited(text("errors", 0, "message")) }),
  },
];

/** The site that a variable names, else all but the government's. */
function datadogSites({ beside }: VendorInput): readonly string[] {
  const named = beside(/^(?:DD|DATADOG)_SITE$/i)
    ?.trim()
    .toLowerCase();
  if (named === undefined || named === "") return DATADOG;
  return [...DATADOG, ...DATADOG_GOV].filter((site) => site === named);
}
