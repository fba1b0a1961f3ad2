import type { Evidence, Judge } from "../evidence.ts";
import { stronger } from "../evidence.ts";
import { looksRandom } from "../entropy.ts";
import { shownWords } from "../names/in-name.ts";
import { byFormat, spaced, unquote } from "./line-formats.ts";
import { readName } from "../names/names.ts";
import { leaveOut } from "../unread.ts";

/** So many settings are read of one value at least, and one for so many characters of it. */
const [PAIRS, OF_ONE] = [5000, 4];
const LEVELS = 40;
const DEEP = 262_144;

/** JSON with a secret somewhere inside; `undefined` when the text is not JSON. Says to `bound` when not all was read. */
export function inJson(text: string, judge: Judge, bound = { partly: false }, outer = ""): Evidence | null | undefined {
  const first = text.charCodeAt(0);
  if (first !== 123 && first !== 91) return undefined;
  const document = documentIn(text);
  if (document === undefined) return undefined;
  const left = settingsLeft(text);
  let best: Evidence | null = null;
  const walk = (node: unknown, trail: readonly string[], depth: number): void => {
    if (depth > LEVELS || !left.take()) {
      if (depth > LEVELS) leaveOut("settings");
      bound.partly = true;
      return;
    }
    if (typeof node === "string" || typeof node === "number") {
      const name = nameIn(trail, outer);
      const found = judge(name, String(node), `json → ${trail.map(shownKey).join(".")}`);
      best = stronger(best, found);
      return;
    }
    if (Array.isArray(node)) {
      best = stronger(best, keypair(node, trail.at(-1) ?? "wallet_keypair", judge));
      for (const item of node) walk(item, trail, depth + 1);
      return;
    }
    if (node === null || typeof node !== "object") return;
    const object = node as Record<string, unknown>;
    best = stronger(best, jwk(object, judge));
    // `[{"name": "DB_PASSWORD", "value": "…"}]`: the name stands beside the value.
    const given = object["name"] ?? object["key"] ?? object["Name"] ?? object["Key"] ?? object["ParameterKey"];
    const told = object["value"] ?? object["Value"] ?? object["ParameterValue"];
    if (typeof given === "string" && typeof told === "string") walk(told, [...trail, given], depth + 1);
    for (const [key, value] of Object.entries(object)) walk(value, [...trail.slice(-6), key], depth + 1);
  };
  walk(document, [], 0);
  return best;
}

