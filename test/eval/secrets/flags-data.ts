import type { Random } from "../tools/random.ts";
import { command, type Kind } from "../tools/row.ts";
import { host } from "../tools/words.ts";
import { plainPassword, urlPassword } from "./connections.ts";
import { humanPassword } from "./passwords.ts";

export type Line = (password: string, random: Random) => readonly string[];

/** Databases, caches, queues and their clients: each with the flag that its manual gives for the password. */
const DATA: readonly Line[] = [
  (p, r) => ["mysql", "-h", host(r), "-u", "root", `-p${p}`, "-e", "select 1"],
  (p, r) => ["mysql", `--host=${host(r)}`, "--user=app", `--password=${p}`, "app"],
  (p) => ["mysqldump", "-uroot", `-p${p}`, "--all-databases"],
  (p) => ["mysqladmin", "-u", "root", `--password=${p}`, "ping"],
  (p) => ["mariadb", "-uapp", `-p${p}`, "shop"],
  (p) => ["mariadb-dump", "--user=backup", `--password=${p}`, "--single-transaction", "app"],
  (p) => ["mysqld_exporter", `--mysqld.username=exporter`, "--mysqld.address=db:3306", `--mysqld.password=${p}`],
  (p) => ["redis-server", "--appendonly", "yes", "--requirepass", p],
  (p) => ["redis-server", "/etc/redis.conf", "--masterauth", p, "--port", "6380"],
  (p, r) => ["redis-cli", "-h", host(r), "-a", p, "ping"],
  (p, r) => ["redis-cli", "-u", `redis://default:${p}@${host(r)}:6379/0`, "monitor"],
  (p) => ["redis-cli", "--user", "app", "--pass", p, "info"],
  (p) => ["redis-sentinel", "/etc/sentinel.conf", "--sentinel", "auth-pass", "mymaster", p],
  (p) => ["redis_exporter", "--redis.addr=redis://cache:6379", `--redis.password=${p}`],
  (p) => ["valkey-server", "--requirepass", p, "--maxmemory", "256mb"],
  (p) => ["keydb-server", "--requirepass", p],
  (p) => ["dragonfly", "--logtostderr", `--requirepass=${p}`],
  (p, r) => ["psql", `postgresql://app:${p}@${host(r)}/app`, "-c", "select 1"],
  (p, r) => ["psql", `host=${host(r)} user=app password=${p} dbname=app`],
  (p, r) => ["pg_dump", `--dbname=postgresql://app:${p}@${host(r)}:5432/app`, "-Fc"],
  (p) => ["env", `PGPASSWORD=${p}`, "pg_dump", "-h", "db", "-U", "app", "app"],
  (p, r) => ["mongosh", "--host", host(r), "-u", "admin", "-p", p, "--authenticationDatabase", "admin"],
  (p) => ["mongodump", "--username=backup", `--password=${p}`, "--gzip", "--archive"],
  (p, r) => ["mongo", `mongodb://root:${p}@${host(r)}:27017/admin`],
  (p) => ["mongodb_exporter", `--mongodb.uri=mongodb://exporter:${p}@mongo:27017`],
  (p) => ["clickhouse-client", "--host", "ch", "--user", "default", "--password", p, "-q", "SELECT 1"],
  (p) => ["influx", "-username", "admin", "-password", p, "-execute", "show databases"],
  (p) => ["cqlsh", "cassandra", "9042", "-u", "cassandra", "-p", p],
  (p) => ["cypher-shell", "-u", "neo4j", "-p", p, "RETURN 1"],
  (p, r) => ["sqlcmd", "-S", host(r), "-U", "sa", "-P", p, "-Q", "SELECT 1"],
  (p) => ["/opt/mssql-tools18/bin/sqlcmd", "-C", "-S", "localhost", "-U", "SA", "-P", p],
  (p, r) => ["bcp", "app.dbo.t", "out", "t.csv", "-S", host(r), "-U", "sa", "-P", p, "-c"],
  (p, r) => ["sqlplus", `system/${p}@//${host(r)}:1521/ORCL`],
  (p) => ["arangosh", "--server.username", "root", "--server.password", p],
  (p) => ["rabbitmqctl", "add_user", "app", p],
  (p) => ["rabbitmqctl", "change_password", "guest", p],
  (p) => ["rabbitmqadmin", "-u", "admin", "-p", p, "list", "queues"],
  (p) => ["nats-server", "--user", "sys", "--pass", p],
  (p) => ["nats", "sub", ">", "--user", "sys", "--password", p],
  (p) => ["mosquitto_sub", "-h", "broker", "-u", "sensor", "-P", p, "-t", "home/#"],
  (p) => ["mosquitto_passwd", "-b", "/mosquitto/passwd", "sensor", p],
  (p) => [
    "ldapsearch",
    "-x",
    "-H",
    "ldap://ldap",
    "-D",
    "cn=admin,dc=example,dc=org",
    "-w",
    p,
    "-b",
    "dc=example,dc=org",
  ],
  (p) => ["ldapadd", "-x", "-D", "cn=admin,dc=example,dc=org", "-w", p, "-f", "base.ldif"],
  (p) => ["slappasswd", "-s", p],
  (p) => [
    "kafka-configs.sh",
    "--bootstrap-server",
    "kafka:9092",
    "--alter",
    "--add-config",
    `SCRAM-SHA-512=[password=${p}]`,
    "--entity-type",
    "users",
    "--entity-name",
    "app",
  ],
  (p) => [
    "kcat",
    "-b",
    "kafka:9093",
    "-X",
    "sasl.mechanisms=PLAIN",
    "-X",
    "sasl.username=app",
    "-X",
    `sasl.password=${p}`,
    "-L",
  ],
  (p, r) => ["pgbouncer_exporter", `--pgBouncer.connectionString=postgres://stats:${p}@${host(r)}:6432/pgbouncer`],
  (p, r) => [
    "migrate",
    "-path",
    "/migrations",
    "-database",
    `postgres://app:${p}@${host(r)}:5432/app?sslmode=disable`,
    "up",
  ],
  (p, r) => ["flyway", `-url=jdbc:postgresql://${host(r)}/app`, "-user=app", `-password=${p}`, "migrate"],
  (p, r) => ["liquibase", `--url=jdbc:postgresql://${host(r)}/app`, "--username=app", `--password=${p}`, "update"],
  (p) => ["pgloader", `mysql://root:${p}@mysql/app`, "postgresql://app@pg/app"],
  (p) => ["snowsql", "-a", "acme", "-u", "etl", "-o", `password=${p}`],
  (p) => ["couchbase-cli", "cluster-init", "--cluster-username", "Administrator", "--cluster-password", p],
  (p) => ["elasticsearch-users", "useradd", "app", "-p", p, "-r", "superuser"],
  (p) => ["mc", "alias", "set", "store", "http://minio:9000", "minioadmin", p],
  (p) => ["xtrabackup", "--backup", "--user=bkp", `--password=${p}`, "--target-dir=/backup"],
  (p, r) => ["dbmate", "--url", `mysql://root:${p}@${host(r)}:3306/app`, "up"],
  (p) => ["beeline", "-u", "jdbc:hive2://hive:10000", "-n", "etl", "-p", p],
];

export const dataFlags: Kind = {
  kind: "flag-data",
  weight: 95,
  make: (random) => {
    const next = random.deck(DATA);
    return () => {
      const line = next();
      const inUrl = line("@", random).some((word) => word.includes("://") && word.includes("@@"));
      const password = inUrl ? urlPassword(random) : random.chance(0.5) ? humanPassword(random) : plainPassword(random);
      return command(random, line(password, random));
    };
  },
};
