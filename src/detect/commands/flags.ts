import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { isLogin, shortPassword } from "../names/passwordish.ts";
import type { FlagKind, Program } from "./program.ts";

/** Takes a named value that was found, with the flag or word before it. */
export type OnNamedValue = (name: string, value: string, step: string, by?: TakenBy) => void;

/** What a value stands behind on its command line. */
export type TakenBy = {
  /** As written up to the value, with the sign or space between: `--requirepass `, `-p`, `-Ddb.password=`. */
  readonly before: string;
  /** What the program's manual says that it is; null when only the flag's own name does. */
  readonly kind: FlagKind | null;
};

/** The step to a value that the program's manual documents. */
/** The step of a short flag that is a password because a user name stands on the line. */
export const BESIDE_USER = "flag beside a user name";
export const OF_PROGRAM = "flag of this program";

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,119}$/;
const PAIRS =
  /^(?:-u|-n|-a|--user|--auth|--basic-auth|--basic_auth|--http-auth|--proxyauth|--proxy-auth|--proxy-user|--credentials?|--cred|--login|--userpass|--http-user|--authentication)$/;
/** Flags that take nothing but `user:password`, however weak. */
const SURE_PAIRS = /^--(?:add-local-user|basic[-_]auth|proxy-user|userpass|user-pass|credentials?)$/;
const GOSSIP = /^[A-Za-z0-9+/]{22,43}={1,2}$|^[A-Za-z0-9+/]{32}$/;
const SETTERS =
  /^(?:-e|-E|--env|--build-arg|--set|--set-string|-c|-o|-v|--label|-l|--opt|--from-literal|--var|-var|--conf|--param|--add-config|-O|--option|--property)$/;

/** Classifies a flag; true if it took the next word. */
export function flag(
  word: string,
  next: string | undefined,
  line: readonly string[],
  program: Program | null,
  take: OnNamedValue,
): boolean {
  const sign = word.startsWith("/") ? /[:=]/ : /=/;
  const cut = word.search(sign);
  const name = cut < 0 ? word : word.slice(0, cut);
  // `-fu LOGIN`: short flags in one word, of which the last takes the value.
  const last = /^-[A-Za-z]{2,4}$/.test(name) ? program?.flags?.[`-${name.at(-1) ?? ""}`] : undefined;
  const known =
    program?.flags?.[name] ?? besides(program, name, line) ?? (last === "pair" || last === "header" ? last : undefined);
  const value = cut < 0 ? next : word.slice(cut + 1);
  const before = cut < 0 ? `${name} ` : word.slice(0, cut + 1);
  // Arguments joined without their quotes: `-H Authorization: Bearer …` is read word by word.
  if (value?.endsWith(":") === true && /^[A-Za-z-]{2,40}:$/.test(value)) return false;
  // HTTPie's `--auth` takes a login, or a token alone.
  const bareToken = known === "pair" && value?.includes(":") === false && readName(name.slice(2)).word === "AUTH";
  if (known !== undefined && value !== undefined && !bareToken) {
    if (cut < 0 && value.startsWith("-") && known !== "header") return false;
    special(known, value, take, before);
    return cut < 0;
  }
  const glued = word.length > 3 && !word.startsWith("--") ? program?.glued?.[word.slice(0, 2)] : undefined;
  if (glued !== undefined) {
    special(glued, word.slice(2).replace(/^=/, ""), take, word.slice(0, 2));
    return false;
  }
  // Consul, Nomad and Serf: `encrypt` is a verb elsewhere, so that only a key of 16, 24 or 32 bytes counts.
  if (/^--?encrypt$/.test(name) && value !== undefined && GOSSIP.test(value) && looksRandom(value, 20)) {
    take("gossip_key", value, "flag", { before, kind: null });
    return cut < 0;
  }
  // Java's `-Dname=value`, and whatever takes settings by `-e`, `--set`, `-c`, `-o`, `-v`: `name=value` behind it.
  const define = /^-(?:D|XD|P|J-D|e|E|o|c|v)?([A-Za-z_][\w.-]{1,119})=(.{1,4096})$/s.exec(word);
  if (define !== null && !word.startsWith("--")) {
    const at = word.indexOf("=") + 1;
    take(define[1] as string, define[2] as string, "option", { before: word.slice(0, at), kind: null });
    return false;
  }
  if (value === undefined) return false;
  if (SETTERS.test(name)) {
    // Wrangler's `--var NAME:value`.
    const inner = name === "--var" ? value.search(/[=:]/) : value.indexOf("=");
    if (inner > 0 && NAME.test(value.slice(0, inner))) {
      const setting = { before: before + value.slice(0, inner + 1), kind: null };
      take(value.slice(0, inner), value.slice(inner + 1), "option", setting);
      return cut < 0;
    }
  }
  if (/^(?:-H|--header)$/.test(name)) {
    special("header", value, take, before);
    return cut < 0;
  }
  if (program?.plain !== true) {
    // dperson/samba's users are `name;password;id;group`.
    if (name === "-u" && /^[a-z_][\w.-]{0,31};[^;\s$]{3,}/i.test(value)) {
      special("semicolon", value, take, before);
      return cut < 0;
    }
    if (SURE_PAIRS.test(name) && /^[^:\s/\\$]{1,64}:(?![\d.,-]{1,5}$)\S{3,200}$/.test(value)) {
      special("pair", value, take, before);
      return cut < 0;
    }
    if (PAIRS.test(name) && isLogin(value)) {
      special("pair", value, take, before);
      return cut < 0;
    }
    if (shortPassword(name, value, line)) {
      take("password", value, BESIDE_USER, { before, kind: "password" });
      return cut < 0;
    }
  }
  return byFlagName(name, value, cut >= 0, (called, found, step) => take(called, found, step, { before, kind: null }));
}

