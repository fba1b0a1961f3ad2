/*
 * Passwords of PostgreSQL roles, by ALTER ROLE with a SCRAM verifier that is made here. A role has one password.
 */
import { randomBytes } from "node:crypto";
import type { RotationSession, RotationTarget, RotationWire, Rotator } from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import { openPostgres, postgresLogin, type PostgresLine } from "../../verify/postgres.ts";
import { firstIn, guarded, loginTarget, logsInBy, mustAccept, notYet } from "../logins.ts";
import { newPassword } from "../passwords.ts";
import { textOf } from "../reveal.ts";
import { about } from "./about.ts";
import { scramVerifier } from "./scram.ts";

const logsIn = logsInBy(postgresLogin);

export const rotator: Rotator = {
  about,
  target: (evidence) => loginTarget("postgres", about.id, evidence),
  make: newPassword,
  server: {
    async open(target, logins, wire) {
      const line = await firstIn(logins, (login) =>
        openPostgres(guarded(target, login, wire), wire.timeoutMs, wire.signal),
      );
      return session(line, target, wire);
    },
    logsIn,
  },
};

function session({ client, close }: PostgresLine, target: RotationTarget, wire: RotationWire): RotationSession {
  const run = (sql: string): Promise<readonly { readonly [column: string]: unknown }[]> =>
    client.query(sql).then(
      ({ rows }) => rows as readonly { readonly [column: string]: unknown }[],
      (error: unknown) => {
        throw failure(error, target.login);
      },
    );
  const set = async (password: string): Promise<void> => {
    await run(`ALTER ROLE ${client.escapeIdentifier(target.login)} PASSWORD '${await scramVerifier(password)}'`);
  };
  return {
    async may() {
      // The server decides, in a transaction that is rolled back.
      await run("BEGIN READ WRITE");
      try {
        await set(randomBytes(24).toString("base64url"));
      } finally {
        await run("ROLLBACK");
      }
      const [row] = await run("SHOW password_encryption");
      return row?.["password_encryption"] === "md5"
        ? [
            "the server still makes MD5 passwords; the new one is SCRAM-SHA-256, which clients from before 2018 cannot use",
          ]
        : [];
    },
    async admit(old, next) {
      if (await logsIn(target, next, wire)) return;
      await mustAccept(() => logsIn(target, old, wire), "PostgreSQL");
      await run("SET default_transaction_read_only = off");
      await set(textOf(next.secret));
      if (!(await logsIn(target, next, wire)))
        throw new UnsprawlError("failed", "PostgreSQL took the new password and still refuses it");
    },
    async retire(_old, next) {
      if (!(await logsIn(target, next, wire))) throw notYet("PostgreSQL");
    },
    close,
  };
}

/** By SQLSTATE; messages may quote a statement. */
function failure(error: unknown, role: string): UnsprawlError {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  const state = typeof code === "string" && /^\w{1,30}$/.test(code) ? code : "no answer";
  if (state === "42501")
    return new UnsprawlError(
      "denied",
      "this login may not change the role's password (42501)",
      `give the role's own login, or one of ${about.needs}`,
    );
  if (state === "42704") return new UnsprawlError("absent", `PostgreSQL has no role ${JSON.stringify(role)}`);
  if (state === "25006" || state === "0A000")
    return new UnsprawlError(
      "refused",
      `PostgreSQL is read-only there (${state})`,
      "name the primary server, not a standby",
    );
  if (/^(?:08|57P)/.test(state) || !/^[0-9A-Z]{5}$/.test(state))
    return new UnsprawlError("unreachable", `PostgreSQL: the connection is lost (${state})`, "try again");
  return new UnsprawlError("failed", `PostgreSQL did not change the password (${state})`);
}
