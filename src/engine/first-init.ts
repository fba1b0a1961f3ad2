import type { ContainerDoc } from "./types.ts";

/**
 * Variables that an image reads only when its data folder is empty, by the name's end. Sources: the README files of the
 * official images (postgres, mysql, mariadb, mongo, influxdb, neo4j, rabbitmq) and of those built like them.
 */
const FIRST_INIT: readonly (readonly [name: RegExp, how: string])[] = [
  [/^(POSTGRES|POSTGRESQL|PG)_(\w+_)?PASS(WORD)?$/, "ALTER ROLE … PASSWORD"],
  [/^(MYSQL|MARIADB)_(ROOT_|REPLICATION_)?PASSWORD(_HASH)?$/, "ALTER USER … IDENTIFIED BY"],
  [/^(MONGO_INITDB_ROOT|MONGODB(_ROOT)?)_PASSWORD$/, "db.changeUserPassword(…)"],
  [/^DOCKER_INFLUXDB_INIT_(PASSWORD|ADMIN_TOKEN)$/, "influx user password, influx auth"],
  [/^RABBITMQ_DEFAULT_PASS$/, "rabbitmqctl change_password"],
  [/^NEO4J_AUTH$/, "ALTER CURRENT USER SET PASSWORD"],
  [
    /^(ELASTIC_PASSWORD|COUCHDB_PASSWORD|CLICKHOUSE_PASSWORD|KEYCLOAK_ADMIN_PASSWORD|KC_BOOTSTRAP_ADMIN_PASSWORD)$/,
    "its own administration",
  ],
  [/_INITDB_(?:\w{1,64}_)?PASSWORD$|_INIT_(?:\w{1,64}_)?(?:PASSWORD|TOKEN)$/, "its own administration"],
];

/**
 * What to know of moved variables that act on an empty volume only: that moving them changes no password. Empty when there
 * is none, and for a container without a volume, which starts anew in any case.
 */
export function firstInitNotes({ Config, Mounts }: ContainerDoc, names: readonly string[]): string[] {
  if (!Mounts?.some(({ RW }) => RW !== false)) return [];
  return names.flatMap((name) => {
    const found = FIRST_INIT.find(([pattern]) => pattern.test(name));
    if (!found || !isServer(Config.Image ?? "", name)) return [];
    return [
      `${name} acts only when the data volume is empty: moving it is not rotating it, and the old value stays the password until ${found[1]}`,
    ];
  });
}

/** A client of a database has the same variables: the image's name tells who keeps the data. */
function isServer(image: string, name: string): boolean {
  const own = image.toLowerCase();
  if (/^(POSTGRES|PG)/.test(name)) return /postg|pgvector|timescale|supabase/.test(own);
  return !/^(MYSQL|MARIADB)/.test(name) || /mysql|maria|percona/.test(own);
}
