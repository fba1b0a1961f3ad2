/*
 * Passwords of entries in OpenLDAP, as salted hashes that are made here. An entry has two for a while.
 */
import { randomBytes } from "node:crypto";
import type { Client } from "ldapts";
import type {
  RotationCredential,
  RotationLogin,
  RotationServer,
  RotationSession,
  RotationTarget,
  RotationWire,
  Rotator,
} from "../../contract/rotator.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { LoginAnswer } from "../../verify/target.ts";
import { firstIn, guarded, logsInBy, mustAccept, notYet } from "../logins.ts";
import { newPassword } from "../passwords.ts";
import { textOf } from "../reveal.ts";
import { about } from "./about.ts";
import { LDAP, ldapCode, openLdap } from "./client.ts";
import { matches, ssha } from "./hashes.ts";
import { ldapTarget } from "./target.ts";

const bound = (target: RotationTarget, login: RotationLogin, wire: RotationWire): Promise<Client | LoginAnswer> =>
  openLdap(guarded(target, login, wire), target.details["startTls"] === "yes", wire.timeoutMs, wire.signal);

const logsIn: RotationServer["logsIn"] = (target, credential, wire) =>
  logsInBy(async () => {
    const line = await bound(target, { user: target.login, secret: credential.secret }, wire);
    if ("said" in line) return line;
    await line.unbind();
    return { said: "in", why: "OpenLDAP lets it log in" };
  })(target, credential, wire);

export const rotator: Rotator = {
  about,
  target: ldapTarget,
  make: newPassword,
  server: {
    async open(target, logins, wire) {
      return session(await firstIn(logins, (login) => bound(target, login, wire)), target, wire);
    },
    logsIn,
  },
};

const isOf = (value: Buffer, { secret }: RotationCredential): boolean | null => matches(value, textOf(secret));

function session(client: Client, target: RotationTarget, wire: RotationWire): RotationSession {
  const dn = target.login;
  const values = async (): Promise<readonly Buffer[]> => {
    const attributes = ["userPassword"];
    const { searchEntries } = await client
      .search(dn, { scope: "base", attributes, explicitBufferAttributes: attributes })
      .catch((error: unknown) => {
        throw failure(error, dn);
      });
    const found = searchEntries[0]?.["userPassword"];
    return (Array.isArray(found) ? found : found === undefined ? [] : [found]).map((one) => Buffer.from(one));
  };
  const change = async (...changes: readonly (readonly ["add" | "delete", readonly (Buffer | string)[]])[]) => {
    const { Attribute, Change } = await import("ldapts");
    const made = changes.map(
      ([operation, some]) =>
        new Change({
          operation,
          modification: new Attribute({ type: "userPassword", values: some.map((one) => Buffer.from(one)) }),
        }),
    );
    await client.modify(dn, made).catch((error: unknown) => {
      throw failure(error, dn);
    });
  };
  return {
    async may() {
      // Seen or not, who may write it may also add: the server decides, on a value that the same request removes.
      const probe = ssha(randomBytes(24).toString("base64url"));
      await change(["add", [probe]], ["delete", [probe]]);
      if ((await values()).length === 0) throw denied("this login may not read userPassword");
      return [];
    },
    async admit(old, next) {
      const there = await values();
      if (there.some((one) => isOf(one, next))) return;
      await mustAccept(() => there.some((one) => isOf(one, old)) || logsIn(target, old, wire), "OpenLDAP");
      await change(["add", [ssha(textOf(next.secret))]]);
    },
    async retire(old, next) {
      const there = await values();
      if (!there.some((one) => isOf(one, next))) throw notYet("OpenLDAP");
      const gone = there.filter((one) => isOf(one, old));
      if (gone.length > 0) await change(["delete", gone]);
      // Forms that do not tell whose they are, such as {CRYPT}: the old one is among them if it still logs in.
      const strange = there.filter((one) => isOf(one, old) === null);
      if (strange.length > 0 && (await logsIn(target, old, wire))) await change(["delete", strange]);
    },
    close: () => client.unbind().catch(() => {}),
  };
}

function failure(error: unknown, dn: string): UnsprawlError {
  const code = ldapCode(error);
  if (code === LDAP.access) return denied("this login may not change userPassword (50)");
  if (code === LDAP.noSuchObject)
    return new UnsprawlError(
      "absent",
      `OpenLDAP shows no entry ${JSON.stringify(dn)} (32)`,
      "the root DN's password stands in the server's configuration: change it there",
    );
  if (code === LDAP.constraint || code === LDAP.unwilling)
    return new UnsprawlError(
      "refused",
      `OpenLDAP's password policy takes no second value or no hash (${code})`,
      "change it by hand, then give the new value with --value-from",
    );
  if (code === null) return new UnsprawlError("unreachable", "OpenLDAP: the connection is lost", "try again");
  return new UnsprawlError("failed", `OpenLDAP did not change the password (${code})`);
}

function denied(message: string): UnsprawlError {
  return new UnsprawlError("denied", message, `give the login of ${about.needs}`);
}
