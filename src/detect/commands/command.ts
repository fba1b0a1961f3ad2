import type { Where } from "../../model/location.ts";
import type { Evidence, Judge } from "../evidence.ts";
import { stronger } from "../evidence.ts";
import { ANYWHERE, HINTS } from "./anywhere.ts";
import { inArguments, withoutNames } from "./argv.ts";
import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { programOf } from "./programs.ts";
import { splitCommands, splitShell, substitutions } from "./shell.ts";
import { byFormat } from "../structure/line-formats.ts";
import { inUrls } from "../structure/url.ts";

const DEEPEST = 4;

/** A secret on a command line: exec form (a JSON array), shell text, or a line of an image's history. `hints` may name its program. */
export function inCommand(text: string, where: Where, judge: Judge, hints: readonly string[] = []): Evidence | null {
  const body = text.length > 262_144 ? text.slice(0, 262_144) : text;
  const exec = execForm(body.trim());
  // `CURL_OPTS` names the program that its value's flags belong to.
  const hint = hints.find((word) => programOf(word) !== null);
  const script = where === "history" ? body.replaceAll("#(nop)", " ") : hint === undefined ? body : `${hint} ${body}`;
  const listed = exec ?? (where === "history" || where === "onbuild" ? listForm(script) : null);
  const found = listed === null ? inScript(script, judge, 0) : inArguments(listed, judge, 0, inScript);
  return stronger(found, anywhereInText(listed === null ? body : withoutNames(listed).join(" "), judge));
}

function execForm(text: string): string[] | null {
  if (!text.startsWith("[")) return null;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : null;
  } catch {
    return null;
  }
}

/** `CMD ["redis-server" "--requirepass" "…"]`: history writes the exec form with Go's quoting and without commas. */
function listForm(text: string): string[] | null {
  const match =
    /^\s{0,20}(?:\/bin\/sh -c\s{1,9})?(?:CMD|ENTRYPOINT|HEALTHCHECK(?:\s&\{|\s--\S{1,40}){0,6}(?:\s?CMD)?|SHELL|RUN)\s{0,4}\[(.{1,65536}?)\]/s.exec(
      text,
    );
  if (match === null) return null;
  const words: string[] = [];
  for (const [, word = ""] of (match[1] as string).matchAll(/"((?:[^"\\]|\\.){0,65536})"/gs))
    words.push(unescaped(word));
  return words.length > 0 ? words : null;
}

