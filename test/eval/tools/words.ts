import type { Random } from "./random.ts";

/** Words of which people make passwords, hosts and names. */
export const WORDS = (
  "summer winter autumn spring monkey dragon tiger falcon purple orange silver golden coffee banana cherry mango rocket " +
  "guitar piano violin soccer hockey tennis sunshine rainbow thunder shadow phoenix wizard castle garden forest river " +
  "mountain ocean desert island bridge hammer anchor compass lantern candle pepper ginger cookie muffin waffle panda " +
  "koala turtle dolphin penguin octopus sparrow badger otter beaver walrus velvet marble copper cobalt crimson indigo " +
  "galaxy comet saturn jupiter neptune berlin london paris madrid lisbon vienna prague dublin oslo athens"
).split(" ");

/** Products whose names stand before a variable's own. */
export const PRODUCTS = (
  "grafana nextcloud keycloak gitea wordpress ghost drupal moodle matomo mattermost rocketchat n8n airflow superset " +
  "metabase redash jenkins sonar nexus artifactory minio harbor traefik kong vault consul nomad rabbitmq kafka elastic " +
  "opensearch kibana clickhouse influxdb postgres mysql mariadb mongo redis neo4j cassandra couchdb directus strapi " +
  "appsmith nocodb paperless immich vaultwarden authentik zabbix odoo erpnext saleor medusa plausible umami discourse"
).split(" ");

/** Services of a made-up company. */
export const SERVICES = (
  "api web worker billing orders payments catalog search users accounts auth gateway mailer notifier scheduler reports " +
  "ledger inventory shipping media uploads crawler ingest export legacy backoffice portal"
).split(" ");

export function host(random: Random): string {
  const service = random.pick([...SERVICES, "db", "cache", "queue", "mail", "ldap", "primary", "replica-1"]);
  return random.pick([
    service,
    `${service}.internal`,
    `${service}.prod.svc.cluster.local`,
    `${service}-${random.int(1, 9)}.corp.${random.pick(WORDS)}.io`,
    `10.${random.int(0, 250)}.${random.int(0, 250)}.${random.int(2, 250)}`,
    `${service}.${random.hex(12)}.eu-west-1.rds.amazonaws.com`,
  ]);
}

export function user(random: Random): string {
  return random.pick([
    "app",
    "svc_app",
    "admin",
    "root",
    "deploy",
    "reader",
    "writer",
    "postgres",
    "sa",
    "backup",
    "ci-bot",
    "maria",
    "jsmith",
  ]);
}

/** A variable's name from words, in one of the styles that people use. */
export function styled(random: Random, words: readonly string[]): string {
  const lower = words.map((word) => word.toLowerCase());
  const capital = lower.map((word) => (word[0] ?? "").toUpperCase() + word.slice(1));
  const styles: readonly (() => string)[] = [
    () => lower.join("_"),
    () => (lower[0] ?? "") + capital.slice(1).join(""),
    () => capital.join(""),
    () => lower.join("-"),
    () => lower.join("."),
    () => capital.join("__"),
    () => upper(lower).replace("_", "__"),
  ];
  return random.chance(0.62) ? upper(lower) : random.pick(styles)();
}

/** A name whose last words are given, with the product or service before it that real names carry. */
export function named(random: Random, head: string): string {
  const words = head.toLowerCase().split("_");
  const before = random.chance(0.75) ? [random.pick(random.chance(0.6) ? PRODUCTS : SERVICES)] : [];
  const middle = random.chance(0.15)
    ? [random.pick(["prod", "staging", "admin", "internal", "v2", "default", "db"])]
    : [];
  return styled(random, [...before, ...middle, ...words]);
}

function upper(words: readonly string[]): string {
  return words.join("_").toUpperCase();
}
