import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { host, named, user, WORDS } from "../tools/words.ts";
import { humanPassword, WEAK } from "./passwords.ts";

/** A password that stands in a URL or a string as it is: no character that either would need escaped. */
export function plainPassword(random: Random): string {
  return random.pick([
    () => humanPassword(random).replaceAll(/[^A-Za-z0-9._!-]/g, ""),
    () => random.of("n", random.pick([12, 16, 20, 24])),
    () => random.hex(24),
    () => random.pick(WEAK),
    () => `${random.pick(WORDS)}${random.int(1, 99)}`,
  ])();
}

/** The same for a URL, sometimes percent-encoded as the standard asks. */
export function urlPassword(random: Random): string {
  return random.chance(0.25)
    ? encodeURIComponent(`${random.of("n", 6)}@${random.of("n", 4)}#/${random.of("n", 4)}`)
    : plainPassword(random);
}

const SCHEMES: readonly (readonly [names: string, schemes: string, rest: string])[] = [
  [
    "DATABASE_URL DB_URL POSTGRES_URL DB_DSN",
    "postgres postgresql postgresql+psycopg2 postgresql+asyncpg postgis",
    ":5432/app?sslmode=require",
  ],
  [
    "DATABASE_URL MYSQL_URL SQLALCHEMY_DATABASE_URI DB_CONN",
    "mysql mysql2 mysql+pymysql mariadb mysql+aiomysql",
    ":3306/shop?charset=utf8mb4",
  ],
  [
    "MONGO_URL MONGODB_URI MONGO_URI ME_CONFIG_MONGODB_URL",
    "mongodb mongodb+srv",
    "/admin?retryWrites=true&w=majority",
  ],
  ["AMQP_URL RABBITMQ_URL CELERY_BROKER_URL BROKER_URL CLOUDAMQP_URL", "amqp amqps pyamqp", ":5672/vhost"],
  ["SMTP_URL MAILER_DSN EMAIL_URL MAIL_URL", "smtp smtps smtp+tls submission", ":587"],
  ["LDAP_URL AUTH_LDAP_URI", "ldap ldaps", ":636/dc=example,dc=org"],
  ["ELASTICSEARCH_URL ELASTIC_URL OPENSEARCH_HOSTS", "http https", ":9200"],
  ["CLICKHOUSE_URL CH_DSN", "clickhouse clickhouse+native tcp", ":9000/default"],
  ["MSSQL_URL SQLSERVER_DSN", "mssql sqlserver mssql+pyodbc", ":1433?database=app"],
  ["ORACLE_URL", "oracle oracle+cx_oracle", ":1521/?service_name=orcl"],
  ["FTP_URL BACKUP_TARGET SFTP_URL UPLOAD_URL", "ftp ftps sftp", "/backups"],
  ["NATS_URL", "nats tls", ":4222"],
  ["MQTT_URL MQTT_BROKER", "mqtt mqtts ws", ":1883"],
  ["HTTP_PROXY HTTPS_PROXY http_proxy ALL_PROXY", "http https socks5", ":3128"],
  ["PIP_INDEX_URL PIP_EXTRA_INDEX_URL GOPROXY UV_INDEX_URL BUNDLE_MIRROR", "https", "/repository/simple/"],
  ["GIT_REPO GIT_URL REPO_URL GIT_REMOTE", "https", "/team/app.git"],
  ["RTSP_URL CAMERA_1 STREAM_SOURCE", "rtsp rtsps", ":554/stream1"],
  ["INFLUX_URL METRICS_ENDPOINT REMOTE_WRITE_URL", "https http", ":8086/write?db=metrics"],
  ["NEO4J_URL COUCHDB_URL", "bolt neo4j http", ":7687"],
  ["COCKROACH_URL CRDB_DSN REDSHIFT_URL", "cockroachdb redshift+psycopg2 postgresql", ":26257/bank"],
  ["CASSANDRA_URL SNOWFLAKE_URL TRINO_URL", "cassandra snowflake trino", "/prod"],
  ["SSH_TARGET RSYNC_TARGET WEBDAV_URL", "ssh rsync davs", "/data"],
  ["VAULTED_UPSTREAM UPSTREAM ENDPOINT BACKEND TARGET", "http https", "/api/v1"],
];

const url: Kind = {
  kind: "connection-url",
  weight: 85,
  make: (random) => {
    const next = random.deck(SCHEMES);
    return () => {
      const [names, schemes, rest] = next();
      const name = random.chance(0.7)
        ? random.pick(names.split(" "))
        : named(random, random.pick(["URL", "URI", "DSN", "CONNECTION", "ENDPOINT"]));
      return env(
        random,
        name,
        `${random.pick(schemes.split(" "))}://${user(random)}:${urlPassword(random)}@${host(random)}${rest}`,
      );
    };
  },
};

