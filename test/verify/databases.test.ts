import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kit } from "../../src/detect/rules/kit.ts";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { verifiable, verify, type Liveness } from "../../src/verify/index.ts";
import { startMysql, type TestMysql } from "../services/mysql.ts";
import { startPostgres, type TestPostgres } from "../services/postgres.ts";
import { startRedis, type TestRedis } from "../services/redis.ts";
import { itemOf } from "./samples.ts";

const never = new AbortController().signal;
const make = kit(21);
// With all that breaks URLs and quoting.
const RIGHT = `${make.password()}@/:'"\\ü`;
const WRONG = `${make.password()}${make.base62(8)}`;

type Beside = { readonly [name: string]: string };

async function ask(
  name: string,
  part: string,
  value: string,
  beside: Beside = {},
  timeoutMs = 60_000,
): Promise<Liveness> {
  const item = itemOf("url-password", name, part, beside, { value, local: true });
  expect(verifiable(item)).toBe(true);
  const said = await verify(item, { timeoutMs, concurrency: 1, endpoints: {}, env: {} }, never);
  const redactor = new Redactor();
  redactor.know(Secret.of(part));
  redactor.know(Secret.of(value));
  expect(redactor.foreign(said.why)).toBe(said.why);
  return said;
}

/** The password in a URL of the server on this port. */
function inUrl(
  scheme: string,
  user: string,
  password: string,
  port: number,
  rest = "",
  host = "127.0.0.1",
): Promise<Liveness> {
  const value = `${scheme}://${user}:${encodeURIComponent(password)}@${host}:${port}${rest}`;
  return ask("DATABASE_URL", password, value);
}

describe("PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres(
      `host all trusting all trust
hostssl all secure all scram-sha-256
host all app all scram-sha-256
host all old all md5
host all locked all scram-sha-256`,
    );
    const password = RIGHT.replaceAll("'", "''");
    const roles = ["app", "secure", "trusting", "shut"].map(
      (name) => `create role ${name} login password '${password}'`,
    );
    await server.sql(
      ...roles,
      `create role locked nologin password '${password}'`,
      "set password_encryption = 'md5'",
      `create role old login password '${password}'`,
      "create database app owner app",
      "create database other",
      "revoke connect on database other from public",
    );
  });
  afterAll(() => server.stop());

  const url = (user: string, password: string, rest = "/app"): Promise<Liveness> =>
    inUrl("postgres", user, password, server.port, rest);

  test.each([
    ["app", RIGHT, "/app", "live", "PostgreSQL lets it log in"],
    ["app", WRONG, "/app", "dead", "PostgreSQL refuses the password (28P01)"],
    ["nobody", RIGHT, "/app", "unknown", "PostgreSQL lets this login in from elsewhere at most (28000)"],
    ["old", RIGHT, "/app", "live", "PostgreSQL lets it log in"],
    ["old", WRONG, "/app", "dead", "PostgreSQL refuses the password (28P01)"],
    ["app", RIGHT, "/absent", "live", "PostgreSQL takes the password, but not for this database (3D000)"],
    ["app", RIGHT, "/other", "live", "PostgreSQL takes the password, but not for this database (42501)"],
    ["app", RIGHT, "", "live", "PostgreSQL lets it log in"],
    ["trusting", WRONG, "/app", "unknown", "PostgreSQL asks for no password there, so any would do"],
    ["shut", RIGHT, "/app", "unknown", "PostgreSQL lets this login in from elsewhere at most (28000)"],
    ["locked", RIGHT, "/app", "unknown", "PostgreSQL lets this login in from elsewhere at most (28000)"],
    ["secure", RIGHT, "/app", "live", "PostgreSQL lets it log in"],
    ["secure", RIGHT, "/app?sslmode=require", "live", "PostgreSQL lets it log in"],
    [
      "secure",
      RIGHT,
      "/app?sslmode=disable",
      "unknown",
      "PostgreSQL lets this login in from elsewhere at most (28000)",
    ],
    ["app", RIGHT, "/app?sslmode=verify-full", "unknown", "PostgreSQL: its certificate is not trusted here"],
    ["app", RIGHT, "/app?sslmode=verify-ca", "unknown", "PostgreSQL: its certificate is not trusted here"],
  ])("%s with %o at %s: %s", async (user, password, rest, state, why) => {
    expect(await url(user, password, rest)).toEqual({ state, why });
  });

  test("by variables that go together", async () => {
    const beside = { PGHOST: "127.0.0.1", PGPORT: String(server.port), PGUSER: "app", PGDATABASE: "app" };
    expect((await ask("PGPASSWORD", RIGHT, RIGHT, beside)).state).toBe("live");
    expect((await ask("PGPASSWORD", WRONG, WRONG, beside)).state).toBe("dead");
    const app = { DB_CONNECTION: "pgsql", DB_HOST: `127.0.0.1:${server.port}`, DB_USERNAME: "app", DB_DATABASE: "app" };
    expect((await ask("DB_PASSWORD", RIGHT, RIGHT, app)).state).toBe("live");
  });

  test("nothing of this process's own PG* variables goes into it", async () => {
    const before = process.env["PGPASSWORD"];
    process.env["PGPASSWORD"] = RIGHT;
    try {
      expect((await url("app", WRONG)).state).toBe("dead");
    } finally {
      if (before === undefined) delete process.env["PGPASSWORD"];
      else process.env["PGPASSWORD"] = before;
    }
  });

  test("a server without TLS: plain unless the configuration insists", async () => {
    await server.sql("alter system set ssl = off");
    await server.sql("select pg_reload_conf()");
    // It reads its configuration some time later.
    await expect
      .poll(() => url("app", RIGHT, "/app?sslmode=require"))
      .toEqual({
        state: "unknown",
        why: "PostgreSQL: has no TLS, which its sslmode asks for",
      });
    expect((await url("app", RIGHT)).state).toBe("live");
  });
});

