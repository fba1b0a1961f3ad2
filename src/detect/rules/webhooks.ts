import { shaped, type Rule } from "./rule.ts";

/** URLs that are a capability: whoever knows one may post. */
export const WEBHOOKS: readonly Rule[] = [
  shaped({
    id: "slack-webhook",
    vendor: "Slack",
    description: "Slack incoming webhook or workflow trigger",
    keywords: ["hooks.slack.com", "hooks.slack-gov.com"],
    pattern:
      /(?<secret>https?:\/\/hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9_]{5,20}\/[A-Za-z0-9_]{5,24}\/[A-Za-z0-9_/]{16,100})/d,
    examples: (kit) => [`https://hooks.slack.com/services/T${kit.base32(8)}/B${kit.base32(10)}/${kit.base62(24)}`],
    counterExamples: () => [
      "https://hooks.slack.com/services/",
      `https://hooks.slack.com/services/T${"0".repeat(8)}/B${"0".repeat(8)}/${"X".repeat(24)}`,
    ],
    reference: "https://api.slack.com/messaging/webhooks",
  }),
  shaped({
    id: "discord-webhook",
    vendor: "Discord",
    description: "Discord webhook",
    keywords: ["discord.com/api/", "discordapp.com/api/"],
    pattern:
      /(?<secret>https?:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{15,22}\/[A-Za-z0-9_-]{50,90})/d,
    examples: (kit) => [
      `https://discord.com/api/webhooks/1${kit.digits(18)}/${kit.urlsafe(68)}`,
      `https://ptb.discordapp.com/api/v10/webhooks/1${kit.digits(18)}/${kit.urlsafe(68)}`,
    ],
    counterExamples: () => ["https://discord.com/api/webhooks/"],
    reference: "https://discord.com/developers/docs/resources/webhook",
  }),
  shaped({
    id: "notification-url",
    vendor: "shoutrrr",
    description: "Notification URL of shoutrrr or Apprise with a token in it",
    keywords: [
      "discord://",
      "slack://",
      "telegram://",
      "gotify://",
      "gotifys://",
      "pushover://",
      "teams://",
      "tgram://",
      "ntfy://",
      "ntfys://",
      "matrix://",
      "matrixs://",
      "pushbullet://",
      "join://",
      "ifttt://",
      "mattermost://",
      "mattermosts://",
      "rocketchat://",
      "zulip://",
      "opsgenie://",
      "bark://",
      "hook:",
    ],
    pattern:
      /(?<secret>(?:discord|slack|telegram|gotifys?|pushover|teams|tgram|ntfys?|matrixs?|pushbullet|join|ifttt|mattermosts?|rocketchat|zulip|opsgenie|bark):\/\/[^\s"',]{0,80}[A-Za-z0-9_:-]{14,100}[^\s"']{0,200})/d,
    confidence: "medium",
    validate: (secret) =>
      /\d[A-Za-z_:-]|[a-z][A-Z0-9]/.test(secret.slice(secret.indexOf("://"))) && /[A-Za-z0-9_-]{16,}/.test(secret)
        ? "wrong"
        : "fake",
    examples: (kit) => [
      `discord://${kit.urlsafe(68)}@1${kit.digits(17)}`,
      `telegram://1${kit.digits(9)}:AA${kit.base62(33)}@telegram?chats=me`,
    ],
    counterExamples: () => ["slack://open", "ntfy://ntfy.example.org/alerts"],
    reference: "https://containrrr.dev/shoutrrr/latest/services/overview/",
  }),
  shaped({
    id: "rpc-endpoint",
    vendor: "various",
    description: "Blockchain RPC endpoint with its key in the path (Infura, Alchemy, QuickNode)",
    keywords: ["infura.io/", "alchemy.com/", "quiknode.pro/", "ankr.com/"],
    pattern:
      /(?<secret>(?:https?|wss?):\/\/(?:[a-z0-9-]{1,40}\.){0,4}(?:infura\.io|alchemy\.com|quiknode\.pro|ankr\.com)\/(?:[a-z0-9_]{1,20}\/){0,3}[A-Za-z0-9_-]{32,64})/d,
    examples: (kit) => [
      `https://mainnet.infura.io/v3/${kit.hex(32)}`,
      `https://eth-mainnet.g.alchemy.com/v2/${kit.base62(32)}`,
    ],
    counterExamples: () => ["https://mainnet.infura.io/v3/", "https://docs.alchemy.com/reference/api"],
    reference: "https://docs.metamask.io/services/how-to/secure-an-api/",
  }),
  shaped({
    id: "private-calendar",
    vendor: "Google",
    description: "Private address of a Google calendar",
    keywords: ["/calendar/ical/"],
    pattern:
      /(?<secret>https:\/\/calendar\.google\.com\/calendar\/ical\/[^\s/]{3,200}\/private-[0-9a-f]{32}\/basic\.ics)/d,
    examples: (kit) => [`https://calendar.google.com/calendar/ical/me%40mail.test/private-${kit.hex(32)}/basic.ics`],
    counterExamples: () => ["https://calendar.google.com/calendar/ical/me%40example.org/public/basic.ics"],
    reference: "https://support.google.com/calendar/answer/37648",
  }),
  shaped({
    id: "teams-webhook",
    vendor: "Microsoft",
    description: "Teams incoming webhook or Power Automate trigger",
    keywords: [
      "webhook.office.com",
      "outlook.office.com/webhook",
      "outlook.office365.com/webhook",
      "logic.azure.com",
      "powerplatform.com",
    ],
    pattern:
      /(?<secret>https:\/\/(?:[a-z0-9-]{1,60}\.webhook\.office\.com\/webhookb2|outlook\.office(?:365)?\.com\/webhook)\/[0-9a-f-]{36}@[0-9a-f-]{36}\/IncomingWebhook\/[0-9a-f]{32}\/[0-9a-f-]{36}[A-Za-z0-9/_-]{0,120}|https:\/\/[a-z0-9.-]{1,120}\.(?:logic\.azure|powerplatform)\.com[:\d]{0,5}\/[^\s"']{1,300}[?&]sig=[A-Za-z0-9_%-]{20,80})/d,
    examples: (kit) => [
      `https://contoso.webhook.office.com/webhookb2/${kit.uuid()}@${kit.uuid()}/IncomingWebhook/${kit.hex(32)}/${kit.uuid()}`,
    ],
    counterExamples: () => ["https://contoso.webhook.office.com/webhookb2/"],
    reference:
      "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
  }),
  shaped({
    id: "google-chat-webhook",
    vendor: "Google",
    description: "Google Chat webhook",
    keywords: ["chat.googleapis.com"],
    pattern:
      /(?<secret>https:\/\/chat\.googleapis\.com\/v1\/spaces\/[A-Za-z0-9_-]{5,40}\/messages\?[^\s"']{0,120}token=[A-Za-z0-9_%=-]{20,80})/d,
    examples: (kit) => [
      `https://chat.googleapis.com/v1/spaces/${kit.base62(11)}/messages?key=a&token=${kit.urlsafe(43)}`,
    ],
    counterExamples: () => ["https://chat.googleapis.com/v1/spaces/AAAA/messages"],
    reference: "https://developers.google.com/workspace/chat/quickstart/webhooks",
  }),
  shaped({
    id: "automation-webhook",
    vendor: "various",
    description:
      "Webhook of an automation service (Zapier, Make, IFTTT, Pipedream, n8n, Airtable, Webex, PagerDuty, DingTalk, Feishu, WeCom, ServerChan)",
    keywords: [
      "hooks.zapier.com",
      ".make.com",
      "maker.ifttt.com",
      ".m.pipedream.net",
      "oapi.dingtalk.com",
      "open.feishu.cn",
      "open.larksuite.com",
      "qyapi.weixin.qq.com",
      "events.pagerduty.com/integration",
      "n8n.cloud/webhook/",
      "hooks.airtable.com",
      "webexapis.com/v1/webhooks/incoming",
      "sctapi.ftqq.com",
    ],
    pattern:
      /(?<secret>https?:\/\/(?:hooks\.zapier\.com\/hooks\/catch\/\d{4,12}\/[A-Za-z0-9]{5,20}|hook\.(?:[a-z0-9]{2,6}\.)?make\.com\/[a-z0-9]{20,50}|maker\.ifttt\.com\/trigger\/[\w-]{1,60}\/(?:json\/)?with\/key\/[A-Za-z0-9_-]{10,80}|[a-z0-9]{12,20}\.m\.pipedream\.net|oapi\.dingtalk\.com\/robot\/send\?access_token=[0-9a-f]{64}|open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot\/v2\/hook\/[0-9a-f-]{36}|qyapi\.weixin\.qq\.com\/cgi-bin\/webhook\/send\?key=[0-9a-f-]{36}|events\.pagerduty\.com\/integration\/[0-9a-f]{32}\/enqueue|[a-z0-9-]{1,60}\.app\.n8n\.cloud\/webhook\/[0-9a-f-]{36}|hooks\.airtable\.com\/workflows\/v1\/genericWebhook\/[A-Za-z0-9]{12,20}\/[A-Za-z0-9]{12,20}\/[A-Za-z0-9]{12,20}|webexapis\.com\/v1\/webhooks\/incoming\/[A-Za-z0-9_-]{60,120}|sctapi\.ftqq\.com\/SCT[A-Za-z0-9]{20,60}\.send))/d,
    examples: (kit) => [
      `https://hooks.zapier.com/hooks/catch/${kit.digits(7)}/${kit.alnum(7)}/`,
      `https://hook.eu1.make.com/${kit.alnum(32)}`,
      `https://oapi.dingtalk.com/robot/send?access_token=${kit.hex(64)}`,
    ],
    counterExamples: () => ["https://hooks.zapier.com/", "https://www.make.com/en"],
    reference: "https://help.zapier.com/hc/en-us/articles/8496288690317",
  }),
  shaped({
    id: "deploy-hook",
    vendor: "various",
    description:
      "URL that starts a build or a deployment (Netlify, Vercel, Render, Cloudflare Pages, Docker Hub, Coolify)",
    keywords: [
      "api.netlify.com/build_hooks/",
      "api.vercel.com/v1/integrations/deploy/",
      "api.render.com/deploy/",
      "/pages/webhooks/deploy_hooks/",
      "hub.docker.com/api/build/v1/source/",
    ],
    pattern:
      /(?<secret>https:\/\/(?:api\.netlify\.com\/build_hooks\/[0-9a-f]{24}|api\.vercel\.com\/v1\/integrations\/deploy\/(?:prj_)?[A-Za-z0-9]{20,40}\/[A-Za-z0-9]{8,30}|api\.render\.com\/deploy\/srv-[a-z0-9]{20}\?key=[A-Za-z0-9_-]{8,30}|api\.cloudflare\.com\/client\/v4\/pages\/webhooks\/deploy_hooks\/[0-9a-f-]{36}|hub\.docker\.com\/api\/build\/v1\/source\/[0-9a-f-]{36}\/trigger\/[0-9a-f-]{36}))/d,
    severity: "medium",
    examples: (kit) => [
      `https://api.netlify.com/build_hooks/${kit.hex(24)}`,
      `https://api.vercel.com/v1/integrations/deploy/prj_${kit.base62(28)}/${kit.base62(10)}`,
      `https://api.render.com/deploy/srv-${kit.alnum(20)}?key=${kit.urlsafe(11)}`,
    ],
    counterExamples: () => ["https://api.netlify.com/build_hooks/", "https://api.render.com/deploy/srv-"],
    reference: "https://docs.netlify.com/configure-builds/build-hooks/",
  }),
  shaped({
    id: "heartbeat-url",
    vendor: "various",
    description:
      "Ping address of a watched job (Healthchecks, Better Stack, Cronitor, Dead Man's Snitch): whoever knows it can hide an outage",
    keywords: ["hc-ping.com/", "/api/v1/heartbeat/", "cronitor.link/", "nosnch.in/"],
    pattern:
      /(?<secret>https?:\/\/(?:hc-ping\.com\/(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9_-]{22}\/[a-z0-9_-]{1,60})|uptime\.betterstack\.com\/api\/v1\/heartbeat\/[A-Za-z0-9]{20,30}|betteruptime\.com\/api\/v1\/heartbeat\/[A-Za-z0-9]{20,30}|cronitor\.link\/p\/[0-9a-f]{32}\/[A-Za-z0-9_-]{1,60}|nosnch\.in\/[0-9a-f]{10}))/d,
    severity: "medium",
    examples: (kit) => [
      `https://hc-ping.com/${kit.uuid()}`,
      `https://uptime.betterstack.com/api/v1/heartbeat/${kit.base62(24)}`,
      `https://cronitor.link/p/${kit.hex(32)}/nightly`,
    ],
    counterExamples: () => ["https://hc-ping.com/", "https://uptime.betterstack.com/api/v1/heartbeat/"],
    reference: "https://healthchecks.io/docs/http_api/",
  }),
  shaped({
    id: "chat-server-webhook",
    vendor: "various",
    description: "Incoming webhook of a chat server of one's own (Mattermost, Rocket.Chat), or of Zoho Cliq",
    keywords: ["/hooks/", "cliq.zoho."],
    pattern:
      /(?<secret>https?:\/\/(?:[A-Za-z0-9.:-]{3,100}\/hooks\/(?:[a-z0-9]{26}|[A-Za-z0-9]{17,24}\/[A-Za-z0-9]{43,64})(?![A-Za-z0-9/_-])|cliq\.zoho\.[a-z.]{2,6}\/api\/v2\/[a-z]{1,20}\/[a-z0-9]{1,60}\/message\?zapikey=[0-9a-f.]{40,90}))/d,
    examples: (kit) => [
      `https://chat.test/hooks/${kit.alnum(26)}`,
      `https://chat.test/hooks/${kit.base62(24)}/${kit.base62(48)}`,
    ],
    counterExamples: () => ["https://chat.test/hooks/deploy", "https://git.test/api/hooks/12"],
    reference: "https://developers.mattermost.com/integrate/webhooks/incoming/",
  }),
];
