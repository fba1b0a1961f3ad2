import type { Secret } from "../../model/secret.ts";
import { isSecretsName } from "../shell-names.ts";
import { withoutRests } from "./cut.ts";
import { inHtml, jsonInHtml, jsonText, printable } from "./escape.ts";
import { KeptNames } from "./kept-names.ts";
import { Literals } from "./literals.ts";
import { Pieces } from "./pieces.ts";
import { partsOf } from "./value-parts.ts";

const MARK = "[secret]";
/**
 * Shorter values are never redacted. Values of this length may be common words, so they are redacted only in foreign
 * text.
 */
const SHORTEST = 3;
/** From this length on, values that are not plain words are redacted in all output. */
const DISTINCTIVE = 8;
/** From this length on, an opaque value is redacted inside names too: no name looks like it by chance. */
const OPAQUE = 16;

/** Fields of our own documents that identify: words of the program, digests, and the names that people gave. */
const OWN_WORDS = new Set([
  "id",
  "fingerprint",
  "rule",
  "confidence",
  "severity",
  "state",
  "kind",
  "event",
  "code",
  "where",
  "in",
]);
const NAMES = new Set([
  ...["name", "source", "host", "subject", "subjectName", "subjectId", "lastingName", "path", "place", "service"],
  ...["container", "image", "file", "folder"],
]);

/**
 * Redacts known secret values in text, raw and encoded (JSON, base64 at every offset, base64url, hex, percent, shell
 * quoting). `foreign` is for text that others wrote (engine and store messages) and redacts every known value. `guard`
 * is for our own output, where a value such as `postgres` may also be a container's name, and redacts only values that
 * cannot be plain words. `data` is `guard` for a document that is still to be serialised: redacting serialised text
 * could cut through its quotes.
 */
export class Redactor {
  #all = new Needles();
  #distinctive = new Needles();
  #opaque = new Needles();
  #pieces = new Pieces();
  /** Values and their forms, of which a cut may leave a rest. */
  #cuttable: string[] = [];
  #names = new KeptNames();
  /** Values already added: a long-running process finds the same values in every scan. */
  readonly #known = new Set<string>();
  #foreign: { readonly text: string; readonly forms: readonly string[]; readonly whole: boolean }[] = [];
  #lasting: readonly (readonly [value: Secret, whole: boolean])[] = [];
  #recent: (readonly [value: Secret, whole: boolean])[] = [];