function unescaped(word: string): string {
  return word
    .replace(/\\(["\\/])/g, "$1")
    .replace(/\\n/g, "\n")
    .replace(/\\t/g, "\t")
    .replace(/\\u003c/g, "<")
    .replace(/\\u003e/g, ">")
    .replace(/\\u0026/g, "&");
}

/** What needs no splitting: URLs, SQL, `chpasswd`, settings of mail and shells. */
export function anywhereInText(text: string, judge: Judge): Evidence | null {
  let best: Evidence | null = text.includes("://") ? inUrls(withoutBuildUrls(text), judge, false) : null;
  for (const [pattern, step] of HINTS.test(text) ? ANYWHERE : []) {
    let seen = 0;
    for (const match of text.matchAll(pattern)) {
      if (seen++ > 20) break;
      const part = match[1] as string;
      if (!/^[:={]|\}$/.test(part)) best = stronger(best, named(judge("password", part, step)));
    }
  }
  if (text.includes("SetEnvironmentVariable("))
    for (const [, name = "", value = ""] of text.matchAll(POWERSHELL))
      best = stronger(best, judge(name, value, "PowerShell"));
  best = stronger(best, stronger(bySed(text, judge), basicLogin(text, judge)));
  return (
    best ??
    (/_authToken|machine\s|pgpass|stats\sauth|insecure-password/.test(text)
      ? byFormat(text.replaceAll("\\n", "\n"), judge)
      : null)
  );
}

const POWERSHELL = /\bSetEnvironmentVariable\(\s{0,4}["'](\w{1,80})["']\s?,\s{0,4}["']([^"'$]{1,400})["']/g;
const BUILDS = /assets:precompile|collectstatic|compilemessages|prisma\s{1,4}generate/;
const GIVEN_URL =
  /\b[A-Z][A-Z0-9_]{2,40}=["']?[a-z][a-z0-9+]{1,20}:\/\/[\w.-]{1,40}:([\w.-]{1,40})@[\w.:-]{1,80}[^\s"']{0,120}/g;

/** `DATABASE_URL=nulldb://user:pass@127.0.0.1/db rake assets:precompile`: what makes files asks for a database, and opens none. */
function withoutBuildUrls(text: string): string {
  if (!BUILDS.test(text)) return text;
  return text.replace(GIVEN_URL, (url, password: string) => (looksRandom(password, 12) ? url : ""));
}

/** `Authorization: Basic …` in whatever quoting: what it encodes is a login. */
export function basicLogin(text: string, judge: Judge): Evidence | null {
  const found = /authorization["']?\s{0,2}[:=]?\s{0,2}\\?["']?basic\s{1,4}([A-Za-z0-9+/]{8,400}={0,2})/i.exec(
    text,
  )?.[1];
  if (found === undefined) return null;
  const evidence = judge("basic_auth_password", found, "header");
  return evidence === null ? null : { ...evidence, rule: "header" };
}

const SUBSTITUTION = /\bs([/|#,!@~%])((?:\\.|(?!\1)[^\\\n]){1,80})\1((?:\\.|(?!\1)[^\\\n]){3,120})\1/g;

/** `s/PASSWORD=.*\/PASSWORD=…/`, `s/__PASSWORD__/…/`: what sed puts into a file. */
function bySed(text: string, judge: Judge): Evidence | null {
  if (!/sed\b|\bperl\b/.test(text)) return null;
  let best: Evidence | null = null;
  let seen = 0;
  for (const [, , sought = "", put = ""] of text.matchAll(SUBSTITUTION)) {
    if (seen++ > 20) break;
    // `<password>…<\/password>`
    const element = put.startsWith("<") ? /^<([A-Za-z][\w.:-]{0,60})>([^<>\\&$\s]{3,120})<\\?\//.exec(put) : null;
    if (element !== null)
      best = stronger(best, named(judge(element[1] as string, element[2] as string, "put into a file by sed")));
    const setting = putBySed(sought, put);
    if (setting !== null) best = stronger(best, named(judge(setting.name, setting.value, "put into a file by sed")));
  }
  return best;
}

/** What one substitution gives a name; null if that is no secret's value. */
function putBySed(sought: string, put: string): { readonly name: string; readonly value: string } | null {
  const told = /PASS|PWD|SECRET|password|passwd|secret/.test(sought);
  const cut = put.search(/[=:]/);
  const before = /([\w.-]{1,60})["']?\s{0,4}$/.exec(put.slice(Math.max(0, cut - 80), Math.max(0, cut)))?.[1] ?? "";
  // `s/(password_encryption)=.*\/\1=…/` has the name in what it seeks.
  const name = /[A-Za-z]/.test(before)
    ? before
    : (/[\w.-]{0,40}(?:pass|pwd|secret)[\w.-]{0,40}/i.exec(sought)?.[0] ?? "");
  const value = put
    .slice(cut + 1)
    .trim()
    .replace(/^\\?["']|\\?["']?[;,]?$/g, "");
  // What the search found, an option, a variable or words are no password.
  if (!/^[^\s"'$\\&#=:</-][^\s"'$\\&]{2,119}$/.test(value) || /\}$|^v?\d{1,5}(?:\.\d{1,6}){1,4}$/.test(value))
    return null;
  if (name === "passwd" && /^(?:files|compat|db|sss|ldap|nis|systemd|winbind)$/.test(value)) return null;
  const { family, setting } = readName(name);
  if (cut < 0) {
    if (!told || renames(sought, value)) return null;
  } else if (!told && family !== "password") {
    if (family === null || !looksRandom(value.slice(value.indexOf(":") + 1), 20)) return null;
    return { name, value };
  }
  return { name: setting === null ? "password" : name, value };
}

/** `s/PASSWORD_HASH/TOKEN_HASH/`: one name for another; a template's mark and a setting's old value are none. */
function renames(sought: string, value: string): boolean {
  if (!/^\^?[A-Za-z][\w-]{0,60}\$?$/.test(sought)) return false;
  const { family, setting } = readName(value);
  return family !== null || setting !== null;
}

function named(found: Evidence | null): Evidence | null {
  return found === null ? null : { ...found, rule: "command" };
}

function inScript(text: string, judge: Judge, depth: number): Evidence | null {
  // Quotes within quotes are gone here, which hide what needs no splitting from the first look at the whole.
  let best: Evidence | null = depth > 0 ? anywhereInText(text, judge) : null;
  // After an unquoted `/bin/sh -c` the history has the script unescaped: its quotes are part of it.
  const script =
    /(?:^|\s)(?:\/[\w/.-]{0,80}\/)?(?:ba|da|a|z|k)?sh(?:\s[-+][a-z]{1,7}(?:\s[a-z]{4,10})?){0,9}?\s-[a-z]{0,6}c\s{1,4}(?!["'\s])/.exec(
      text,
    );
  if (script !== null && depth < DEEPEST) {
    const cut = script.index + script[0].length;
    best = stronger(best, inScript(text.slice(cut), judge, depth + 1));
    text = text.slice(0, script.index);
  }
  if (depth < DEEPEST)
    for (const inner of substitutions(text)) best = stronger(best, inScript(inner, judge, depth + 1));
  // `|2 NPM_TOKEN=… FOO=bar /bin/sh -c …`: build arguments as the legacy builder and BuildKit write them down.
  for (const command of splitCommands(splitShell(text)))
    best = stronger(best, inArguments(command, judge, depth, inScript));
  return best;
}
