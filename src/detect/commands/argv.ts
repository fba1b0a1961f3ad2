import { looksRandom } from "../entropy.ts";
import type { Evidence, Judge } from "../evidence.ts";
import { stronger } from "../evidence.ts";
import { isSecretsName } from "../../kit/shell-names.ts";
import { scriptNames } from "../../model/start-script.ts";
import { byPosition } from "./by-position.ts";
import { inDocument, inWord } from "./in-word.ts";
import { flag, OF_PROGRAM, special, type OnNamedValue } from "./flags.ts";
import { onCommandLine } from "./shown.ts";
import { readName } from "../names/names.ts";
import type { Program } from "./program.ts";
import { programName, programOf } from "./programs.ts";

const SHELL = /(?:^|\/)(?:sh|bash|ash|dash|zsh|ksh|busybox)$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,119}$/;
const DEEPEST = 4;
/** Sed's own script, which `command.ts` reads: what it seeks is no setting. */
const SED = /^(?:[\d,$]{1,12}|\/[^/]{0,80}\/)?\s{0,4}s[/|#,!@~%]/;

/** Classifies a script inside an argument. */
type JudgeScript = (text: string, judge: Judge, depth: number) => Evidence | null;

/** One simple command: assignments before it, its program's flags, and any flag or word whose name says secret. */
export function inArguments(
  written: readonly string[],
  judge: Judge,
  depth: number,
  script: JudgeScript,
): Evidence | null {
  if (depth > DEEPEST) return null;
  const next = depth + 1;
  const { found, behind } = new ArgumentReader(withoutNames(written), judge, (text) =>
    script(text, judge, next),
  ).read();
  if (behind === null) return found;
  // `sh -c 'exec serve "$@"' serve --password …`: what is behind a script are its arguments.
  const isWhole = behind[0]?.includes(" ") === true;
  const given = isWhole ? stronger(found, inArguments(behind.slice(1), judge, next, script)) : found;
  return stronger(given, script(isWhole ? (behind[0] ?? "") : behind.join(" "), judge, next));
}

/** Reads the words of a command one behind the other, and keeps the strongest of what they hold. */
class ArgumentReader {
  readonly #given: readonly string[];
  readonly #judge: Judge;
  readonly #script: (text: string) => Evidence | null;
  readonly #prints: boolean;
  readonly #edits: boolean;
  #best: Evidence | null = null;
  #program: Program | null = null;
  #called: string | null = null;
  #nested = false;

  constructor(given: readonly string[], judge: Judge, script: (text: string) => Evidence | null) {
    this.#given = given;
    this.#judge = judge;
    this.#script = script;
    this.#prints = given.some((word) => /^(?:printf|echo)$/.test(word));
    this.#edits = given.some((word) => /(?:^|\/)g?sed$/.test(word));
  }

  /** What was found, and the words behind a shell from its script on. */
  read(): { readonly found: Evidence | null; readonly behind: readonly string[] | null } {
    const literal: Judge = (name, value, step) => (isReference(value) ? null : this.#judge(name, value, step));
    for (const word of this.#given) {
      if (word.length < 4096) this.#keep(inWord(word, literal));
      if (word.length > 8 && /^\s{0,20}[{[]/.test(word)) this.#keep(inDocument(word, literal));
    }
    for (let at = 0; at < this.#given.length; at++) {
      const shell = scriptBehind(this.#given, at);
      if (shell > 0) return { found: this.#best, behind: this.#given.slice(at + shell) };
      this.#readProgram(at);
      this.#readManual(at);
      byPosition(this.#given, at, this.#program !== null, this.#take);
      this.#readNested(at);
      if (this.#readWord(at)) at++;
    }
    return { found: this.#best, behind: null };
  }

  #keep(found: Evidence | null): void {
    this.#best = stronger(this.#best, found);
  }

  readonly #take: OnNamedValue = (name, value, step, by) => {
    if (isReference(value) || isPublicPassword(value, this.#given, step)) return;
    if (step === "assignment" && buildsAssets(this.#given) && !looksRandom(value, 12)) return;
    const found = this.#judge(name, value, step);
    if (found === null) return;
    const placed = onCommandLine(found, step === "assignment" ? null : this.#called, name, step, by);
    const command = /^(?:password|secret|key|user-password)$/.test(found.rule);
    this.#keep(command ? { ...placed, rule: "command" } : placed);
  };

  /** Which program the words belong to from here on. */
  #readProgram(at: number): void {
    const given = this.#given;
    const word = given[at] as string;
    const started = programOf(word);
    if (started !== null && !isHost(given, at) && !(this.#program !== null && isTaken(given, at))) {
      this.#program = started.when === undefined || given.includes(started.when) ? started : null;
      // `docker compose -p NAME`: what Compose's own program is known for.
      if (this.#program === null && given[at + 1] === "compose") this.#program = programOf("docker-compose");
      this.#called = programName(word);
    } else if (this.#program?.wraps === true && !word.startsWith("-") && !isTaken(given, at)) {
      this.#program = null;
      this.#called = null;
    }
  }

  /** What the program's manual says of this word and the one behind it. */
  #readManual(at: number): void {
    const { after, words = [] } = this.#program ?? {};
    const word = this.#given[at] as string;
    const kind = after?.[`${this.#given[at - 1] ?? ""} ${word}`] ?? after?.[word];
    const value = kind === undefined ? undefined : this.#given[behind(this.#given, at, kind[0])];
    if (kind !== undefined && value !== undefined && !/^-|^\d?[<>]/.test(value))
      special(kind[1], value, this.#take, `${word}${kind[0] > 1 ? " … " : " "}`);
    for (const [pattern, what] of words) if (pattern.test(word)) special(what, word, this.#take);
  }

  /** A word that is a command by itself. */
  #readNested(at: number): void {
    const word = this.#given[at] as string;
    if (word.length <= 12 || !word.includes(" ") || this.#nested || isPassword(word)) return;
    if (this.#edits && SED.test(word)) return;
    const hasOptions = /\s-{1,2}[A-Za-z]|\s\/[A-Za-z]{1,12}[:\s]|[A-Za-z_]=|:\s/.test(word);
    if (!hasOptions && programOf(word.slice(0, word.indexOf(" "))) === null) return;
    this.#nested = this.#given.length > 500;
    // What is printed is written with escapes: `printf '\nrequires_token: true\n'`.
    const text = this.#prints ? word.replace(/^(?:\\[nrt]){1,4}|(?:\\[nrt]){1,4}$/g, "") : word;
    this.#keep(this.#script(text));
  }

  /** A flag, or a word that gives a name a value; true if it took the next word. */
  #readWord(at: number): boolean {
    const given = this.#given;
    const word = given[at] as string;
    const next = given[at + 1];
    if (word.startsWith("-") || (/^\/[A-Za-z]{1,24}(?::|$)/.test(word) && !isTaken(given, at)))
      return flag(word, next, given, this.#program, this.#take);
    if (word.startsWith("+") && next !== undefined && readName(word.slice(1)).family !== null)
      this.#take(word.slice(1), next, "option");
    this.#readAssignment(at);
    return false;
  }

  /** `NAME=value program`, `export NAME=value`, `ENV NAME value` and `ENV NAME=value` of history. */
  #readAssignment(at: number): void {
    const word = this.#given[at] as string;
    const [next, behind] = this.#given.slice(at + 1, at + 3);
    // Grafana's settings begin with `cfg:`, PowerShell's variables of the environment with `$env:`.
    const from = word.startsWith("cfg:") ? 4 : /^\$env:/i.test(word) ? 5 : 0;
    if (from === 5 && next === "=" && behind !== undefined) this.#take(word.slice(5), behind, "assignment");
    const equals = word.indexOf("=");
    const isNamed = equals > 0 && NAME.test(word.slice(from, equals));
    if (isNamed && !(this.#program?.plain === true && isVersion(word, this.#given)))
      this.#take(word.slice(from, equals), word.slice(equals + 1), "assignment");
    else if (next === undefined) return;
    else if ((word === "ENV" || word === "ARG") && !next.includes("=") && this.#given.length === at + 3)
      this.#take(next, behind as string, "assignment");
    else if (word.endsWith(":") && namesHeader(word.slice(0, -1)))
      this.#take(word.slice(0, -1), [next, ...(behind === undefined ? [] : [behind])].join(" "), "header");
  }
}

/** How far behind the word at `at` a script stands that it runs; 0 if it runs none. */
function scriptBehind(given: readonly string[], at: number): number {
  const word = given[at] as string;
  if (given[at + 1] === undefined) return 0;
  // A health check that the engine hands to a shell begins with CMD-SHELL.
  if (word === "CMD-SHELL" && given.length === 2) return 1;
  return SHELL.test(word) ? scriptAt(given, at) : 0;
}

/** Without the names that our start script is called with: `DB_PASSWORD S3_SECRET_KEY --` is no password behind its name. */
export function withoutNames(words: readonly string[]): readonly string[] {
  const names = scriptNames(words);
  return names === null ? words : [...words.slice(0, names.from), ...words.slice(names.to + 1)];
}

/** `DB_PASSWORD=two words`: no command, whatever is in it. */
function isPassword(word: string): boolean {
  const name = /^[A-Za-z_]\w{0,79}(?==)/.exec(word)?.[0];
  if (name === undefined) return false;
  const { family, setting } = readName(name);
  return setting === null && (family === "password" || family === "secret" || family === "phrase");
}

/** How far behind a shell its script stands: `bash -c SCRIPT`, `bash -o errexit -o pipefail -c SCRIPT`; 0 when none does. */
function scriptAt(given: readonly string[], at: number): number {
  for (let option = 1; option < 12; option++) {
    const word = given[at + option];
    if (word === undefined) return 0;
    if (/^-[a-z]{0,6}c$/.test(word)) return option + 1;
    if (!/^[-+]/.test(word) && !/^[-+][a-z]{0,6}o$/.test(given[at + option - 1] ?? "")) return 0;
  }
  return 0;
}

/** The place of the word so many behind the one at `at`; `-b -c FILE USER PASSWORD` has flags between, which do not count. */
function behind(given: readonly string[], at: number, distance: number): number {
  if (distance === 1) return at + 1;
  let left = distance;
  for (let place = at + 1; place < given.length; place++)
    if (!/^-[A-Za-z]{1,3}$/.test(given[place] as string) && --left === 0) return place;
  return given.length;
}

/** Java's own store of certificates and Android's store of debug keys open with passwords that are public. */
function isPublicPassword(value: string, given: readonly string[], step: string): boolean {
  if (step !== OF_PROGRAM || (value !== "changeit" && value !== "android")) return false;
  const store =
    value === "android" ? /^androiddebugkey$|(?:^|[\\/])debug\.keystore$/ : /^-cacerts$|(?:^|[\\/=])(?:jsse)?cacerts$/;
  return given.some((word) => store.test(word));
}

/** Rails, Django and Prisma ask for a secret before they make their files, and forget it: `SECRET_KEY_BASE=1 rake assets:precompile`. */
function buildsAssets(given: readonly string[]): boolean {
  return (
    given.some((word) => /^(?:assets:precompile|collectstatic|compilemessages|compilejsi18n)$/.test(word)) ||
    (given.includes("prisma") && given.includes("generate"))
  );
}

/** A package at a version: `passwd=1:4.13+dfsg1-1`. */
function isVersion(word: string, given: readonly string[]): boolean {
  const installs = given.includes("install") || given.includes("add");
  return installs ? /=\d[\w.+:~-]{0,80}$/.test(word) : /=\d+(?:\.\d+)+(?:-r\d+)?$/.test(word);
}

function namesHeader(name: string): boolean {
  if (/^\{?(?:pwd|password)$/i.test(name)) return true;
  return /^[\w-]+$/.test(name) && /token|key|auth|secret|cookie/i.test(name);
}

/** `$PASSWORD`, `$1`, `\${TOKEN}`, `$(…)` and `@/run/secrets/x`: on a command line these are never the value itself. */
function isReference(value: string): boolean {
  return (
    /^["']?\\?\$\$?(?:[A-Za-z_]\w*|\{|\(|[\d@*](?!.))|^["']?(?:[`<]|\{\{)|^%[sdv]|^\{.{0,200}\$\{/.test(value) ||
    /^@(?:[~.]{0,2}\/|[\w.-]+\/)/.test(value) ||
    /^(?:id|env|src|source|target|type)=[^,]{1,200}(?:,|$)|^[\w.-]{1,64},(?:type|target|source|uid|gid|mode)=/.test(
      value,
    ) ||
    /^(?:[A-Z]{1,20}_)?(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN|KEY)$/.test(value) ||
    // `for name in ADMIN_PASSWORD S3_SECRET_KEY`: the names of variables.
    isSecretsName(value) ||
    // Where a shell sends what a program prints: `2>&1`.
    /^\d?>{1,2}\d?$/.test(value) ||
    /^(?:jwt|simple),|^@Microsoft\.KeyVault\(/.test(value) ||
    /^Basic \$\(|^[\w"']{0,12}\}$/.test(value) ||
    /^(?:process\.env|os\.environ|System\.getenv|ENV\[)/.test(value)
  );
}

/** A machine may bear the name of the program that it serves. */
function isHost(given: readonly string[], at: number): boolean {
  return (
    /^(?:-h|--(?:[a-z]{1,12}-)?host(?:name)?)$/.test(given[at - 1] ?? "") ||
    /^[a-z]{2,12}-\d{1,3}$/.test(given[at] ?? "")
  );
}

/** True when the word at `at` is what a flag before it takes. */
function isTaken(given: readonly string[], at: number): boolean {
  return /^(?:-[A-Za-z][\w-]*|--(?:(?:[a-z]{1,12}-)?host(?:name)?|server|service|network|name|link|user|database|db))$/.test(
    given[at - 1] ?? "",
  );
}
