import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { kit } from "../../src/detect/rules/kit.ts";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotationTarget, rotatorAbouts, rotators } from "../../src/rotators/index.ts";
import { evidenceOf } from "./evidence.ts";

const DIR = fileURLToPath(new URL("../../src/rotators", import.meta.url));
const make = kit(32);
const secret = make.password();
const key = make.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40);
const id = `AKIA${make.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}`;

describe("what rotators say of themselves", () => {
  test.each(rotatorAbouts)("$id is called as its folder, and its module says the same", async (about) => {
    expect(readdirSync(join(DIR, about.id))).toContain("about.ts");
    const rotator = (await rotators[about.id]?.())?.rotator;
    expect(rotator?.about).toEqual(about);
    expect(rotator?.server === null).toBe(about.overlap === "application");
    expect(new URL(about.page).protocol).toBe("https:");
    expect(about.needs).not.toMatch(/\.$/);
  });

  test("the map lists what is on disk", () => {
    const folders = readdirSync(DIR, { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(Object.keys(rotators).sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  test("no rotator starts a program: nothing is in an argument", () => {
    const files = readdirSync(DIR, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    expect(files.filter((name) => /child_process|kit\/program/.test(readFileSync(join(DIR, name), "utf8")))).toEqual(
      [],
    );
  });
});

describe("the target of a secret", () => {
  const at = (host: string, port: number, tls: string) => ({ host, port, tls });
  test.each([
    ["postgres", `postgres://app:${secret}@db:5433/shop?sslmode=require`, at("db", 5433, "require"), "app", "shop"],
    ["mariadb", `mysql://app:${secret}@db/shop`, at("db", 3306, "prefer"), "app", "shop"],
    ["mariadb", `jdbc:mariadb://db:3307/shop?user=app&password=${secret}`, at("db", 3307, "prefer"), "app", "shop"],
    ["redis", `redis://:${secret}@cache/0`, at("cache", 6379, "disable"), "", "0"],
    ["rabbitmq", `amqp://app:${secret}@mq/shop`, at("mq", 5672, "disable"), "app", "shop"],
    ["rabbitmq", `amqps://app:${secret}@mq`, at("mq", 5671, "verify-full"), "app", ""],
  ])("%s, in a URL", async (rotator, url, where, login, database) => {
    expect(await rotationTarget(evidenceOf("URL", url, {}, secret))).toMatchObject({
      rotator,
      at: where,
      login,
      database,
    });
  });

  test.each([
    ["postgres", "PGPASSWORD", { PGHOST: "db", PGUSER: "app" }, at("db", 5432, "prefer"), "app"],
    [
      "mariadb",
      "DB_PASSWORD",
      { DB_HOST: "db", DB_USER: "app", DB_CONNECTION: "mysql" },
      at("db", 3306, "prefer"),
      "app",
    ],
    ["redis", "REDIS_PASSWORD", { REDIS_HOST: "cache" }, at("cache", 6379, "disable"), ""],
    ["rabbitmq", "RABBITMQ_PASSWORD", { RABBITMQ_HOST: "mq", RABBITMQ_USER: "app" }, at("mq", 5672, "disable"), "app"],
    [
      "openldap",
      "LDAP_BIND_PASSWORD",
      { LDAP_BIND_DN: "cn=a,dc=b", LDAP_URL: "ldaps://dir" },
      at("dir", 636, "verify-full"),
      "cn=a,dc=b",
    ],
    [
      "openldap",
      "LDAP_ADMIN_PASSWORD",
      { LDAP_ADMIN_DN: "cn=a,dc=b", LDAP_HOST: "dir", LDAP_PORT: "1389" },
      at("dir", 1389, "disable"),
      "cn=a,dc=b",
    ],
  ])("%s, in %s", async (rotator, name, beside, where, login) => {
    expect(await rotationTarget(evidenceOf(name, secret, beside))).toMatchObject({ rotator, at: where, login });
  });

  test.each([
    [{}, at("iam.amazonaws.com", 443, "verify-full"), "sts.amazonaws.com"],
    [
      { AWS_REGION: "cn-north-1" },
      at("iam.cn-north-1.amazonaws.com.cn", 443, "verify-full"),
      "sts.cn-north-1.amazonaws.com.cn",
    ],
    [{ AWS_ENDPOINT_URL: "http://moto:5000" }, at("moto", 5000, "disable"), "moto:5000"],
  ])("AWS, with %j", async (more, where, sts) => {
    const beside = { APP_AWS_ACCESS_KEY_ID: id, ...more };
    expect(await rotationTarget(evidenceOf("APP_AWS_SECRET_ACCESS_KEY", key, beside))).toMatchObject({
      ...{ rotator: "aws-access-key", at: where, login: id, pair: "APP_AWS_ACCESS_KEY_ID" },
      details: { sts },
    });
  });

  test.each([
    ["DB_PASSWORD", secret, {}, "needs DB_TYPE beside it: which database it is would be a guess"],
    ["LDAP_BIND_PASSWORD", secret, { LDAP_URL: "ldap://dir" }, "needs LDAP_BIND_DN beside it"],
    ["AWS_SECRET_ACCESS_KEY", key, {}, "needs the access key id beside it"],
    [
      "AWS_SECRET_ACCESS_KEY",
      key,
      { AWS_ACCESS_KEY_ID: id.replace("AKIA", "ASIA") },
      "is temporary: it ends by itself",
    ],
    [
      "AWS_SECRET_ACCESS_KEY",
      key,
      { AWS_ACCESS_KEY_ID: id, S3_ENDPOINT: "http://minio:9000" },
      "another variable names a server that is not AWS",
    ],
    ["GITHUB_TOKEN", secret, {}, null],
  ])("%s is missing something, or nobody's", async (name, value, beside, missing) => {
    expect(await rotationTarget(evidenceOf(name, value, beside))).toBe(missing);
  });

  test("it is JSON, and holds nothing of the secret", async () => {
    const target = await rotationTarget(evidenceOf("URL", `postgres://app:${secret}@db/x`, {}, secret));
    expect(JSON.parse(JSON.stringify(target))).toEqual(target);
    expect(JSON.stringify(target)).not.toContain(secret);
  });

  test("bytes that are no text are nobody's", async () => {
    const bytes = Secret.of(Buffer.concat([randomBytes(8), Buffer.from([0xff, 0xfe])]));
    expect(await rotationTarget({ name: "PGPASSWORD", part: bytes, value: bytes, variables: [] })).toBeNull();
  });
});

test.each(["postgres", "mariadb", "redis", "rabbitmq", "openldap"])(
  "%s: an administrator's login does not go over a network in the clear",
  async (id) => {
    const target: RotationTarget = {
      ...{ rotator: id, login: "app", database: "", pair: null, previous: null, details: {} },
      at: { host: "db.example.org", port: 1, tls: "disable" },
    };
    const wire = { reach: () => false, local: false, timeoutMs: 1000, env: {}, signal: new AbortController().signal };
    const server = (await rotators[id]?.())?.rotator.server;
    const opened = server?.open(target, [{ user: "admin", secret: Secret.of(secret) }], wire);
    await expect(opened).rejects.toMatchObject({ code: "refused" });
  },
);

test("a new password has nothing that anything quotes, and begins with a letter", async () => {
  for (const about of rotatorAbouts) {
    const { make } = (await rotators[about.id]?.())?.rotator ?? {};
    if (make == null || about.overlap === "application") continue;
    const target = await rotationTarget(evidenceOf("PGPASSWORD", secret, { PGHOST: "db", PGUSER: "app" }));
    if (target === null || typeof target === "string") throw new Error("no target");
    const all = Array.from({ length: 20 }, () =>
      make({ id: null, secret: Secret.of(secret) }, target).secret.exposeText(),
    );
    expect(all.filter((one) => !/^[A-Za-z][A-Za-z0-9]{31}$/.test(one))).toEqual([]);
    expect(new Set(all).size).toBe(20);
  }
});