/** How JSON begins. Most code in brackets is not JSON, and a parser's error costs more than this check. */
const JSON_BEGINS = /^(?:\{\s*["}]|\[\s*["{[\]\-\dtfn])/;

function documentIn(text: string): unknown {
  const document = JSON_BEGINS.test(text) && /[\]}]$/.test(text.trimEnd().slice(-1)) ? parsed(text) : undefined;
  // JSON in a string of JSON, of which the quotes around it are gone.
  if (document !== undefined || !/^[[{]{1,2}\\"/.test(text)) return document;
  const inner = parsed(`"${text}"`);
  return typeof inner === "string" ? parsed(inner) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The nearest key that promises something names a value: `{"github-oauth": {"github.com": "…"}}`. */
function nameIn(trail: readonly string[], outer: string): string {
  const own = trail.at(-1) ?? "";
  // `JWT_SECRET={"type":"HS256","key":"…"}`: the name says what the key is of.
  if (own === "key" && trail.length === 1 && readName(outer).family === "secret") return outer;
  // `REDIS_PASSWORD_MAP={"redis://cache:6379":"…"}`: the name says what each server has.
  if (trail.length === 1 && own.includes("://") && /(?:^|_)passwords?_(?:map|mapping|list)$/.test(readName(outer).key))
    return "password";
  const above = trail.at(-2) ?? "";
  if (/^(?:kid|kty|alg|use|n|e|x|y|crv|x5t|x5c|x5u|x5t#S256|key_ops)$/.test(own)) return own;
  const info = readName(own);
  return info.family === null && info.setting === null && readName(above).family !== null ? above : own;
}

/** A JSON Web Key with its private part: `d`, or `k` of a symmetric one. */
function jwk(object: Record<string, unknown>, judge: Judge): Evidence | null {
  if (typeof object["kty"] !== "string") return null;
  const part = object["kty"] === "oct" ? object["k"] : object["d"];
  return typeof part === "string" && part.length >= 16 ? judge("jwk_private_key", part, "json web key") : null;
}

/** Solana's command line keeps a key pair as 64 numbers. */
function keypair(list: readonly unknown[], name: string, judge: Judge): Evidence | null {
  if (
    list.length !== 64 ||
    !list.every((byte) => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) < 256)
  )
    return null;
  const hex = Buffer.from(list as number[]).toString("hex");
  return new Set(list).size > 24 && /key|wallet|secret|id/.test(name)
    ? judge("wallet_private_key", hex, "key pair as numbers")
    : null;
}

const shownKeys = new Map<string, string>();

/** Keys of a document may be shown, unless they look like anything but a plain key. */
function shownKey(key: string): string {
  if (!/^[A-Za-z][A-Za-z_.-]{0,39}$/.test(key)) return "…";
  let shown = shownKeys.get(key);
  if (shown === undefined) {
    if (shownKeys.size >= 10_000) shownKeys.clear();
    shownKeys.set(key, (shown = shownWords(key)));
  }
  return shown;
}

const LINE =
  /^\s{0,40}(?:export\s|set\s|ENV\s|-\s)?\s{0,4}["']?([A-Za-z_/][A-Za-z0-9_./:@\\-]{0,119}?)["']?\s{0,8}(?:=|:(?=\s|$)|\s=>)\s{0,8}(.{1,8192})$/;
const PAIR =
  /(?:^|[\s;,&?{(|])["']?(-{0,2}[A-Za-z_][A-Za-z0-9_.-]{0,79})["']?[ \t]?=[ \t]?(?:"([^"]{1,2000})"|'([^']{1,2000})'|(\$?\{\{[^{}\n]{1,200}\}\}|<[^<>="'\n]{1,120}>|[^\s,;&"']{1,2000}))/g;
const QUOTED = /["']([A-Za-z_][A-Za-z0-9_.-]{1,79})["']\s?:\s?["']([^"'\n]{1,2000})["']/g;
const COLON = /(?:^|[{,;])\s?([A-Za-z_][A-Za-z0-9_.-]{1,79}):[ \t]{1,4}["']?([^\s"',;}]{1,2000})/g;

/** `gitlab_rails['smtp_password'] = "…"`: an entry of a hash in Ruby, Python or PHP that takes a literal, not a call. */
const ENTRY =
  /^\s{0,40}\$?\w{1,40}\[["']([A-Za-z_][\w.-]{0,79})["']\]\s{0,8}=\s{0,8}(?:"([^"]{1,2000})"|'([^']{1,2000})')\s{0,4};?\s{0,4}$/;

/** `username:octocat,admin:true,token:…`: a list of fields, as Drone takes a user. */
const LIST = /^[a-z][\w-]{1,30}:[^\s,:]{1,400}(?:,[a-z][\w-]{1,30}:[^\s,:]{0,400}){1,20}$/;

/** PHP's `define('NAME', 'value')`. */
const DEFINE =
  /\bdefine\(\s{0,4}\\?["']([A-Za-z_][A-Za-z0-9_]{1,79})\\?["']\s{0,4},\s{0,4}\\?["']([^"'\\]{1,1000})\\?["']/g;
const ATTRIBUTES = /\b(?:key|name)=["']([A-Za-z_][\w.:-]{1,79})["'][^<>]{0,80}?\bvalue=["']([^"'<>]{1,2000})["']/gi;
const ELEMENT = /<([A-Za-z][\w.-]{1,60})>([^<>\n]{1,1000})<\//g;

/** The forms of a setting within a line; only a text that has the sign is searched. */
const FORMS: readonly { readonly sign: RegExp; readonly pattern: RegExp }[] = [
  { sign: /=/, pattern: PAIR },
  { sign: /["']\s?:/, pattern: QUOTED },
  { sign: /:[ \t]/, pattern: COLON },
  { sign: /<\//, pattern: ELEMENT },
  { sign: /value=/, pattern: ATTRIBUTES },
  { sign: /define\(/, pattern: DEFINE },
];

/** Settings inside a text: dotenv, INI, properties, YAML lines, ADO, libpq, JAAS, query strings, header lists. */
export function inAssignments(text: string, judge: Judge): Evidence | null {
  const body = text.length > DEEP ? text.slice(0, DEEP) : text;
  if (text.length > DEEP) leaveOut("settings");
  const lines = body.includes("\n") || body.includes("\\n") ? inLines(body, judge) : null;
  if (lines !== null) return lines;
  const left = settingsLeft(body);
  for (const settings of [piecesOf, formsOf, fieldsOf]) {
    let best: Evidence | null = null;
    for (const [key, value] of settings(body)) {
      if (!left.take()) break;
      best = stronger(best, judge(key, value, `setting ${shownKey(key.replace(/^-+/, ""))}`));
    }
    if (best !== null) return best;
  }
  return null;
}

type Settings = Generator<readonly [key: string, value: string]>;

/** `Server=db;User Id=app;Password=…` */
function* piecesOf(body: string): Settings {
  if (!body.includes(";")) return;
  const odbc = /\bdriver\s?=/i.test(body);
  for (const piece of body.split(";")) {
    const at = piece.indexOf("=");
    if (at <= 0 || at >= 80) continue;
    const key = piece.slice(0, at).trim().split(/[?\s]/).at(-1) ?? "";
    yield [key, bare(unquote(piece.slice(at + 1).trim()), odbc)];
  }
}

function* formsOf(body: string): Settings {
  for (const { sign, pattern } of FORMS)
    for (const match of sign.test(body) ? body.matchAll(pattern) : []) {
      // `?access_token= and more`: a parameter without a value.
      if (pattern === PAIR && /^[?&][^=]{1,81}=\s/.test(match[0])) continue;
      yield [match[1] as string, match[2] ?? match[3] ?? match[4] ?? ""];
    }
}

function* fieldsOf(body: string): Settings {
  if (body.length >= 2000 || !LIST.test(body)) return;
  for (const piece of body.split(",")) {
    const [key, value] = [piece.slice(0, piece.indexOf(":")), piece.slice(piece.indexOf(":") + 1)];
    if (looksRandom(value, 12)) yield [key, value];
  }
}

/** Says whether one more setting of the text may be read. */
function settingsLeft({ length }: string): { take(): boolean } {
  let left = Math.max(PAIRS, length / OF_ONE);
  return {
    take: () => {
      if (left <= 0) leaveOut("settings");
      return left-- > 0;
    },
  };
}

/** ODBC puts braces around a value that holds marks; a manual puts them around the words for one. */
function bare(value: string, odbc: boolean): string {
  const words = /pass|pwd|your|secret/i.test(value) && !/\d/.test(value);
  return odbc && !words && /^\{.{1,200}\}$/.test(value) ? value.slice(1, -1) : value;
}

function inLines(body: string, judge: Judge): Evidence | null {
  let best: Evidence | null = null;
  const left = settingsLeft(body);
  let named = "";
  let accounts = false;
  for (const line of body.split(/\r?\n|(?:\\r)?\\n/)) {
    if (line.length > 9000 || line.trimStart().startsWith("#")) continue;
    const match = LINE.exec(line);
    if (match === null) {
      const entry = line.includes("[") ? ENTRY.exec(line) : null;
      if (entry !== null && left.take())
        best = stronger(
          best,
          judge(entry[1] as string, entry[2] ?? entry[3] ?? "", `line ${shownKey(entry[1] as string)}`),
        );
      // Below it cloud-init lists accounts as `name:password`.
      if (/^\s{0,40}chpasswd:\s{0,8}$/.test(line)) accounts = true;
      const account = accounts ? /^\s{1,40}(?:-\s)?[\w.-]{1,64}:([^\s:]{1,200})$/.exec(line) : null;
      if (account !== null) best = stronger(best, judge("password", account[1] as string, "line of chpasswd"));
      best = stronger(best, stronger(byFormat(line, judge), spaced(line, judge)));
      continue;
    }
    if (!left.take()) break;
    const given = match[1] as string;
    const value = unquote((match[2] as string).trim());
    // A list of `name: X` and `value: …` lines names the second by the first.
    const key = given === "value" && named !== "" ? named : given;
    named = given === "name" || given === "key" ? value : "";
    best = stronger(best, judge(key, value, `line ${shownKey(key)}`));
  }
  return best;
}