  /**
   * Adds a value and the secret parts of a structured one (a URL's password, a JSON document's strings). `whole` is for
   * values that are mostly not secret, such as a command: pieces of it are not redacted.
   */
  know(value: Secret, whole = false): void {
    if (value.length < SHORTEST) return;
    const text = value.expose().toString("utf8");
    const noted = `${whole ? "whole" : "parts"} ${text}`;
    if (this.#known.has(noted)) return;
    this.#known.add(noted);
    this.#recent.push([value, whole]);
    const forms = [...encodedForms(value.expose(), text), ...shownForms(text)];
    this.#foreign.push({ text, forms, whole });
    if (value.length < DISTINCTIVE || isWords(text)) return;
    this.#distinctive.add(text, forms);
    if (value.length >= OPAQUE && isOpaque(text)) this.#opaque.add(text, forms);
  }

  /**
   * Adds a name that our own messages are made of: a unit, a path in the store, a file. A value that is a mere word is not
   * redacted inside a longer name, where `weak-[secret]` beside `weak-run` would tell it.
   */
  keepName(name: string): void {
    this.#names.add(name);
  }

  /** Makes all values known so far permanent, such as the credentials of channels. */
  settle(): void {
    this.#lasting = [...this.#lasting, ...this.#recent.splice(0)];
  }

  /** Forgets the values added since `settle`, so that a long-running process does not keep every value it ever saw. */
  forget(): void {
    if (this.#recent.length === 0) return;
    this.#known.clear();
    this.#recent = [];
    this.#foreign = [];
    [this.#all, this.#distinctive, this.#pieces] = [new Needles(), new Needles(), new Pieces()];
    this.#opaque = new Needles();
    this.#cuttable = [];
    this.#names = new KeptNames();
    for (const [value, whole] of this.#lasting) this.know(value, whole);
    this.#recent = [];
  }

  /**
   * Redacts text that others wrote, including longer pieces of values, since logs truncate lines, and what is left of one
   * at the mark of a cut.
   */
  foreign(text: string): string {
    // Prepared on first use: only errors and logs need it.
    for (const { text: value, forms, whole } of this.#foreign.splice(0)) {
      this.#all.add(value, forms);
      if (whole) continue;
      this.#pieces.add([value, ...forms]);
      this.#cuttable.push(value, ...forms);
      for (const part of partsOf(value, DISTINCTIVE)) this.#all.add(part, encodedForms(Buffer.from(part), part));
      for (const line of value.split(/\r?\n/)) if (!isMereWord(line)) this.#all.add(line, []);
    }
    const uncut = withoutRests(text, this.#cuttable, MARK);
    const names = this.#names.in(uncut);
    return this.#pieces.replace(
      this.#all.replace(uncut, (value, at) => isMereWord(value) && names(at, value.length)),
      MARK,
    );
  }

  guard(text: string): string {
    return this.#distinctive.replace(text);
  }

  /**
   * A JSON-like document with every string guarded. Keys and our own words stay as they are; in names only long values
   * of letters and digits are redacted.
   */
  data<T>(document: T): T {
    return this.#data(document, (text) => this.guard(text)) as T;
  }

  /**
   * The same for a document of names and our own words, in which everything that others said is redacted already: half a
   * name beside the whole one would tell the value.
   */
  names<T>(document: T): T {
    return this.#data(document, (text) => this.#opaque.replace(text)) as T;
  }

  #data(node: unknown, redact: (text: string) => string): unknown {
    if (typeof node === "string") return redact(node);
    if (Array.isArray(node)) return node.map((item) => this.#data(item, redact));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (OWN_WORDS.has(key)) return [key, value];
        return [key, this.#data(value, NAMES.has(key) ? (text) => this.#opaque.replace(text) : redact)];
      }),
    );
  }
}

/** From this length on, letters without anything between them are no word. */
const LONGEST_WORD = 20;
/** The same with the number of a version behind them. */
const LONGEST_NUMBERED = 12;

/** Whether a value may be words that our own output has too: `postgres`, `magento2`, `KeyVault`, `my-app/db`, `CLIENT_SECRET`. */
function isWords(value: string): boolean {
  // `docker run --env-file` keeps the quotes, which are the syntax of our own output.
  const text = value.replace(/^(["'])(.*)\1$/s, "$2");
  if (/^[a-z]+(?:[-_./ ][a-z]+)*$/.test(text)) return !/^[a-z]+$/.test(text) || text.length < LONGEST_WORD;
  if (/^[a-z]+\d$/.test(text)) return text.length < LONGEST_NUMBERED;
  if (/^[A-Z]+(?:[-_./ ][A-Z]+)+$/.test(text) || isSecretsName(text)) return true;
  const isLetters = /^[A-Za-z]+$/.test(text);
  // A name in camel case has a few capitals; a random value changes back and forth.
  return isLetters && text.length < LONGEST_WORD && !changesBackAndForth(text);
}

function changesBackAndForth(text: string): boolean {
  return (text.match(/[a-z][A-Z]/g)?.length ?? 0) >= 3;
}

/** No name that somebody chose: letters and digits, or letters that a machine drew. */
function isOpaque(text: string): boolean {
  if (!/[A-Za-z]/.test(text) || isIdentifier(text)) return false;
  return /\d/.test(text) || changesBackAndForth(text);
}

/** Too short, or too common, to be anything but a part of a longer name that has it. */
function isMereWord(value: string): boolean {
  return value.length < DISTINCTIVE || isWords(value);
}

/** Written as names of variables are: `OAUTH2_CLIENT_SECRET`. */
function isIdentifier(text: string): boolean {
  return /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(text);
}

/** Every encoded form of a value that may occur in other text, without the value itself. */
export function encodedForms(bytes: Uint8Array, text: string): string[] {
  const buffer = Buffer.from(bytes);
  const forms = new Set<string>([
    JSON.stringify(text).slice(1, -1),
    buffer.toString("hex"),
    buffer.toString("hex").toUpperCase(),
  ]);
  // In longer base64 text a value starts at one of three bit offsets; its inner characters are the same each time.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), buffer]);
    const from = offset === 0 ? 0 : offset + 1;
    const to = Math.floor((padded.length * 8) / 6);
    const core = padded.toString("base64").slice(from, to);
    if (core.length >= DISTINCTIVE) forms.add(core).add(core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const percent = encodeURIComponent(text.toWellFormed());
  forms.add(percent).add(percent.replaceAll("%20", "+"));
  // Logs may quote a multi-line value line by line.
  for (const line of text.split(/\r?\n/)) if (line.length >= 16 && line !== text) forms.add(line);
  forms.add(text.replaceAll("'", `'\\''`)).delete(text);
  return [...forms].filter((form) => form.length >= SHORTEST);
}

/** The forms that faces give to text before writing it: escaped for a terminal, for HTML, and for data in HTML. */
function shownForms(text: string): string[] {
  const shown = printable(text);
  const forms = new Set([
    shown,
    jsonText(text).slice(1, -1),
    inHtml(shown),
    jsonInHtml(JSON.stringify(shown).slice(1, -1)),
  ]);
  forms.delete(text);
  return [...forms];
}

/** Whether a place in a text is only part of a longer name. */
function isInside(text: string, start: number, end: number): boolean {
  return /\w/.test(text.charAt(start - 1)) || /\w/.test(text.charAt(end));
}

/** Known values and their forms. Where several begin at one place, the longest is replaced. */
class Needles {
  readonly #literals = new Literals<null>(6);
  readonly #known = new Set<string>();

  add(value: string, forms: readonly string[]): void {
    if (this.#known.has(value)) return;
    for (const needle of [value, ...forms]) {
      if (this.#known.has(needle)) continue;
      this.#known.add(needle);
      this.#literals.add(needle, null);
    }
  }

  /** `stays`: whether a needle is left where it was found. */
  replace(text: string, stays: (needle: string, at: number) => boolean = () => false): string {
    const found: { readonly at: number; end: number }[] = [];
    this.#literals.search(text, (_, at, literal) => {
      const { length } = literal;
      if (stays(literal, at)) return;
      if (isIdentifier(literal) && isInside(text, at, at + length)) return;
      const last = found.at(-1);
      if (last?.at === at) last.end = Math.max(last.end, at + length);
      else found.push({ at, end: at + length });
    });
    const out: string[] = [];
    let kept = 0;
    for (const { at, end } of found) {
      if (at < kept) continue;
      out.push(text.slice(kept, at), MARK);
      kept = end;
    }
    return kept === 0 ? text : out.join("") + text.slice(kept);
  }
}
