import { toolOf } from "../reference.ts";
import type { NamedLiteral } from "./assignment.ts";

/** Whether a string may name a value inside itself: only a sign, or an escape that stands for one, gives one. */
export function mayNameInside(raw: string): boolean {
  if (raw.includes("=") || raw.includes("\\") || raw.includes("&")) return true;
  const at = raw.indexOf(":");
  // A header's name, Spring's or a user's before it; most colons are those of a sentence or an address.
  return at < 0 ? raw.startsWith("Bearer ") : at > 2 && at < 100 && raw.charCodeAt(at + 1) !== 47 && !SPACED.test(raw);
}

/** Words before the colon. */
const SPACED = /^[^:\s]{0,40}\s/;

const INNER = /^(?:-D|--?)?([A-Za-z_][\w.-]{0,79})=(?!=)([\s\S]{1,4000})$/;
/** A header with its value, as clients of HTTP take it. */
const HEADER =
  /^((?:proxy-)?authorization|(?:set-)?cookie|private-token|(?:x|api|auth|access)-[\w-]{1,40}|[\w-]{1,40}-(?:token|key|secret)):\s{0,2}([^\s{$%][^\n]{7,2000})$/i;
const BEARER = /^Bearer\s[^\s{$%<]{12,2000}$/;
/** A parameter of an address. */
const QUERY = /[?&]([A-Za-z_][\w.-]{1,40})=([^&#\s"'`<>{}$%\\]{8,400})/g;
/** A string that opens a database: `Server=…;Password=…`, `jdbc:…?password=…`, `host=… password=…`. */
const CONNECTION = /(?:^|[;?&\s,])(?:password|pwd)\s?=\s?[^\s;&]/i;
/** Go's way to a database: `user:password@tcp(host)`. */
const DSN = /^([\w.-]{1,64}):([^@\s:]{3,128})@(?:tcp|unix)\(/;

/** Spring's way to a setting, and what counts without it: `${db.password:…}`. */
const SETTING = /^\$\{([A-Za-z_][\w.-]{1,100}):([^{}:\s][^{}\s]{2,400})\}$/;

/** What a setting's value in quotes or without is when nothing else sets it: `password: ${DB_PASSWORD:…}`. */
export function fallbackOf(one: NamedLiteral): NamedLiteral {
  const fallback = settingIn(one.value)?.[2];
  if (fallback === undefined || /^[-=?+]/.test(fallback)) return one;
  const end = one.end - 1;
  return { ...one, value: fallback, start: end - fallback.length, end };
}

/** `${vault:secret/web:password}` has no default: it names a tool and an entry there. */
function settingIn(value: string): RegExpExecArray | null {
  const found = value.startsWith("${") ? SETTING.exec(value) : null;
  return found !== null && toolOf(value) === null ? found : null;
}

/** What a string that has no name names inside: an option, a header, a parameter, a part of a connection. */
export function innerNames(raw: string, value: string, start: number, end: number): NamedLiteral[] {
  const isAssigned = value.includes("=");
  const inner = isAssigned ? INNER.exec(value) : null;
  const isConnection = isAssigned && value.length < 2000 && CONNECTION.test(value) && !isStatement(value);
  if (inner !== null && !isConnection) {
    const [, name = "", rest = ""] = inner;
    return [{ name, start: start + raw.indexOf("=") + 1, end, value: rest, quoted: true }];
  }
  const whole = (name: string): NamedLiteral[] => [{ name, start, end, value, quoted: true }];
  if (isConnection) return whole("connection");
  if (BEARER.test(value)) return whole("authorization");
  const header = value.includes(":") ? HEADER.exec(value) : null;
  if (header !== null) return part(raw, start, header[1] as string, header[2] as string);
  const setting = settingIn(value);
  if (setting !== null) return part(raw, start, setting[1] as string, setting[2] as string);
  const dsn = value.includes("@") ? DSN.exec(value) : null;
  if (dsn !== null) return part(raw, start, "password", dsn[2] as string);
  if (!isAssigned || !/^[\w+.-]{0,20}:?\/|^\?/.test(value)) return [];
  return [...value.matchAll(QUERY)].flatMap(([, name = "", parameter = ""]) => part(raw, start, name, parameter));
}

/** `password = getpass()`, a line of code in a string: a connection has no spaces there, or other parts beside it. */
function isStatement(value: string): boolean {
  return /^\s{0,80}[\w.]{1,60}\s=\s/.test(value) && !value.includes(";");
}

/** A part of a string, as it stands there. */
function part(raw: string, start: number, name: string, value: string): NamedLiteral[] {
  const at = raw.lastIndexOf(value);
  if (at < 0) return [];
  return [{ name, start: start + at, end: start + at + value.length, value, quoted: true }];
}