function besides(program: Program | null, name: string, line: readonly string[]): FlagKind | undefined {
  return Object.entries(program?.beside ?? {}).find(([word, flags]) => name in flags && line.includes(word))?.[1][name];
}

/** `--db-password X`, `/pass:X`: the flag's own name says secret. */
function byFlagName(name: string, value: string, glued: boolean, take: OnNamedValue): boolean {
  const bare = name.replace(/^-{1,2}|^\//, "");
  if (bare.length < 3 && bare !== "pw") return false;
  // `adduser --disabled-password NAME` takes nothing.
  if (
    !glued &&
    /^(?:no|disabled?|without|skip|allow|empty|ask|prompt|use|enable|require|show|hide|force|random|generate)[-_]/i.test(
      bare,
    )
  )
    return false;
  if (/^(?:ext-?pass|pass(?:word|phrase)?[-_](?:command|cmd))$/i.test(bare)) {
    const printed = /^echo\s+(?:-n\s+)?["']?([^\s"'$`]{3,200})["']?$/.exec(value);
    if (printed !== null) take("password", printed[1] as string, "command that prints it");
    return !glued;
  }
  const info = readName(bare);
  if (!glued && (info.family === null || (value.startsWith("-") && !looksRandom(value, 24)))) return false;
  if (/^\d$/.test(value) || /^(?:bcrypt|argon2\w*|pbkdf2|plain)$/.test(value)) return !glued;
  take(bare, value, "flag");
  return !glued && info.family !== null;
}

/** A value whose kind the program's manual tells, and what stands before it. */
export function special(kind: FlagKind, value: string, on: OnNamedValue, before = ""): void {
  const step = OF_PROGRAM;
  const take: OnNamedValue = (name, found, at) => on(name, found, at, { before, kind });
  if (kind === "password") take("password", value, step);
  else if (kind === "token") take("token", value, step);
  else if (kind === "key") take("secret_key", value, step);
  else if (kind === "community") {
    if (value !== "public" && value !== "private") take("password", value, step);
  } else if (kind === "openssl") {
    if (value.startsWith("pass:")) take("password", value.slice(5), step);
  } else if (
    kind === "pair" ||
    kind === "percent" ||
    kind === "comma" ||
    kind === "semicolon" ||
    kind === "file" ||
    kind === "slash"
  ) {
    // A colon in `${USER:?not set}` parts nothing.
    const from = value.startsWith("${") ? value.indexOf("}") : value.startsWith("$(") ? value.indexOf(")") : 0;
    const at = value.indexOf(MARK[kind], Math.max(0, from));
    if (at >= 0 && !value.startsWith("{")) {
      const rest = value.slice(at + 1);
      take(
        "password",
        kind === "slash"
          ? (rest.split("@")[0] ?? "")
          : kind === "file"
            ? value.slice(value.lastIndexOf(":") + 1)
            : kind === "semicolon"
              ? (rest.split(";")[0] ?? "")
              : rest,
        step,
      );
      // `curl -u TOKEN:`, where vendors take a token for the user; a user alone has no password.
      if (rest === "" && kind === "pair" && looksRandom(value.slice(0, at), 12))
        take("token", value.slice(0, at), step);
    }
  } else if (kind === "login") {
    const login = /^(?:[a-z0-9+]{1,20}:\/\/)?[\w.-]{1,64}:([^\s@]{1,200})@/.exec(value)?.[1];
    if (login !== undefined) take("password", login, step);
  } else if (kind === "header") {
    const at = value.search(/[:=]/);
    if (at > 0) take(value.slice(0, at).trim(), value.slice(at + 1).trim(), "header");
  } else if (kind === "cookie") {
    for (const piece of value.split(/;\s?/, 60)) {
      const at = piece.indexOf("=");
      if (at > 0 && looksRandom(piece.slice(at + 1))) take("session_token", piece.slice(at + 1), "cookie");
    }
  } else if (kind === "assign") {
    // Robot Framework writes `NAME:value`.
    const at = value.includes("=") || /^\W/.test(value) ? value.indexOf("=") : value.indexOf(":");
    if (at > 0) take(value.slice(0, at), value.slice(at + 1), step);
  }
}

const MARK = { pair: ":", percent: "%", comma: ",", semicolon: ";", file: ":", slash: "/" } as const;
