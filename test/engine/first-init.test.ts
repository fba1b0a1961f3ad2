import { describe, expect, it } from "vitest";
import { firstInitNotes } from "../../src/engine/first-init.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";

const VOLUME = { Type: "volume", Destination: "/data", RW: true };

function notes(image: string, name: string, Mounts: readonly object[] = [VOLUME]): string[] {
  return firstInitNotes({ Config: { Image: image }, Mounts } as unknown as ContainerDoc, [name]);
}

describe("a variable that acts on an empty volume only", () => {
  it.each([
    ["postgres:17", "POSTGRES_PASSWORD", "ALTER ROLE … PASSWORD"],
    ["bitnami/postgresql:16", "POSTGRESQL_POSTGRES_PASSWORD", "ALTER ROLE … PASSWORD"],
    ["timescale/timescaledb:latest-pg16", "POSTGRES_PASSWORD", "ALTER ROLE"],
    ["ghcr.io/team/PGVECTOR:1", "PG_PASS", "ALTER ROLE"],
    ["supabase/postgres", "POSTGRES_PASSWORD", "ALTER ROLE"],
    ["mysql:8", "MYSQL_ROOT_PASSWORD", "ALTER USER … IDENTIFIED BY"],
    ["mariadb:11", "MARIADB_ROOT_PASSWORD_HASH", "ALTER USER"],
    ["percona:8", "MYSQL_PASSWORD", "ALTER USER"],
    ["mongo:7", "MONGO_INITDB_ROOT_PASSWORD", "db.changeUserPassword(…)"],
    ["influxdb:2", "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN", "influx user password, influx auth"],
    ["rabbitmq:4", "RABBITMQ_DEFAULT_PASS", "rabbitmqctl change_password"],
    ["neo4j:5", "NEO4J_AUTH", "ALTER CURRENT USER SET PASSWORD"],
    ["quay.io/keycloak/keycloak", "KC_BOOTSTRAP_ADMIN_PASSWORD", "its own administration"],
    ["team/own", "SHOP_INITDB_ADMIN_PASSWORD", "its own administration"],
    ["team/own", "SHOP_INIT_TOKEN", "its own administration"],
  ])("%s: %s is told, with how the password is changed", (image, name, how) => {
    const [note = "", ...more] = notes(image, name);
    expect(note).toMatch(new RegExp(`^${name} acts only when the data volume is empty`));
    expect([note.includes(`until ${how}`), more]).toEqual([true, []]);
  });

  it.each([
    ["a client of the database", "team/api:1", "POSTGRES_PASSWORD"],
    ["a client of MySQL", "wordpress:6", "MYSQL_PASSWORD"],
    ["another server's variable", "mysql:8", "POSTGRES_PASSWORD"],
    ["one that is read at each start", "redis:7", "REDIS_PASSWORD"],
    ["a longer name", "postgres:17", "APP_POSTGRES_PASSWORD"],
    ["a file's name", "postgres:17", "POSTGRES_PASSWORD_FILE"],
  ])("is not told of %s", (_what, image, name) => expect(notes(image, name)).toEqual([]));

  it("is told of volumes and folders of the host that it may write to, and of no others", () => {
    const told = (mounts: readonly object[]): number => notes("postgres:17", "POSTGRES_PASSWORD", mounts).length;
    expect([told([]), told([{ ...VOLUME, RW: false }])]).toEqual([0, 0]);
    expect(
      told([
        { ...VOLUME, RW: false },
        { Type: "bind", Destination: "/data" },
      ]),
    ).toBe(1);
    expect(firstInitNotes({ Config: { Image: "postgres" } } as unknown as ContainerDoc, ["POSTGRES_PASSWORD"])).toEqual(
      [],
    );
  });

  it("each of several is told by itself, in their order", () => {
    const doc = { Config: { Image: "mariadb" }, Mounts: [VOLUME] } as unknown as ContainerDoc;
    const told = firstInitNotes(doc, ["MARIADB_ROOT_PASSWORD", "LOG_TOKEN", "MYSQL_PASSWORD"]);
    expect(told.map((note) => note.split(" ")[0])).toEqual(["MARIADB_ROOT_PASSWORD", "MYSQL_PASSWORD"]);
  });
});
