import type { Client } from "ldapts";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { connectionFailure } from "../../kit/net/http.ts";
import { withTimeLimit, noAnswerText } from "../../kit/net/within.ts";
import { guardedSocket } from "../../verify/socket.ts";
import { unclear, type GuardedTarget, type LoginAnswer } from "../../verify/target.ts";

/** https://datatracker.ietf.org/doc/html/rfc4511#appendix-A */
export const LDAP = { noSuchObject: 32, constraint: 19, credentials: 49, access: 50, unwilling: 53 } as const;

/** Binds, or says why that failed. Never throws. */
export async function openLdap(
  target: GuardedTarget,
  startTls: boolean,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Client | LoginAnswer> {
  // A bind without a password is an anonymous one, which every server accepts.
  if (target.password === "") return unclear("OpenLDAP: an empty password proves nothing");
  const { Client: Ldap } = await import("ldapts");
  const { host, port, tls } = target;
  const servername = /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
  const connect = (): Socket => guardedSocket(target).connect(port, host);
  const client = new Ldap({
    url: `${tls === "disable" || startTls ? "ldap" : "ldaps"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    createConnection: connect,
    // With StartTLS on the socket that is there, else on a new one.
    createSecureConnection: ((first: number | { readonly socket?: Socket }) =>
      connectTls({
        socket: typeof first === "object" && first.socket !== undefined ? first.socket : connect(),
        rejectUnauthorized: true,
        ...servername,
      })) as typeof connectTls,
  });
  let isIn = false;
  try {
    const ended = await withTimeLimit(timeoutMs, signal, async () => {
      if (startTls) await client.startTLS({ rejectUnauthorized: true, ...servername });
      await client.bind(target.user, target.password);
      return { in: true };
    });
    if (typeof ended === "string") return unclear(`OpenLDAP: ${noAnswerText(ended, timeoutMs)}`);
    isIn = true;
    return client;
  } catch (error) {
    const code = ldapCode(error);
    if (code === LDAP.credentials) return { said: "wrong", why: `OpenLDAP refuses DN and password (${code})` };
    return unclear(code === null ? `OpenLDAP: ${connectionFailure(error)}` : `OpenLDAP does not say (${code})`);
  } finally {
    if (!isIn) await client.unbind().catch(() => {});
  }
}

/** The result code of an LDAP answer; null for any other error. */
export function ldapCode(error: unknown): number | null {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "number" ? code : null;
}
