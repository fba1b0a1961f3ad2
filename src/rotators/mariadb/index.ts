/*
 * Passwords of MariaDB accounts, as hashes that are made here. An account has two for a while, either of which lets it
 * in. MySQL, which keeps passwords otherwise, is refused.
 */
import { randomBytes } from "node:crypto";
import type { RotationCredential, RotationSession, RotationTarget, Rotator } from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { mysqlLogin, openMysql, type MysqlLine } from "../../verify/mysql.ts";
import { firstIn, guarded, loginTarget, logsInBy, mustAccept, notYet } from "../logins.ts";
import { newPassword } from "../passwords.ts";
import { textOf } from "../reveal.ts";
import { about } from "./about.ts";
import { accountsOf, alteration, NATIVE, nativeHash, type MariaAccount } from "./accounts.ts";

export const rotator: Rotator = {
  about,
  target: (evidence) => loginTarget("mysql", about.id, evidence),
  make: newPassword,
  server: {
    async open(target, logins, wire) {
      const line = await firstIn(logins, (login) =>
        openMysql(guarded(target, login, wire), wire.timeoutMs, wire.signal),
      );
      return session(line, target);
    },
    logsIn: logsInBy(mysqlLogin),
  },
};

const hashOf = ({ secret }: RotationCredential): string => nativeHash(textOf(secret));
const has = ({ methods }: MariaAccount, hash: string): boolean => methods.some((one) => isHash(one, hash));
const isHash = ({ plugin, string }: MariaAccount["methods"][number], hash: string): boolean =>
  plugin === NATIVE && string.toUpperCase() === hash;

function session(line: MysqlLine, target: RotationTarget): RotationSession {
  const run: MysqlLine["query"] = (sql) =>
    line.query(sql).catch((error: unknown) => {
      throw failure(error);
    });
  const accounts = (): Promise<readonly MariaAccount[]> => accountsOf({ ...line, query: run }, target.login);
  return {
    async may(old) {
      const [row] = await run("SELECT VERSION() AS version");
      if (!String(row?.["version"]).includes("MariaDB")) throw notMaria();
      const all = await accounts();
      // Nobody has such a name: only the right is asked for.
      await run(`ALTER USER IF EXISTS \`unsprawl-${randomBytes(6).toString("hex")}\`@\`localhost\` ACCOUNT LOCK`);
      if (all.length === 0) throw new UnsprawlError("absent", `MariaDB has no user ${JSON.stringify(target.login)}`);
      const others = all.filter((one) => !has(one, hashOf(old)));
      if (others.length === all.length) throw unknownForm(all);
      return others.map(({ host }) => `the user's account for ${host} has another password, which stays`);
    },
    async admit(old, next) {
      const [from, to] = [hashOf(old), hashOf(next)];
      const all = await accounts();
      await mustAccept(() => all.some((one) => has(one, from) || has(one, to)), "MariaDB");
      for (const account of all) {
        if (!has(account, from) || has(account, to)) continue;
        const methods = account.methods.flatMap((one) =>
          isHash(one, from) ? [one, { plugin: NATIVE, string: to }] : [one],
        );
        await run(alteration({ ...account, methods }));
      }
    },
    async retire(old, next) {
      const [from, to] = [hashOf(old), hashOf(next)];
      const all = await accounts();
      if (!all.some((one) => has(one, to)) || all.some((one) => has(one, from) && !has(one, to)))
        throw notYet("MariaDB");
      for (const account of all.filter((one) => has(one, from)))
        await run(alteration({ ...account, methods: account.methods.filter((one) => !isHash(one, from)) }));
    },
    close: line.close,
  };
}

function notMaria(): UnsprawlError {
  return new UnsprawlError(
    "refused",
    "this is MySQL, and only MariaDB's passwords are rotated",
    "change it with ALTER USER … IDENTIFIED BY … RETAIN CURRENT PASSWORD, then give the new value with --value-from",
  );
}

function unknownForm(all: readonly MariaAccount[]): UnsprawlError {
  const plugins = [...new Set(all.flatMap(({ methods }) => methods.map(({ plugin }) => plugin)))].filter((one) =>
    /^\w+$/.test(one),
  );
  return new UnsprawlError(
    "refused",
    `MariaDB keeps no ${NATIVE} hash of the old password for this user (it has ${plugins.join(", ") || "nothing"})`,
    "check that the value is the one in use; other forms are not rotated",
  );
}

/** https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference; messages may quote a statement. */
function failure(error: unknown): UnsprawlError {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  const name = typeof code === "string" && /^\w{1,60}$/.test(code) ? code : "no answer";
  if (/^ER_(?:\w*ACCESS_DENIED|\w*ACCESS_DENIED_ERROR|TABLEACCESS_DENIED_ERROR)$/.test(name))
    return new UnsprawlError(
      "denied",
      `this login may not change passwords (${name})`,
      `give the login of ${about.needs}, such as root`,
    );
  if (name === "ER_OPTION_PREVENTS_STATEMENT" || name === "ER_READ_ONLY_MODE")
    return new UnsprawlError(
      "refused",
      `MariaDB is read-only there (${name})`,
      "name the primary server, not a replica",
    );
  if (!name.startsWith("ER_"))
    return new UnsprawlError("unreachable", `MariaDB: the connection is lost (${name})`, "try again");
  return new UnsprawlError("failed", `MariaDB did not change the password (${name})`);
}