/** Shapes of URLs that common patterns miss. */
const rare: Kind = {
  kind: "connection-url-rare",
  weight: 55,
  make: (random) => {
    const at = (): string => host(random);
    const next = random.deck<() => readonly [string, string]>([
      () => [
        random.pick(["REDIS_URL", "CACHE_URL", "CELERY_RESULT_BACKEND"]),
        `${random.pick(["redis", "rediss", "redis+cluster", "valkey"])}://:${urlPassword(random)}@${at()}:6379/${random.int(0, 9)}`,
      ],
      () => ["REDIS_URL", `redis://${at()}:6379/0?password=${random.of("n", 16)}`],
      () => [
        "MONGODB_URI",
        `mongodb://app:${plainPassword(random)}@${at()}:27017,${at()}:27017,${at()}:27017/app?replicaSet=rs0&authSource=admin`,
      ],
      () => [
        "PG_DSN",
        `postgresql://app:${plainPassword(random)}@${at()}:5432,${at()}:5432/app?target_session_attrs=read-write`,
      ],
      () => ["SENTINEL_URLS", `redis-sentinel://:${plainPassword(random)}@${at()}:26379,${at()}:26379/mymaster/0`],
      () => ["DATABASE_URL", `postgres://${at()}/app?user=app&password=${random.of("n", 14)}&sslmode=require`],
      () => ["KAFKA_REST", `https://${random.of("A", 16)}:${random.of("b", 64).replaceAll("/", "x")}@${at()}:8082`],
      () => [
        "ES_HOSTS",
        JSON.stringify([`https://elastic:${plainPassword(random)}@${at()}:9200`, `https://${at()}:9200`]),
      ],
      () => ["NATS_SERVERS", `nats://sys:${plainPassword(random)}@${at()}:4222,nats://${at()}:4223`],
      () => ["GITHUB_REMOTE", `https://x-access-token:${random.of("n", 40)}@github.com/acme/app.git`],
      () => ["GIT_MIRROR", `https://oauth2:${random.of("w", 20)}@gitlab.example.org/acme/app.git`],
      () => [
        "MAILER_DSN",
        `smtp://${encodeURIComponent("robot@example.org")}:${urlPassword(random)}@${at()}:465?encryption=ssl`,
      ],
      () => ["DSN", `mysql://root:${plainPassword(random)}@unix(/var/run/mysqld/mysqld.sock)/app`],
      () => ["CLOUDINARY_URL", `cloudinary://${random.of("d", 15)}:${random.of("w", 27)}@acme`],
      () => ["AIRFLOW_CONN_WAREHOUSE", `postgres://etl:${urlPassword(random)}@${at()}:5432/dwh?connect_timeout=10`],
      () => ["CELERY_BROKER_URL", `sqs://${random.fill("AKIA{16:B}")}:${encodeURIComponent(random.of("b", 40))}@`],
      () => ["S3_ENDPOINT_URL", `s3://${random.fill("AKIA{16:B}")}:${random.of("n", 40)}@bucket.s3.amazonaws.com`],
      () => ["APPRISE_URLS", `mailtos://alerts:${plainPassword(random)}@${at()}?to=ops@example.org`],
      () => ["UPSTREAMS", `http://${at()}:8080;http://svc:${plainPassword(random)}@${at()}:8081`],
      () => [
        "SHADOWSOCKS_URL",
        `ss://${Buffer.from(`aes-256-gcm:${random.of("n", 16)}`).toString("base64url")}@${at()}:8388`,
      ],
      () => ["CALENDAR_FEED", `https://user%40example.org:${urlPassword(random)}@dav.example.org/cal.ics`],
    ]);
    return () => env(random, ...next()());
  },
};

