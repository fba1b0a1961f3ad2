import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { accountsOf, alteration, nativeHash } from "../../src/rotators/mariadb/accounts.ts";
import { rotatorConformance, type RotatorWorld } from "../conformance/rotator.ts";
import { startMysql } from "../services/mysql.ts";

const made = (): string => randomBytes(18).toString("base64url");
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

async function world(): Promise<RotatorWorld> {
  const [admin, stranger] = [made(), made()];
  const server = await startMysql(
    [
      `create user admin@'%' identified by ${quoted(admin)}`,
      "grant all on *.* to admin@'%' with grant option",
      `create user stranger@'127.0.0.1' identified by ${quoted(stranger)}`,
    ],
    true,
    ["--general-log", "--slow-query-log", "--long-query-time=0", "--log-slow-min-examined-row-limit=0"],
  );
  return {
    async subject(password) {
      const user = `app'\`${randomBytes(4).toString("hex")}`;
      const name = `\`${user.replaceAll("`", "``")}\``;
      await server.sql(
        `create user ${name}@'127.0.0.1' identified by ${quoted(password)} require ssl with max_user_connections 40`,
        `create user ${name}@'10.1.%' identified by ${quoted(password)}`,
        `create user ${name}@'10.9.8.7' identified by ${quoted(made())}`,
      );
      const target: RotationTarget = {
        ...{ rotator: "mariadb", login: user, database: "", pair: null, previous: null, details: {} },
        at: { host: "127.0.0.1", port: server.port, tls: "prefer" },
      };
      return {
        target,
        old: { id: null, secret: Secret.of(password) },
        admin: { user: "admin", secret: Secret.of(admin) },
      };
    },
    stranger: { user: "stranger", secret: Secret.of(stranger) },
    logs: async () => server.log(),
    stop: server.stop,
  };
}

rotatorConformance("mariadb", world, { owner: "denied" });

test("the account's other methods stay, and its first one is read where the list leaves it out", async () => {
  const [one, two] = [nativeHash(made()), nativeHash(made())];
  const priv = {
    ...{ plugin: "mysql_native_password", authentication_string: one, access: 0 },
    auth_or: [{}, { plugin: "ed25519", authentication_string: "it's" }, { plugin: "unix_socket" }],
  };
  const query = async () => [{ Host: "%", Priv: JSON.stringify(priv) }];
  const [account] = await accountsOf({ query, close: async () => {} }, "o`app");
  if (account === undefined) throw new Error("no account");
  const methods = [...account.methods, { plugin: "mysql_native_password", string: two }];
  expect(alteration({ ...account, methods })).toBe(
    `ALTER USER \`o\`\`app\`@\`%\` IDENTIFIED VIA mysql_native_password USING '${one}' OR ed25519 USING 'it''s' OR unix_socket OR mysql_native_password USING '${two}'`,
  );
});
