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

/** The step of a short flag that is a password because a user name stands on the line. */
export const BESIDE_USER = "flag beside a user name";
/** The step to a value that the program's manual documents. */
export const OF_PROGRAM = "flag of this program";

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,119}$/;
const PAIRS =
  /^(?:-u|-n|-a|--user|--auth|--basic-auth|--basic_auth|--http-auth|--proxyauth|--proxy-auth|--proxy-user|--credentials?|--cred|--login|--userpass|--http-user|--authentication)$/;
/** Flags that take nothing but `user:password`, however weak. */
const SURE_PAIRS = /^--(?:add-local-user|basic[-_]auth|proxy-user|userpass|user-pass|credentials?)$/;
const GOSSIP = /^[A-Za-z0-9+/]{22,43}={1,2}$|^[A-Za-z0-9+/]{32}$/;
const SETTERS =
  /^(?:-e|-E|--env|--build-arg|--set|--set-string|-c|-o|-v|--label|-l|--opt|--from-literal|--var|-var|--conf|--param|--add-config|-O|--option|--property)$/;

type FlagOnLine = {
  readonly word: string;
  readonly name: string;
  /** What stands behind its sign, or else the next word. */
  readonly value: string | undefined;
  /** Whether the value stands in the same word. */
  readonly glued: boolean;
  readonly before: string;
  readonly line: readonly string[];
  readonly program: Program | null;
  readonly take: OnNamedValue;
};

/** Classifies a flag; true if it took the next word. */
export function flag(
  word: string,
  next: string | undefined,
  line: readonly string[],
  program: Program | null,
  take: OnNamedValue,
): boolean {
  const cut = word.search(word.startsWith("/") ? /[:=]/ : /=/);
  const name = cut < 0 ? word : word.slice(0, cut);
  const value = cut < 0 ? next : word.slice(cut + 1);
  // Arguments joined without their quotes: `-H Authorization: Bearer …` is read word by word.
  if (value?.endsWith(":") === true && /^[A-Za-z-]{2,40}:$/.test(value)) return false;
  const before = cut < 0 ? `${name} ` : word.slice(0, cut + 1);
  const given = { word, name, value, glued: cut >= 0, before, line, program, take };
  for (const read of FLAG_READERS) {
    const taken = read(given);
    if (taken !== undefined) return taken;
  }
  return byFlagName(given);
}

/** The first that knows a flag decides whether it took the next word. */
const FLAG_READERS: readonly ((flag: FlagOnLine) => boolean | undefined)[] = [
  byManual,
  byGluedValue,
  // Consul, Nomad and Serf: `encrypt` is a verb elsewhere, so that only a key of 16, 24 or 32 bytes counts.
  ({ name, value, glued, before, take }) => {
    if (!/^--?encrypt$/.test(name) || value === undefined || !GOSSIP.test(value) || !looksRandom(value, 20))
      return undefined;
    take("gossip_key", value, "flag", { before, kind: null });
    return !glued;
  },
  // Java's `-Dname=value`, and whatever takes settings by `-e`, `--set`, `-c`, `-o`, `-v`: `name=value` behind it.
  ({ word, take }) => {
    const define = /^-(?:D|XD|P|J-D|e|E|o|c|v)?([A-Za-z_][\w.-]{1,119})=(.{1,4096})$/s.exec(word);
    if (define === null || word.startsWith("--")) return undefined;
    const before = word.slice(0, word.indexOf("=") + 1);
    take(define[1] as string, define[2] as string, "option", { before, kind: null });
    return false;
  },
  ({ value }) => (value === undefined ? false : undefined),
  bySetter,
  byShape,
];

function byManual({ name, value, glued, before, line, program, take }: FlagOnLine): boolean | undefined {
  // `-fu LOGIN`: short flags in one word, of which the last takes the value.
  const last = /^-[A-Za-z]{2,4}$/.test(name) ? program?.flags?.[`-${name.at(-1) ?? ""}`] : undefined;
  const known =
    program?.flags?.[name] ?? besides(program, name, line) ?? (last === "pair" || last === "header" ? last : undefined);
  if (known === undefined || value === undefined) return undefined;
  // HTTPie's `--auth` takes a login, or a token alone.
  if (known === "pair" && !value.includes(":") && readName(name.slice(2)).word === "AUTH") return undefined;
  if (!glued && value.startsWith("-") && known !== "header") return false;
  special(known, value, take, before);
  return !glued;
}

function byGluedValue({ word, program, take }: FlagOnLine): boolean | undefined {
  const kind = word.length > 3 && !word.startsWith("--") ? program?.glued?.[word.slice(0, 2)] : undefined;
  if (kind === undefined) return undefined;
  special(kind, word.slice(2).replace(/^=/, ""), take, word.slice(0, 2));
  return false;
}

function bySetter({ name, value = "", glued, before, take }: FlagOnLine): boolean | undefined {
  if (!SETTERS.test(name)) return undefined;
  // Wrangler's `--var NAME:value`.
  const cut = name === "--var" ? value.search(/[=:]/) : value.indexOf("=");
  if (cut <= 0 || !NAME.test(value.slice(0, cut))) return undefined;
  const by = { before: before + value.slice(0, cut + 1), kind: null };
  take(value.slice(0, cut), value.slice(cut + 1), "option", by);
  return !glued;
}

