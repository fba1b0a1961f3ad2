import { expect, test } from "vitest";
import { kit } from "../../src/detect/rules/kit.ts";
import { verifiable, verify } from "../../src/verify/index.ts";
import { passwordName, namedTarget } from "../../src/verify/database-names.ts";
import { urlTarget } from "../../src/verify/database-url.ts";
import { itemOf } from "./samples.ts";

const never = new AbortController().signal;
const OPTIONS = { timeoutMs: 1000, concurrency: 1, endpoints: {}, env: {} };
const password = kit(3).password();

const held = (value: string, part = password): { name: string; part: string; value: string } => ({
  name: "X",
  part,
  value,
});

test.each([
  [`postgres://app:${password}@db.example.org/app`, "postgres app@db.example.org:5432/app prefer"],
  [
    `postgresql+asyncpg://app:${password}@db.example.org:6000/app?sslmode=verify-full`,
    "postgres app@db.example.org:6000/app verify-full",
  ],
  [`DSN=postgres://app:${password}@[2001:db8::1]:5432/`, "postgres app@[2001:db8::1]:5432/ prefer"],
  [
    `jdbc:postgresql://db.example.org/app?user=app&password=${password}&ssl=true`,
    "postgres app@db.example.org:5432/app require",
  ],
  [`mysql://app:${password}@db.example.org/app?ssl-mode=DISABLED`, "mysql app@db.example.org:3306/app disable"],
  [`jdbc:mariadb://db.example.org:3307/app?user=app&password=${password}`, "mysql app@db.example.org:3307/app prefer"],
  [`app:${password}@tcp(db.example.org:3306)/app?tls=true`, "mysql app@db.example.org:3306/app verify-full"],
  [`redis://:${password}@cache.example.org/1`, "redis @cache.example.org:6379/1 disable"],
  [`rediss://app:${password}@cache.example.org:6380`, "redis app@cache.example.org:6380/ verify-full"],
  [`http://a:b@c/ postgres://app:${password}@db.example.org/app`, "postgres app@db.example.org:5432/app prefer"],
])("%s", (value, expected) => {
  const found = urlTarget(held(value));
  if (found === null || typeof found === "string") throw new Error(String(found));
  const { kind, user, host, port, database, tls } = found;
  expect(found.password).toBe(password);
  expect(`${kind} ${user}@${host}:${port}/${database} ${tls}`).toBe(expected);
});

test("a raw password with an @ and a slash in it is read as the detector read it", () => {
  const raw = `${password}@/#x`;
  expect(urlTarget(held(`postgres://app:${raw}@db.example.org/app`, raw))).toMatchObject({
    host: "db.example.org",
    password: raw,
  });
});

test.each([
  `https://app:${password}@db.example.org/`,
  `mongodb://app:${password}@mq.example.org/`,
  `postgres://app:${password}x@db.example.org/app`,
  `postgres://app@db.example.org/app?note=${password}`,
])("no database's password: %s", (value) => {
  expect(urlTarget(held(value))).toBeNull();
  expect(verifiable(itemOf("url-password", "URL", password, {}, { value }))).toBe(false);
});

test.each([
  [`postgres://app:${password}@one.example.org,two.example.org/app`, /several hosts/],
  [`postgres://app:${password}@%2Fvar%2Frun/app`, /no host/],
  [`postgres://app:${password}@db:5432/app`, /only within the container's own network/],
  [`postgres://app:${password}@localhost/app`, /only within the container's own network/],
  [`redis://:${password}@127.0.0.1/`, /only within the container's own network/],
  [`mysql://app:${password}@db.example.org:99999/app`, /port/],
])("not asked: %s", async (value, why) => {
  const said = await verify(itemOf("url-password", "URL", password, {}, { value }), OPTIONS, never);
  expect(said).toEqual({ state: "unknown", why: expect.stringMatching(why) as string });
});

test.each([
  ["DB_PASSWORD", {}, "needs DB_TYPE beside it: which database it is would be a guess"],
  ["DB_PASSWORD", { DB_ENGINE: "oracle" }, "needs DB_TYPE beside it: which database it is would be a guess"],
  ["POSTGRES_PASSWORD", {}, "needs POSTGRES_HOST beside it"],
  ["PGPASSWORD", { PGHOST: "db.example.org" }, "needs PGUSER beside it"],
  ["MYSQL_PASSWORD", { MYSQL_HOST: "db.example.org" }, "needs MYSQL_USER beside it"],
  ["APP_DB_PASS", { APP_DB_DRIVER: "mysql", DB_HOST: "db.example.org" }, "needs APP_DB_HOST beside it"],
  ["POSTGRES_PASSWORD", { POSTGRES_HOST: "a b", POSTGRES_USER: "app" }, "its host cannot be read without guessing"],
])("%s beside %o: %s", async (name, others, why) => {
  expect(await verify(itemOf("password", name, password, others), OPTIONS, never)).toEqual({ state: "unknown", why });
});

test.each(["SMTP_PASSWORD", "PASSWORD", "ADMIN_PASS", "DB_PASSWORD_FILE"])(
  "%s follows no database's convention",
  (name) => {
    expect(passwordName({ name, part: password, value: password })).toBeNull();
  },
);

test("a whole login from variables", () => {
  const others: { readonly [name: string]: string } = {
    WP_DB_TYPE: "mysql",
    WP_DB_HOST: "db.example.org:3307",
    WP_DB_USER: "wp",
    WP_DB_NAME: "site",
    DB_HOST: "wrong.example.org",
  };
  const beside = (names: RegExp): string | null =>
    Object.entries(others).find(([name]) => names.test(name))?.[1] ?? null;
  expect(namedTarget({ name: "WP_DB_PASSWORD", part: password, value: password, beside })).toEqual({
    ...{ kind: "mysql", host: "db.example.org", port: 3307, user: "wp" },
    ...{ password, database: "site", tls: "prefer" },
  });
});
