import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { Random } from "../tools/random.ts";
import { env, type Drawn, type Kind } from "../tools/row.ts";
import { named, user, WORDS } from "../tools/words.ts";
import { plainPassword } from "./connections.ts";
import { humanPassword } from "./passwords.ts";

const webhook: Kind = {
  kind: "webhook",
  weight: 30,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "SLACK_WEBHOOK_URL",
        `https://hooks.slack.com/services/T${random.of("A", 10)}/B${random.of("A", 10)}/${random.of("n", 24)}`,
      ],
      () => [
        "SLACK_WORKFLOW",
        `https://hooks.slack.com/workflows/T${random.of("A", 10)}/A${random.of("A", 10)}/${random.of("d", 18)}/${random.of("n", 24)}`,
      ],
      () => ["DISCORD_WEBHOOK", `https://discord.com/api/webhooks/1${random.of("d", 18)}/${random.of("w", 68)}`],
      () => ["DISCORD_WEBHOOK_URL", `https://discordapp.com/api/webhooks/1${random.of("d", 17)}/${random.of("w", 68)}`],
      () => [
        "TEAMS_WEBHOOK",
        `https://acme.webhook.office.com/webhookb2/${random.uuid()}@${random.uuid()}/IncomingWebhook/${random.hex(32)}/${random.uuid()}`,
      ],
      () => [
        "TEAMS_FLOW_URL",
        `https://prod-12.westeurope.logic.azure.com:443/workflows/${random.hex(32)}/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${random.of("w", 43)}`,
      ],
      () => ["ALERT_URL", `https://hooks.zapier.com/hooks/catch/${random.of("d", 7)}/${random.of("a", 7)}/`],
      () => [
        "GOOGLE_CHAT_WEBHOOK",
        `https://chat.googleapis.com/v1/spaces/AAAA${random.of("w", 7)}/messages?key=AIza${random.of("w", 35)}&token=${random.of("w", 43)}`,
      ],
      () => ["HEALTHCHECKS_URL", `https://discord.com/api/v10/webhooks/1${random.of("d", 18)}/${random.of("w", 68)}`],
      () => ["SHOUTRRR_URL", `discord://${random.of("w", 68)}@1${random.of("d", 18)}`],
      () => ["NOTIFICATION_URL", `telegram://7${random.of("d", 9)}:AA${random.of("w", 33)}@telegram?chats=@ops`],
      () => ["APPRISE_URL", `slack://T${random.of("A", 9)}/B${random.of("A", 9)}/${random.of("n", 24)}/#alerts`],
      () => ["DINGTALK_WEBHOOK", `https://oapi.dingtalk.com/robot/send?access_token=${random.hex(64)}`],
      () => ["FEISHU_BOT", `https://open.feishu.cn/open-apis/bot/v2/hook/${random.uuid()}`],
      () => ["WECOM_ROBOT", `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${random.uuid()}`],
      () => ["MATTERMOST_HOOK", `https://chat.example.org/hooks/${random.of("a", 26)}`],
      () => ["IFTTT_URL", `https://maker.ifttt.com/trigger/down/with/key/${random.of("w", 22)}`],
      () => ["TELEGRAM_API", `https://api.telegram.org/bot7${random.of("d", 9)}:AA${random.of("w", 33)}/sendMessage`],
    ]);
    return () => {
      const [name, value] = next()();
      return env(
        random,
        random.chance(0.75) ? name : named(random, random.pick(["WEBHOOK_URL", "NOTIFY_URL", "ALERT_ENDPOINT"])),
        value,
      );
    };
  },
};

const signed: Kind = {
  kind: "signed-url",
  weight: 30,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "BLOB_URL",
        `https://acme.blob.core.windows.net/data?sv=2022-11-02&ss=b&srt=co&sp=rwdlac&se=2031-01-01T00:00:00Z&st=2024-01-01T00:00:00Z&spr=https&sig=${encodeURIComponent(random.base64(32))}`,
      ],
      () => [
        "AZURE_SAS_TOKEN",
        `?sv=2021-06-08&ss=bfqt&srt=sco&sp=rl&se=2030-12-31T23:59:59Z&sig=${encodeURIComponent(random.base64(32))}`,
      ],
      () => [
        "QUEUE_ENDPOINT",
        `https://acme.queue.core.windows.net/jobs?sp=raup&se=2030-05-01&sv=2022-11-02&sr=q&sig=${encodeURIComponent(random.base64(32))}`,
      ],
      () => [
        "DOWNLOAD_URL",
        `https://acme.s3.eu-west-1.amazonaws.com/model.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${random.fill("AKIA{16:B}")}%2F20250301%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20250301T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=${random.hex(64)}`,
      ],
      () => [
        "MODEL_URL",
        `https://storage.googleapis.com/acme/model.tar?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=ci%40acme.iam.gserviceaccount.com%2F20250301%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20250301T000000Z&X-Goog-Expires=86400&X-Goog-SignedHeaders=host&X-Goog-Signature=${random.hex(256)}`,
      ],
      () => [
        "SERVICEBUS_SAS",
        `SharedAccessSignature sr=https%3a%2f%2facme.servicebus.windows.net%2f&sig=${encodeURIComponent(random.base64(32))}&se=1900000000&skn=root`,
      ],
      () => [
        "CDN_URL",
        `https://cdn.example.org/v.m3u8?Expires=1900000000&Signature=${random.of("w", 172)}&Key-Pair-Id=K${random.of("A", 13)}`,
      ],
      () => ["API_URL", `https://api.example.org/v1/export?api_key=${random.of("n", 32)}`],
      () => ["FEED_URL", `https://gitlab.example.org/acme.atom?feed_token=${random.of("w", 20)}`],
      () => ["GEO_ENDPOINT", `https://geo.example.org/lookup?format=json&access_token=${random.of("n", 40)}`],
      () => ["CALLBACK", `https://hooks.example.org/in?client_secret=${random.of("w", 32)}&tenant=acme`],
      () => ["RPC_URL", `https://eth-mainnet.g.alchemy.com/v2/${random.of("w", 32)}`],
      () => ["STREAM_URL", `wss://stream.example.org/ws?token=${random.of("n", 32)}`],
    ]);
    return () => env(random, ...next()());
  },
};

