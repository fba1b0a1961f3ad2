import type { Where } from "../model/location.ts";
import type { Evidence, Judge } from "./evidence.ts";
import { MEDIUM, isEvidence, stronger } from "./evidence.ts";
import { readName } from "./names.ts";
import { programOf, type FlagKind } from "./programs.ts";
import { splitCommands, splitShell } from "./shell.ts";
import { byFormat } from "./structure.ts";
import { knownToken } from "./tokens.ts";
import { inUrls } from "./url.ts";

const SHELL = /(?:^|\/)(?:sh|bash|ash|dash|zsh|ksh|busybox)$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,119}$/;
const DEEPEST = 4;

/** A secret on a command line: exec form (a JSON array), shell text, or a line of an image's history. `hints` may name its program. */
export function inCommand(text: string, where: Where, judge: Judge, hints: readonly string[] = []): Evidence | null {
  const body = text.length > 262_144 ? text.slice(0, 262_144) : text;
  const exec = execForm(body.trim());
  // `CURL_OPTS` names the program that its value's flags belong to.
  const hint = hints.find((word) => programOf(word) !== null);
  const script = where === "history" ? body.replaceAll("#(nop)", " ") : hint === undefined ? body : `${hint} ${body}`;
  const found = exec === null ? inScript(script, judge, 0) : inArguments(exec, judge, 0);
  const token = knownToken(body);
  return stronger(stronger(found, isEvidence(token) && token.score >= MEDIUM ? token : null), anywhere(body, judge));
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

/** What needs no splitting: URLs, SQL, `chpasswd`, settings of mail and shells. */
function anywhere(text: string, judge: Judge): Evidence | null {
  let best: Evidence | null = text.includes("://") ? inUrls(text, judge, false) : null;
  for (const [pattern, step] of ANYWHERE) {
    let seen = 0;
    for (const match of text.matchAll(pattern)) {
      if (seen++ > 20) break;
      best = stronger(best, named(judge("password", match[1] as string, step)));
    }
  }
  return best ?? (text.includes("_authToken") || text.includes("machine ") ? byFormat(text, judge) : null);
}

const ANYWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:IDENTIFIED\s(?:WITH\s[\w']{1,40}\s)?(?:BY|AS)|(?:USER|ROLE)\s[^;]{1,120}?PASSWORD|SET\sPASSWORD[^;=]{0,80}=)\s{1,4}(?:PASSWORD\()?\\?["']([^"'\\]{1,200})\\?["']/gi,
    "SQL statement",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?[\w.-]{1,64}:([^\s"'|]{1,200}?)(?:\\n)?["']?\s{0,4}\|\s{0,4}(?:sudo\s)?(?:\/usr\/sbin\/)?chpasswd/g,
    "chpasswd",
  ],
  [/\bchpasswd\s?<<<\s?["']?[\w.-]{1,64}:([^\s"']{1,200})/g, "chpasswd"],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?([^\s"'|$]{3,200}?)(?:\\n)?["']?\s{0,4}\|[^|]{0,120}--password-stdin/g,
    "piped to a login",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?([^\s"'|$]{3,200}?)(?:\\n)?["']?\s{0,4}\|\s{0,4}(?:sudo\s-S|passwd\s--stdin|vncpasswd)/g,
    "piped to a login",
  ],
];

function named(found: Evidence | null): Evidence | null {
  return found === null ? null : { ...found, rule: "command" };
}

function inScript(text: string, judge: Judge, depth: number): Evidence | null {
  let best: Evidence | null = null;
  // Behind an unquoted `/bin/sh -c` history writes the script as it is: it has quotes of its own.
  const script = /(?:^|\s)(?:\/[\w/.-]{0,80}\/)?(?:ba|da|a|z|k)?sh -[a-z]{0,4}c\s{1,4}(?!["'\s])/.exec(text);
  if (script !== null && depth < DEEPEST) {
    const cut = script.index + script[0].length;
    best = inScript(text.slice(cut), judge, depth + 1);
    text = text.slice(0, script.index);
  }
  // `|2 NPM_TOKEN=… FOO=bar /bin/sh -c …`: build arguments as the legacy builder and BuildKit write them down.
  for (const command of splitCommands(splitShell(text))) best = stronger(best, inArguments(command, judge, depth));
  return best;
}

/** One simple command: assignments before it, its program's flags, and any flag whose name says secret. */
function inArguments(given: readonly string[], judge: Judge, depth: number): Evidence | null {
  if (depth > DEEPEST) return null;
  let best: Evidence | null = null;
  let program: ReturnType<typeof programOf> = null;
  let nested = false;
  const take = (name: string, value: string, step: string): void => {
    const found = judge(name, value, step);
    best = stronger(
      best,
      found !== null && /^(?:password|secret|key|user-password)$/.test(found.rule) ? named(found) : found,
    );
  };
  for (let at = 0; at < given.length; at++) {
    const word = given[at] as string;
    const next = given[at + 1];
    if (SHELL.test(word) && next !== undefined && /^-[a-z]{0,4}c$/.test(next)) {
      const rest = given.slice(at + 2);
      const script = rest[0] !== undefined && rest[0].includes(" ") ? rest[0] : rest.join(" ");
      return stronger(best, inScript(script, judge, depth + 1));
    }
    const started = programOf(word);
    if (started !== null) program = started.when === undefined || given.includes(started.when) ? started : null;
    const kind = program?.after?.[word];
    if (kind !== undefined) {
      const value = given[at + kind[0]];
      if (value !== undefined && !value.startsWith("-")) special(kind[1], value, take);
    }
    if (word.startsWith("-")) {
      if (flag(word, next, program, take)) at++;
      continue;
    }
    if (word.length > 12 && word.includes(" ") && !nested && /\s-{1,2}[A-Za-z]|[A-Za-z_]=|:\s/.test(word)) {
      nested = given.length > 500;
      best = stronger(best, inScript(word, judge, depth + 1));
    }
    // `ENV NAME value` and `ENV NAME=value` of history; `export NAME=value`; `NAME=value program`.
    const equals = word.indexOf("=");
    if (equals > 0 && NAME.test(word.slice(0, equals)))
      take(word.slice(0, equals), word.slice(equals + 1), "assignment");
    else if (
      (word === "ENV" || word === "ARG") &&
      next !== undefined &&
      !next.includes("=") &&
      given.length === at + 3
    ) {
      take(next, given[at + 2] as string, "assignment");
    } else if (/^[A-Za-z-]{2,40}:$/.test(word) && next !== undefined)
      take(word.slice(0, -1), given.slice(at + 1, at + 3).join(" "), "header");
  }
  return best;
}

type Take = (name: string, value: string, step: string) => void;

/** True when the flag took the next word. */
function flag(word: string, next: string | undefined, program: ReturnType<typeof programOf>, take: Take): boolean {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const known = program?.flags?.[name];
  const value = equals < 0 ? next : word.slice(equals + 1);
  // Arguments joined without their quotes: `-H Authorization: Bearer …` is read word by word.
  if (value?.endsWith(":") === true && /^[A-Za-z-]{2,40}:$/.test(value)) return false;
  if (known !== undefined && value !== undefined) {
    if (equals < 0 && value.startsWith("-") && known !== "header") return false;
    special(known, value, take);
    return equals < 0;
  }
  const glued = word.length > 3 && !word.startsWith("--") ? program?.glued?.[word.slice(0, 2)] : undefined;
  if (glued !== undefined) {
    special(glued, word.slice(2).replace(/^=/, ""), take);
    return false;
  }
  // Java's `-Dname=value`, and whatever takes settings by `-e`, `--set`, `-c`, `-o`, `-v`: `name=value` behind it.
  const define = /^-(?:D|XD|P|J-D|e|E|o|c|v)?([A-Za-z_][\w.-]{1,119})=(.{1,4096})$/s.exec(word);
  if (define !== null && !word.startsWith("--")) {
    take(define[1] as string, define[2] as string, "option");
    return false;
  }
  if (
    /^(?:-e|-E|--env|--build-arg|--set|--set-string|-c|-o|-v|--label|-l|--opt|--from-literal|--var|-var|--conf|--param)$/.test(
      name,
    ) &&
    value !== undefined
  ) {
    const inner = value.indexOf("=");
    if (inner > 0 && NAME.test(value.slice(0, inner))) {
      take(value.slice(0, inner), value.slice(inner + 1), "option");
      return equals < 0;
    }
  }
  if (/^(?:-H|--header)$/.test(name) && value !== undefined) {
    special("header", value, take);
    return equals < 0;
  }
  const bare = name.replace(/^-{1,2}/, "");
  if (bare.length < 3 || value === undefined) return false;
  const info = readName(bare);
  if (equals < 0 && (info.family === null || value.startsWith("-"))) return false;
  take(bare, value, "flag");
  return equals < 0 && info.family !== null;
}

/** A value whose kind the program's manual tells. */
function special(kind: FlagKind, value: string, take: Take): void {
  const step = "flag of this program";
  if (kind === "password") take("password", value, step);
  else if (kind === "token") take("token", value, step);
  else if (kind === "openssl") {
    if (value.startsWith("pass:")) take("password", value.slice(5), step);
  } else if (kind === "pair" || kind === "percent") {
    const at = value.indexOf(kind === "pair" ? ":" : "%");
    if (at >= 0) {
      take("password", value.slice(at + 1), step);
      if (value.slice(at + 1) === "") take("token", value.slice(0, at), step);
    }
  } else if (kind === "header") {
    const at = value.search(/[:=]/);
    if (at > 0) take(value.slice(0, at).trim(), value.slice(at + 1).trim(), "header");
  } else if (kind === "assign") {
    const at = value.indexOf("=");
    if (at > 0) take(value.slice(0, at), value.slice(at + 1), step);
  }
}
