import type { Vendor } from "../vendor.ts";
import { all, at, basic, bearer, byStatus, get, inside, is, limited, list, live, number, post, text } from "./make.ts";

const BOT = "DiscordBot (unsprawl, 1)";

/** Chat, mail and telephone. */
export const MESSAGING: readonly Vendor[] = [
  {
    // https://api.slack.com/methods/auth.test: always 200, the body decides. Refresh tokens and cookies cannot be asked.
    id: "slack",
    name: "Slack",
    rules: ["slack-token"],
    fits: ({ part }) => /^(?:xox[bp]|xoxe\.xox[bp])-/.test(part),
    bases: at("https://slack.com"),
    ask: ({ part }) => post("/api/auth.test", bearer(part), ""),
    read: (answer) => {
      if (answer.status !== 200) return null;
      if (inside(answer, "ok") === true) return live(text("user_id"))(answer);
      return DEAD_IN_SLACK.has(inside(answer, "error")) ? "dead" : null;
    },
  },
  {
    // https://discord.com/developers/docs/resources/webhook#get-webhook-with-token: the URL is the secret, nothing is posted.
    id: "discord-webhook",
    name: "Discord",
    rules: ["discord-webhook"],
    bases: at("https://discord.com"),
    ask: ({ part }) => {
      const path =
        /^https?:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com(\/api\/(?:v\d{1,2}\/)?webhooks\/\d+\/[\w-]+)/.exec(part);
      if (path?.[1] === undefined) return "is not a Discord webhook";
      return get(path[1], { "user-agent": BOT }, "the webhook");
    },
    read: (answer) => {
      const code = inside(answer, "code");
      if (answer.status === 404 && code === 10_015) return "dead";
      return answer.status === 401 && code === 50_027
        ? "dead"
        : byStatus({ 200: live(all(text("id"), number("type"))) })(answer);
    },
  },
  {
    // https://discord.com/developers/docs/resources/user#get-current-user
    id: "discord-bot",
    name: "Discord",
    rules: ["discord-bot-token"],
    bases: at("https://discord.com"),
    ask: ({ part }) => get("/api/v10/users/@me", { authorization: `Bot ${part}`, "user-agent": BOT }),
    read: byStatus({ 200: live(all(text("id"), text("username"))), 401: "dead" }),
  },
  {
    // https://core.telegram.org/bots/api#getme: the API takes the token in the path and nowhere else.
    id: "telegram",
    name: "Telegram",
    rules: ["telegram-bot-token"],
    bases: at("https://api.telegram.org"),
    ask: ({ part }) =>
      /^\d+:[\w-]+$/.test(part) ? get(`/bot${part}/getMe`, {}, "/bot…/getMe") : "is not a Telegram token",
    read: byStatus({ 200: live(all(is(true, "ok"), number("result", "id"))), 401: "dead" }),
    own: { names: /^TELEGRAM_(?:BOT_)?API_(?:URL|BASE|BASE_URL|SERVER)$/i, home: "telegram.org", often: false },
  },
  {
    // https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions: any key may ask for its own scopes.
    id: "sendgrid",
    name: "SendGrid",
    rules: ["sendgrid-key"],
    bases: () => ["https://api.sendgrid.com", "https://api.eu.sendgrid.com"],
    ask: ({ part }) => get("/v3/scopes", bearer(part)),
    read: byStatus({ 200: live(list("scopes")), 401: "dead" }),
  },
  {
    // https://documentation.mailgun.com/docs/mailgun/api-reference/api-overview#api-response-codes
    id: "mailgun",
    name: "Mailgun",
    rules: ["mailgun-key", "mailgun-new-key"],
    bases: () => ["https://api.mailgun.net", "https://api.eu.mailgun.net"],
    ask: ({ part }) => get("/v4/domains?limit=1", basic("api", part)),
    read: byStatus({ 200: live(list("items")), 401: "dead", 403: limited(text("message")) }),
    unsure: () => "a key that may only send mail is refused the same way",
  },
  {
    // https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource
    id: "twilio",
    name: "Twilio",
    rules: ["twilio-auth-token"],
    fits: ({ part }) => /^[0-9a-f]{32}$/.test(part),
    bases: at("https://api.twilio.com"),
    ask: ({ part, beside }) => {
      const account = beside(/^TWILIO_(?:ACCOUNT_)?(?:SID|ID)$|^TWILIO_ACCOUNT$/i)?.trim() ?? "";
      if (!/^AC[0-9a-f]{32}$/.test(account)) return "needs the account's SID beside it (TWILIO_ACCOUNT_SID)";
      if (beside(/^TWILIO_(?:REGION|EDGE)$/i) !== null) return "belongs to another Twilio region, which is not checked";
      return get(`/2010-04-01/Accounts/${account}.json`, basic(account, part), "/2010-04-01/Accounts/….json");
    },
    read: byStatus({ 200: live(text("sid")), 401: "dead" }),
  },
  {
    // https://resend.com/docs/api-reference/errors
    id: "resend",
    name: "Resend",
    rules: ["resend-key"],
    bases: at("https://api.resend.com"),
    ask: ({ part }) => get("/domains", bearer(part)),
    read: (answer) => {
      if (answer.status === 200) return live(list("data"))(answer);
      const name = inside(answer, "name");
      return name === "restricted_api_key" ? "limited" : name === "invalid_api_key" ? "dead" : null;
    },
  },
];

const DEAD_IN_SLACK: ReadonlySet<unknown> = new Set([
  "invalid_auth",
  "account_inactive",
  "token_revoked",
  "token_expired",
]);