/** What flags of programs that are not known mean when their values look like it. */
const BY_SHAPE: readonly {
  readonly name: RegExp;
  readonly fits: (value: string) => boolean;
  readonly kind: FlagKind;
  readonly always?: true;
}[] = [
  { name: /^(?:-H|--header)$/, fits: () => true, kind: "header", always: true },
  // dperson/samba's users are `name;password;id;group`.
  { name: /^-u$/, fits: (value) => /^[a-z_][\w.-]{0,31};[^;\s$]{3,}/i.test(value), kind: "semicolon" },
  {
    name: SURE_PAIRS,
    fits: (value) => /^[^:\s/\\$]{1,64}:(?![\d.,-]{1,5}$)\S{3,200}$/.test(value),
    kind: "pair",
  },
  { name: PAIRS, fits: isLogin, kind: "pair" },
];

function byShape({ name, value = "", glued, before, line, program, take }: FlagOnLine): boolean | undefined {
  const plain = program?.plain === true;
  const known = BY_SHAPE.find((one) => (!plain || one.always) && one.name.test(name) && one.fits(value));
  if (known !== undefined) special(known.kind, value, take, before);
  else if (!plain && shortPassword(name, value, line))
    take("password", value, BESIDE_USER, { before, kind: "password" });
  else return undefined;
  return !glued;
}

function besides(program: Program | null, name: string, line: readonly string[]): FlagKind | undefined {
  return Object.entries(program?.beside ?? {}).find(([word, flags]) => name in flags && line.includes(word))?.[1][name];
}

/** `--db-password X`, `/pass:X`: the flag's own name says secret. */
function byFlagName({ name, value = "", glued, before, take }: FlagOnLine): boolean {
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
    if (printed !== null) take("password", printed[1] as string, "command that prints it", { before, kind: null });
    return !glued;
  }
  const info = readName(bare);
  if (!glued && (info.family === null || (value.startsWith("-") && !looksRandom(value, 24)))) return false;
  if (/^\d$/.test(value) || /^(?:bcrypt|argon2\w*|pbkdf2|plain)$/.test(value)) return !glued;
  take(bare, value, "flag", { before, kind: null });
  return !glued && info.family !== null;
}

/** A value whose kind the program's manual tells, and what stands before it. */
export function special(kind: FlagKind, value: string, take: OnNamedValue, before = ""): void {
  BY_KIND[kind](value, (name, found, step = OF_PROGRAM) => take(name, found, step, { before, kind }));
}

type OnKnownValue = (name: string, value: string, step?: string) => void;

const BY_KIND: { readonly [kind in FlagKind]: (value: string, take: OnKnownValue) => void } = {
  password: (value, take) => take("password", value),
  token: (value, take) => take("token", value),
  key: (value, take) => take("secret_key", value),
  name: () => {},
  community: (value, take) => {
    if (value !== "public" && value !== "private") take("password", value);
  },
  openssl: (value, take) => {
    if (value.startsWith("pass:")) take("password", value.slice(5));
  },
  pair: (value, take) => {
    const [user, password] = parted(value, ":") ?? [];
    if (password !== undefined) take("password", password);
    // `curl -u TOKEN:`, where vendors take a token for the user; a user alone has no password.
    if (user !== undefined && password === "" && looksRandom(user, 12)) take("token", user);
  },
  percent: (value, take) => behindMark(parted(value, "%"), take),
  comma: (value, take) => behindMark(parted(value, ","), take),
  semicolon: (value, take) => behindMark(parted(value, ";"), take, ";"),
  slash: (value, take) => behindMark(parted(value, "/"), take, "@"),
  file: (value, take) => {
    if (parted(value, ":") !== null) take("password", value.slice(value.lastIndexOf(":") + 1));
  },
  login: (value, take) => {
    const login = /^(?:[a-z0-9+]{1,20}:\/\/)?[\w.-]{1,64}:([^\s@]{1,200})@/.exec(value)?.[1];
    if (login !== undefined) take("password", login);
  },
  header: (value, take) => {
    const at = value.search(/[:=]/);
    if (at > 0) take(value.slice(0, at).trim(), value.slice(at + 1).trim(), "header");
  },
  cookie: (value, take) => {
    for (const piece of value.split(/;\s?/, 60)) {
      const at = piece.indexOf("=");
      if (at > 0 && looksRandom(piece.slice(at + 1))) take("session_token", piece.slice(at + 1), "cookie");
    }
  },
  assign: (value, take) => {
    // Robot Framework writes `NAME:value`.
    const at = value.includes("=") || /^\W/.test(value) ? value.indexOf("=") : value.indexOf(":");
    if (at > 0) take(value.slice(0, at), value.slice(at + 1));
  },
};

/** What stands before the mark and behind it; a colon in `${USER:?not set}` parts nothing. */
function parted(value: string, mark: string): readonly [string, string] | null {
  const from = value.startsWith("${") ? value.indexOf("}") : value.startsWith("$(") ? value.indexOf(")") : 0;
  const at = value.indexOf(mark, Math.max(0, from));
  return at < 0 || value.startsWith("{") ? null : [value.slice(0, at), value.slice(at + 1)];
}

/** The password behind the mark, up to where the next part begins. */
function behindMark(parts: readonly [string, string] | null, take: OnKnownValue, end?: string): void {
  if (parts !== null) take("password", end === undefined ? parts[1] : (parts[1].split(end)[0] ?? ""));
}
