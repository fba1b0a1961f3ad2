import type { ContainerDoc } from "./types.ts";

/**
 * Variables that images read only while the data folder is empty. Sources: the README files of the official images
 * (postgres, mysql, mariadb, mongo, influxdb, neo4j, rabbitmq) and of similar ones.
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
 * Notes on variables that take effect only with an empty data volume: migrating them changes no password. Empty if
 * there are none, or if the container has no volume and thus initialises at every start.
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

/** Clients of a database use the same variables: the image's name shows whether it is the server. */
function isServer(image: string, name: string): boolean {
  const own = image.toLowerCase();
  if (/^(POSTGRES|PG)/.test(name)) return /postg|pgvector|timescale|supabase/.test(own);
  return !/^(MYSQL|MARIADB)/.test(name) || /mysql|maria|percona/.test(own);
}
