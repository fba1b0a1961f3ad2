import { FOREIGN, FOREIGN_HERE, reachesThisMachine } from "../kit/net/outgoing.ts";
import { amqpLogin } from "./amqp.ts";
import { mysqlLogin } from "./mysql.ts";
import { namedTarget, passwordName } from "./database-names.ts";
import { urlTarget } from "./database-url.ts";
import { postgresLogin } from "./postgres.ts";
import { redisLogin } from "./redis.ts";
import { requestKey } from "./reveal.ts";
import type { LoginAnswer, PasswordPart, LoginKind, TryLogin } from "./target.ts";
import { dead, live, unknown, type Liveness, type VerifyRequest } from "./types.ts";

const LOGINS: { readonly [kind in LoginKind]: TryLogin } = {
  postgres: postgresLogin,
  mysql: mysqlLogin,
  redis: redisLogin,
  amqp: amqpLogin,
};

/** Whether the secret is the password of a database or a broker that can be logged in to: in a URL, or by the variable's name. */
export function isDatabase(held: PasswordPart): boolean {
  return urlTarget(held) !== null || passwordName(held) !== null;
}

/** The login to try, or why there is none: nothing missing is guessed. */
export function loginFor(
  held: PasswordPart & { readonly beside: (names: RegExp) => string | null; readonly local: boolean },
): VerifyRequest | Liveness {
  const target = urlTarget(held) ?? namedTarget(held);
  if (target === null) return unknown("there is no check for this kind of secret");
  if (typeof target === "string") return unknown(target);
  const { kind, host, port, user, password, database, tls } = target;
  if (!/^(?:[\w.-]{1,253}|\[?[0-9a-f:.]+\]?)$/i.test(host)) return unknown("its host cannot be read without guessing");
  if (port < 1 || port > 65_535) return unknown("its port is not valid");
  if (!held.local && (reachesThisMachine(host) || !/[.:]/.test(host)))
    return unknown("its host name counts only within the container's own network");
  const bare = { ...target, host: host.replace(/^\[|\]$/g, ""), reach: held.local ? FOREIGN_HERE : FOREIGN };
  return {
    key: requestKey(kind, host, port, user, password, database, tls),
    host: `${host}:${port}`,
    ask: async ({ timeoutMs }, signal) => livenessOf(await LOGINS[kind](bare, timeoutMs, signal)),
  };
}

function livenessOf({ said, why }: LoginAnswer): Liveness {
  return said === "in" ? live(why) : said === "wrong" ? dead(why) : unknown(why);
}
