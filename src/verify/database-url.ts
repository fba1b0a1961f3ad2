import { PORTS, type PasswordPart, type LoginKind, type LoginTarget, type Tls } from "./target.ts";

/** The database that the URL around the password names; text says why not, null that it is no such URL. */
export function urlTarget({ part, value }: PasswordPart): LoginTarget | string | null {
  if (value.length > LONGEST) return null;
  return fromUrl(part, value) ?? fromJdbc(part, value) ?? fromGo(part, value);
}

/** Characters that are read as a URL; the longest that a driver takes is far shorter. */
const LONGEST = 4096;

/** `postgres://user:password@host:port/database?sslmode=…` */
function fromUrl(part: string, value: string): LoginTarget | string | null {
  for (const { index } of value.matchAll(/\b[a-z][a-z0-9+]{0,30}:\/\//gi)) {
    const rest = value.slice(index);
    // A quote ends a URL, unless it is in the password.
    for (const text of [/^[^\s"'`<>]+/.exec(rest)?.[0], /^\S+/.exec(rest)?.[0]]) {
      const target = oneUrl(part, text ?? "");
      if (target !== null) return target;
    }
  }
  return null;
}

function oneUrl(part: string, text: string): LoginTarget | string | null {
  // Raw passwords contain `@`, `/` and `#`: the host is what follows the last `@` that leaves one.
  const found = /^([a-z0-9+]+):\/\/([^:@/\s]*):(.*)@([^@/?#]*)(\/[^@?#]*)?(\?[^#@]*)?(?:#.*)?$/i.exec(text);
  if (found === null) return null;
  const [, scheme = "", user = "", raw = "", authority = "", path = "", query = ""] = found;
  const kind = kindOf(scheme);
  if (kind === null || (raw !== part && decoded(raw) !== part)) return null;
  const secure = /^(?:rediss|valkeys|amqps)$/i.test(scheme);
  const place = placeOf(authority, scheme.toLowerCase() === "amqps" ? 5671 : PORTS[kind]);
  if (typeof place === "string") return place;
  const tls = tlsOf(new URLSearchParams(query), secure ? "verify-full" : null, kind);
  return { kind, ...place, user: decoded(user), password: decoded(raw), database: decoded(path.slice(1)), tls };
}

/** `jdbc:postgresql://host:port/database?user=…&password=…` */
function fromJdbc(part: string, value: string): LoginTarget | string | null {
  const found = /jdbc:(postgresql|mysql|mariadb):\/\/([^/?#\s]{1,300})\/([^?#\s]{0,200})\?([^\s"']+)/i.exec(value);
  if (found === null) return null;
  const [, scheme = "", authority = "", database = "", query = ""] = found;
  const given = new URLSearchParams(query);
  const kind = kindOf(scheme);
  const user = given.get("user");
  if (kind === null || given.get("password") !== part) return null;
  if (user === null) return "needs the user name in the URL";
  const place = placeOf(authority, PORTS[kind]);
  if (typeof place === "string") return place;
  return { kind, ...place, user, password: part, database: decoded(database), tls: tlsOf(given, null, kind) };
}

/** `user:password@tcp(host:port)/database?tls=…` of Go's MySQL driver. */
function fromGo(part: string, value: string): LoginTarget | string | null {
  const found = /^([^:@/\s]*):(.*)@tcp\(([^()\s]+)\)\/([^?\s]*)(\?\S*)?$/.exec(value.trim());
  if (found === null || found[2] !== part) return null;
  const [, user = "", , authority = "", database = "", query = ""] = found;
  const place = placeOf(authority, PORTS.mysql);
  if (typeof place === "string") return place;
  const wanted = new URLSearchParams(query).get("tls");
  const tls: Tls = wanted === "true" ? "verify-full" : wanted === "skip-verify" ? "require" : "prefer";
  return { kind: "mysql", ...place, user, password: part, database, tls };
}

function kindOf(scheme: string): LoginKind | null {
  if (/^postgres(?:ql)?(?:\+\w+)?$/i.test(scheme)) return "postgres";
  if (/^(?:mysql2?|mariadb)(?:\+\w+)?$/i.test(scheme)) return "mysql";
  if (/^amqps?$/i.test(scheme)) return "amqp";
  return /^(?:rediss?|valkeys?)$/i.test(scheme) ? "redis" : null;
}

function placeOf(authority: string, port: number): { readonly host: string; readonly port: number } | string {
  if (authority.includes(",")) return "names several hosts, and which of them is asked would be a guess";
  const found = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d{1,5}))?$/i.exec(decoded(authority));
  if (found?.[1] === undefined || found[1] === "" || found[1].includes("/")) return "names no host that can be asked";
  return { host: found[1], port: found[2] === undefined ? port : Number(found[2]) };
}

/** What each client library calls it; nothing said means what the database's own client does. */
function tlsOf(query: URLSearchParams, scheme: Tls | null, kind: LoginKind): Tls {
  if (scheme !== null) return scheme;
  if (kind === "redis" || kind === "amqp") return "disable";
  for (const [name, said] of query) {
    const mode = tlsNamed(name, said);
    if (mode !== null) return mode;
  }
  return "prefer";
}

function tlsNamed(name: string, said: string): Tls | null {
  if (/^(?:use_?ssl|ssl)$/i.test(name) && /^(?:true|1|false|0)$/i.test(said))
    return /^(?:true|1)$/i.test(said) ? "require" : "disable";
  return /^ssl[-_]?mode$/i.test(name) ? tlsMode(said) : null;
}

/** A mode in libpq's or MySQL's words; null when it is neither's. */
export function tlsMode(said: string): Tls | null {
  const mode = said.trim().toLowerCase().replaceAll("_", "-");
  if (mode === "disable" || mode === "disabled") return "disable";
  if (mode === "allow" || mode === "prefer" || mode === "preferred") return "prefer";
  if (mode === "require" || mode === "required" || mode === "no-verify") return "require";
  if (mode === "verify-ca") return "verify-ca";
  return mode === "verify-full" || mode === "verify-identity" ? "verify-full" : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