describe.each([true, false])("MariaDB, TLS %s", (tls) => {
  let server: TestMysql;
  beforeAll(async () => {
    const password = RIGHT.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
    server = await startMysql(
      [
        `create user app@'127.0.0.1' identified by '${password}'`,
        `create user away@'10.9.8.7' identified by '${password}'`,
      ],
      tls,
    );
  });
  afterAll(() => server.stop());

  test("the right password, a wrong one, and a user of another place", async () => {
    expect(await inUrl("mysql", "app", RIGHT, server.port, "/absent")).toEqual({
      state: "live",
      why: "MySQL lets it log in",
    });
    const why = "MySQL refuses user and password from this machine (ER_ACCESS_DENIED_ERROR)";
    expect(await inUrl("mariadb", "app", WRONG, server.port)).toEqual({ state: "dead", why });
    expect(await inUrl("mysql", "away", RIGHT, server.port)).toEqual({ state: "dead", why });
  });

  test("as its settings want TLS", async () => {
    const required = await inUrl("mysql", "app", RIGHT, server.port, "/?ssl-mode=REQUIRED");
    expect(required.state).toBe(tls ? "live" : "unknown");
    const verified = await inUrl("mysql", "app", RIGHT, server.port, "/?ssl-mode=VERIFY_IDENTITY");
    expect(verified).toEqual({
      state: "unknown",
      why: tls ? "MySQL: its certificate is not trusted here" : "MySQL: has no TLS, which its settings ask for",
    });
  });

  test("Go's form, and variables that go together", async () => {
    expect((await ask("DSN", RIGHT, `app:${RIGHT}@tcp(127.0.0.1:${server.port})/x?tls=preferred`)).state).toBe("live");
    const beside = { MYSQL_HOST: "127.0.0.1", MYSQL_PORT: String(server.port), MYSQL_USER: "app" };
    expect((await ask("MYSQL_PASSWORD", RIGHT, RIGHT, beside)).state).toBe("live");
    expect((await ask("MYSQL_ROOT_PASSWORD", RIGHT, RIGHT, beside)).state).toBe("dead");
  });
});

describe("Redis", () => {
  let closed: TestRedis;
  let open: TestRedis;
  const simple = make.base62(20);
  beforeAll(async () => {
    closed = await startRedis([`requirepass ${simple}`, `user app on >${simple} ~* +@all`]);
    open = await startRedis([]);
  });
  afterAll(async () => {
    await closed.stop();
    await open.stop();
  });

  test.each([
    ["", true, "live", "Redis takes the password (AUTH)"],
    ["default", true, "live", "Redis takes the password (AUTH)"],
    ["app", true, "live", "Redis takes the password (AUTH)"],
    ["", false, "dead", "Redis refuses the password (AUTH)"],
    ["app", false, "dead", "Redis refuses the password (AUTH)"],
    ["nobody", true, "dead", "Redis refuses the password (AUTH)"],
  ])("user %o, right %o: %s", async (user, right, state, why) => {
    expect(await inUrl("redis", user, right ? simple : WRONG, closed.port, "/0")).toEqual({ state, why });
  });

  test("a server that asks for none", async () => {
    for (const user of ["", "default"])
      expect(await inUrl("redis", user, WRONG, open.port)).toEqual({
        state: "unknown",
        why: "Redis asks for no password there, so any would do",
      });
  });

  test("TLS is verified", async () => {
    expect(await inUrl("rediss", "", simple, closed.tlsPort)).toEqual({
      state: "unknown",
      why: "Redis: its certificate is not trusted here",
    });
  });

  test("by variables that go together", async () => {
    const beside = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(closed.port) };
    expect((await ask("REDIS_PASSWORD", simple, simple, beside)).state).toBe("live");
    expect((await ask("REDIS_PASSWORD", WRONG, WRONG, beside)).state).toBe("dead");
  });
});

test.each(["postgres", "mysql", "redis"])("%s: nobody there, silence, and another program", async (scheme) => {
  expect((await inUrl(scheme, "app", RIGHT, 1)).why).toMatch(/: the connection is refused$/);
  const server = createServer((socket) => void socket.on("error", () => {}));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const sockets: { destroy(): void }[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  const value = `${scheme}://app:${encodeURIComponent(WRONG)}@127.0.0.1:${port}/app`;
  expect((await ask("URL", WRONG, value, {}, 300)).why).toMatch(/: no answer within 0\.3 s$/);
  server.on("connection", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect((await ask("URL", WRONG, value)).state).toBe("unknown");
  for (const socket of sockets) socket.destroy();
  server.close();
});