/** Connection strings that are no URL. */
const text: Kind = {
  kind: "connection-string",
  weight: 90,
  make: (random) => {
    const at = (): string => host(random);
    const word = (): string => plainPassword(random);
    const next = random.deck<() => readonly [string, string]>([
      () => ["SPRING_DATASOURCE_URL", `jdbc:postgresql://${at()}:5432/app?user=app&password=${word()}&ssl=true`],
      () => ["JDBC_URL", `jdbc:mysql://${at()}:3306/app?user=root&password=${word()}&useSSL=false`],
      () => ["JDBC_URL", `jdbc:sqlserver://${at()}:1433;databaseName=app;user=sa;password=${word()};encrypt=true`],
      () => ["ORACLE_JDBC", `jdbc:oracle:thin:app/${word()}@//${at()}:1521/ORCLPDB1`],
      () => ["DB_JDBC", `jdbc:mariadb://app:${word()}@${at()}:3306/app`],
      () => [
        "SNOWFLAKE_JDBC",
        `jdbc:snowflake://acme.snowflakecomputing.com/?user=etl&password=${word()}&warehouse=WH`,
      ],
      () => ["DB_DSN", `app:${word()}@tcp(${at()}:3306)/app?parseTime=true`],
      () => ["MYSQL_DSN", `root:${word()}@unix(/tmp/mysql.sock)/app`],
      () => ["GORM_DSN", `host=${at()} user=app password=${word()} dbname=app port=5432 sslmode=disable TimeZone=UTC`],
      () => ["PG_CONN", `host='${at()}' port=5432 dbname='app' user='app' password='${word()} ${random.int(1, 99)}'`],
      () => [
        "ConnectionStrings__Default",
        `Server=${at()};Database=App;User Id=sa;Password=${word()};TrustServerCertificate=True`,
      ],
      () => ["CONNECTION_STRING", `Data Source=${at()},1433;Initial Catalog=App;UID=app;PWD=${word()};Encrypt=yes`],
      () => ["ConnectionStrings__Pg", `Host=${at()};Port=5432;Username=app;Password="${word()};x";Database=app`],
      () => ["ODBC_DSN", `Driver={ODBC Driver 18 for SQL Server};Server=tcp:${at()},1433;Uid=app;Pwd={${word()}};`],
      () => [
        "AZURE_STORAGE_CONNECTION_STRING",
        `DefaultEndpointsProtocol=https;AccountName=acmedata;AccountKey=${random.base64(64)};EndpointSuffix=core.windows.net`,
      ],
      () => [
        "SERVICEBUS_CONNECTION",
        `Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${random.base64(32)}`,
      ],
      () => [
        "IOTHUB_CONNECTION_STRING",
        `HostName=acme.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=${random.base64(32)}`,
      ],
      () => [
        "COSMOS_CONNECTION",
        `AccountEndpoint=https://acme.documents.azure.com:443/;AccountKey=${random.base64(64)};`,
      ],
      () => [
        "SIGNALR_CONNECTION",
        `Endpoint=https://acme.service.signalr.net;AccessKey=${random.base64(32)};Version=1.0;`,
      ],
      () => [
        "APPCONFIG_CONNECTION",
        `Endpoint=https://acme.azconfig.io;Id=${random.of("n", 4)}-l0-s0:${random.of("n", 20)};Secret=${random.base64(32)}`,
      ],
      () => [
        "REDIS_CONNECTION",
        `acme.redis.cache.windows.net:6380,password=${random.base64(32)},ssl=True,abortConnect=False`,
      ],
      () => ["REDIS_CONFIGURATION", `${at()}:6379,${at()}:6379,password=${word()},defaultDatabase=2`],
      () => [
        "KAFKA_SASL_JAAS_CONFIG",
        `org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="${word()}";`,
      ],
      () => [
        "KAFKA_OPTS_JAAS",
        `org.apache.kafka.common.security.scram.ScramLoginModule required username='svc' password='${word()}';`,
      ],
      () => [
        "ZK_JAAS",
        `Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="zk" password="${word()}"; };`,
      ],
      () => ["PDO_DSN", `mysql:host=${at()};dbname=app;user=app;password=${word()}`],
      () => ["RABBIT_DOTNET", `host=${at()};virtualHost=/;username=app;password=${word()}`],
      () => ["DB2_CONN", `DATABASE=sample;HOSTNAME=${at()};PORT=50000;PROTOCOL=TCPIP;UID=db2inst1;PWD=${word()};`],
      () => ["PGPASSFILE_CONTENT", `${at()}:5432:app:app:${word()}`],
      () => ["NETRC", `machine ${at()} login deploy password ${word()}`],
      () => ["MONGO_OPTIONS", `authSource=admin;username=app;password=${word()}`],
      () => ["SMTP_SETTINGS", `server=${at()};port=587;user=robot;password=${word()};tls=true`],
      () => ["CIFS_OPTIONS", `username=backup,password=${word()},vers=3.0,uid=1000`],
      () => ["NPMRC", `//registry.npmjs.org/:_authToken=${random.of("n", 36)}`],
      () => [
        "NPM_CONFIG_FILE",
        `registry=https://npm.example.org/\n//npm.example.org/:_auth=${Buffer.from(`ci:${word()}`).toString("base64")}\nalways-auth=true`,
      ],
      () => ["ORACLE_EASY", `app/${word()}@${at()}:1521/XEPDB1`],
    ]);
    return () => {
      const [name, value] = next()();
      return env(
        random,
        random.chance(0.75) ? name : named(random, random.pick(["CONNECTION_STRING", "DSN", "DB_CONNECTION"])),
        value,
      );
    };
  },
};

export const CONNECTIONS: readonly Kind[] = [url, rare, text];