const pair: Kind = {
  kind: "user-pass",
  weight: 22,
  make: (random) => () => {
    if (random.chance(0.12)) return env(random, "NEO4J_AUTH", `neo4j/${plainPassword(random)}`);
    const name = random.pick([
      "BASIC_AUTH",
      "HTTP_BASIC_AUTH",
      "AUTH",
      "CREDENTIALS",
      "FLOWER_BASIC_AUTH",
      "ADMIN_CREDENTIALS",
      "PROXY_AUTH",
      "API_AUTH",
      "basic-auth",
      "REGISTRY_AUTH",
      "SE_ROUTER_AUTH",
      "SFTP_USERS_AUTH",
      "USERPWD",
    ]);
    return env(random, name, `${user(random)}:${random.chance(0.5) ? humanPassword(random) : plainPassword(random)}`);
  },
};

const CRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function hash(random: Random): string {
  const crypt = (length: number): string => random.from(CRYPT, length);
  const plain = (bytes: number): string => random.base64(bytes).replaceAll("=", "");
  const word = random.pick(WORDS);
  return random.pick([
    () => `$2${random.pick(["a", "b", "y"])}$${random.pick(["10", "12", "05"])}$${crypt(53)}`,
    () => `$apr1$${crypt(8)}$${crypt(22)}`,
    () => `$6$${crypt(16)}$${crypt(86)}`,
    () => `$5$rounds=5000$${crypt(16)}$${crypt(43)}`,
    () => `$y$j9T$${crypt(22)}$${crypt(43)}`,
    () => `$argon2id$v=19$m=65536,t=3,p=4$${plain(16)}$${plain(32)}`,
    () => `$scrypt$ln=16,r=8,p=1$${plain(16)}$${plain(32)}`,
    () => `{SSHA}${Buffer.concat([createHash("sha1").update(word).digest(), random.bytes(4)]).toString("base64")}`,
    () => `{SHA}${createHash("sha1").update(word).digest("base64")}`,
    () =>
      `pbkdf2_sha256$600000$${random.of("n", 22)}$${pbkdf2Sync(word, random.bytes(8), 1, 32, "sha256").toString("base64")}`,
    () =>
      `SCRAM-SHA-256$4096:${random.base64(16)}$${random.base64(32)}:${createHmac("sha256", word).update("s").digest("base64")}`,
  ])();
}

const hashed: Kind = {
  kind: "password-hash",
  weight: 38,
  make: (random) => (): Drawn => {
    const value = hash(random);
    const [name, text] = random.pick<() => readonly [string, string]>([
      () => [
        random.pick(["HTPASSWD", "BASIC_AUTH_USERS", "TRAEFIK_USERS", "USERS", "HTPASSWD_CONTENT"]),
        `${user(random)}:${value}`,
      ],
      () => [
        random.pick([
          "ADMIN_PASSWORD_HASH",
          "HASHED_PASSWORD",
          "PASSWORD_HASH",
          "PASSWD_HASH",
          "UI_PASSWORD_BCRYPT",
          "PASSWORD_ENCRYPTED",
        ]),
        value,
      ],
      () => [named(random, "PASSWORD_HASH"), value],
      () => [random.pick(["WG_EASY_LOGIN", "PORTAINER_BOOT", "UI_ENTRY"]), value],
      () => [
        random.pick(["SHADOW_LINE", "SHADOW", "USER_SHADOW"]),
        `${user(random)}:${value.startsWith("$") ? value : `$6$${random.of("n", 16)}$${random.of("n", 86)}`}:19700:0:99999:7:::`,
      ],
      () => ["HTPASSWD", `${user(random)}:${value}\n${user(random)}2:${hash(random)}`],
    ])();
    return env(random, name, text);
  },
};

export const CAPABILITIES: readonly Kind[] = [webhook, signed, pair, hashed];
