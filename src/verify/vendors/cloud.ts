import type { VendorInput, Vendor } from "../vendor.ts";
import { all, at, bearer, byStatus, either, get, inside, limited, live, text } from "./make.ts";

/** Clouds and hosters, but for AWS, which wants a signature. */
export const CLOUD: readonly Vendor[] = [
  {
    // https://docs.digitalocean.com/reference/api/: 403 is a token without the scope.
    id: "digitalocean",
    name: "DigitalOcean",
    rules: ["digitalocean-token"],
    fits: ({ part }) => /^do[po]_/.test(part),
    bases: at("https://api.digitalocean.com"),
    ask: ({ part }) => get("/v2/account", bearer(part)),
    read: byStatus({ 200: live(text("account", "uuid")), 401: "dead", 403: limited(all(text("id"), text("message"))) }),
  },
  {
    // https://devcenter.heroku.com/articles/platform-api-reference#error-responses
    id: "heroku",
    name: "Heroku",
    rules: ["heroku-token", "heroku-api-key"],
    bases: at("https://api.heroku.com"),
    ask: ({ part }) => get("/account", { ...bearer(part), accept: "application/vnd.heroku+json; version=3" }),
    read: (answer) =>
      answer.status === 403 && inside(answer, "id") === "forbidden"
        ? "limited"
        : byStatus({ 200: live(all(text("id"), text("email"))), 401: "dead" })(answer),
  },
  {
    // https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/verify/ and the account's own one;
    // https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/ says which newer token is whose.
    id: "cloudflare",
    name: "Cloudflare",
    rules: ["cloudflare-token", "cloudflare-scannable-token"],
    // 37 hex digits, or cfk_, are the global key, which is nothing without its mail address.
    fits: ({ part }) => /^(?:cf[ua]t_|[A-Za-z0-9_-]{40}$)/.test(part),
    bases: (given) => {
      const account = accountOf(given);
      const user = given.part.startsWith("cfat_") ? [] : ["https://api.cloudflare.com/client/v4/user"];
      if (account === null || given.part.startsWith("cfut_")) return user;
      return [...user, `https://api.cloudflare.com/client/v4/accounts/${account}`];
    },
    ask: (given) =>
      given.part.startsWith("cfat_") && accountOf(given) === null
        ? "needs the account's id beside it (CLOUDFLARE_ACCOUNT_ID)"
        : get("/tokens/verify", bearer(given.part)),
    read: (answer) => {
      if (answer.status !== 200) return byStatus({ 401: "dead" })(answer);
      const status = inside(answer, "result", "status");
      if (typeof status !== "string") return "foreign";
      return status === "active" ? "live" : status === "disabled" || status === "expired" ? "dead" : null;
    },
    unsure: (given) =>
      accountOf(given) === null && !given.part.startsWith("cfut_")
        ? "a token of an account needs CLOUDFLARE_ACCOUNT_ID beside it"
        : null,
  },
  {
    // https://vercel.com/docs/rest-api/reference/endpoints/user/get-the-user; 403 is said of bad tokens and of narrow ones.
    id: "vercel",
    name: "Vercel",
    rules: ["vercel-token"],
    fits: ({ part }) => part.startsWith("vcp_"),
    bases: at("https://api.vercel.com"),
    ask: ({ part }) => get("/v2/user", bearer(part)),
    read: (answer) =>
      answer.status === 403 && inside(answer, "error", "invalidToken") === true
        ? "dead"
        : byStatus({ 200: live(text("user", "id")) })(answer),
  },
  {
    // https://docs.netlify.com/api/get-started/#authentication; the API's specification says that it lists its one user.
    id: "netlify",
    name: "Netlify",
    rules: ["netlify-token"],
    fits: ({ part }) => part.startsWith("nfp_"),
    bases: at("https://api.netlify.com"),
    ask: ({ part }) => get("/api/v1/user", bearer(part)),
    read: byStatus({ 200: live(either(text("id"), text(0, "id"))), 401: "dead" }),
  },
  {
    // https://docs.doppler.com/reference/auth-me
    id: "doppler",
    name: "Doppler",
    rules: ["doppler-token"],
    fits: ({ part }) => /^dp\.(?:st|pt|ct|sa)\./.test(part),
    bases: at("https://api.doppler.com"),
    ask: ({ part }) => get("/v3/me", bearer(part)),
    read: byStatus({ 200: live(text("workplace", "slug")), 401: "dead" }),
  },
];

function accountOf({ beside }: VendorInput): string | null {
  const id = beside(/^(?:CLOUDFLARE|CF)_ACCOUNT(?:_ID)?$/i)?.trim() ?? "";
  return /^[0-9a-f]{32}$/.test(id) ? id : null;
}
