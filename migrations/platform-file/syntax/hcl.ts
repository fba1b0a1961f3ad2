import { hclWords, type HclWord } from "./hcl-words.ts";
import { DEEPEST, type Part, type PartEntry } from "./part.ts";

/**
 * HCL 2 as Terraform and Nomad write it: blocks are maps by their type and labels, attributes are entries. Tolerant:
 * an expression that is not a string, a list or a map is left out, and `jsonencode(x)` is x. Only a reader: what an
 * expression computes is not known.
 */
export function readHcl(text: string): Part {
  return new HclReader(hclWords(text)).body(0);
}

/** TOML's tables with the values of HCL, which are alike where the values are strings. */
export function readToml(text: string): Part {
  return new HclReader(hclWords(text)).tables();
}

class HclReader {
  readonly #words: readonly HclWord[];
  #at = 0;

  constructor(words: readonly HclWord[]) {
    this.#words = words;
  }

  /** The entries up to the closing brace, which is passed. */
  body(depth: number): Part {
    const entries: PartEntry[] = [];
    const start = this.#here();
    for (let word = this.#next(); word !== null && word.text !== "}"; word = this.#next()) {
      if (word.kind !== "name" && word.kind !== "string") continue;
      const entry = this.#entry(word, depth);
      if (entry !== null) entries.push(entry);
    }
    return { kind: "map", entries, start, end: this.#before() };
  }

  tables(): Part {
    const all: PartEntry[] = [];
    let entries: PartEntry[] = all;
    for (let word = this.#next(); word !== null; word = this.#next()) {
      if (word.text === "[" && word.kind === "mark") {
        entries = [];
        all.push(nested(this.#header(), { kind: "map", entries, start: word.start, end: word.end }, word.start));
      } else if (word.kind === "name" || word.kind === "string") {
        const entry = this.#entry(word, 0);
        if (entry !== null) entries.push(entry);
      }
    }
    return { kind: "map", entries: all, start: 0, end: this.#before() };
  }

  /** `[a.b]` and `[[a.b]]`, after the first bracket. */
  #header(): string[] {
    const keys: string[] = [];
    for (let word = this.#next(); word !== null && word.kind !== "newline"; word = this.#next())
      if (word.kind === "name" || word.kind === "string") keys.push(word.text);
    return keys.length === 0 ? [""] : keys;
  }

  /** `key = value`, `key: value`, or a block with its labels. */
  #entry(first: HclWord, depth: number): PartEntry | null {
    const keys = [first.text];
    for (let word = this.#peek(); word !== null; word = this.#peek()) {
      if (word.kind === "name" || word.kind === "string") keys.push(word.text);
      else if (word.text === "." && word.kind === "mark") {
        this.#at++;
        continue;
      } else break;
      this.#at++;
    }
    const mark = this.#peek();
    if (mark === null || mark.kind !== "mark" || depth > DEEPEST) return null;
    this.#at++;
    const value = mark.text === "{" ? this.body(depth + 1) : /^[=:]$/.test(mark.text) ? this.#value(depth + 1) : null;
    return value === null ? null : nested(keys, value, first.start);
  }

  /** An expression. One that is more than a literal is null, and ends where its line does. */
  #value(depth: number): Part | null {
    this.#blank();
    const word = this.#next();
    if (word === null || depth > DEEPEST) return null;
    const part = this.#literal(word, depth);
    const rest = this.#peek();
    const ends = rest === null || rest.kind === "newline" || /^[,}\])]$/.test(rest.text);
    if (ends) return part;
    this.#skip();
    return null;
  }

  #literal(word: HclWord, depth: number): Part | null {
    const { kind, text, start, end, filled } = word;
    if (kind === "string" || kind === "number") return { kind: "text", value: text, start, end, filled };
    if (text === "{") return this.body(depth + 1);
    if (text === "[") return this.#list(start, depth);
    if (text === "jsonencode" && this.#peek()?.text === "(") {
      this.#at++;
      const part = this.#value(depth + 1);
      this.#blank();
      if (this.#peek()?.text === ")") this.#at++;
      return part;
    }
    if (/^(?:true|false)$/.test(text)) return { kind: "text", value: text, start, end, filled };
    this.#at--;
    this.#skip();
    return null;
  }

  #list(start: number, depth: number): Part {
    const items: Part[] = [];
    for (;;) {
      this.#blank();
      const word = this.#peek();
      if (word === null) break;
      if (word.kind === "mark" && word.text === ",") this.#at++;
      else if (word.kind === "mark" && /^[\])}]$/.test(word.text)) {
        this.#at++;
        break;
      } else {
        const item = this.#value(depth + 1);
        if (item !== null) items.push(item);
      }
    }
    return { kind: "list", items, start, end: this.#before() };
  }

  /** Passes over an expression: to the end of its line or to what closes or separates it, whatever brackets it has. */
  #skip(): void {
    let depth = 0;
    for (let word = this.#peek(); word !== null; word = this.#peek()) {
      if (depth === 0 && (word.kind === "newline" || (word.kind === "mark" && /^[,}\])]$/.test(word.text)))) return;
      if (word.kind === "mark") depth += /^[[({]$/.test(word.text) ? 1 : /^[\])}]$/.test(word.text) ? -1 : 0;
      this.#at++;
    }
  }

  #blank(): void {
    while (this.#peek()?.kind === "newline") this.#at++;
  }

  #peek(): HclWord | null {
    return this.#words[this.#at] ?? null;
  }

  #next(): HclWord | null {
    return this.#words[this.#at++] ?? null;
  }

  #here(): number {
    return this.#peek()?.start ?? 0;
  }

  #before(): number {
    return this.#words[this.#at - 1]?.end ?? this.#words.at(-1)?.end ?? 0;
  }
}

/** `resource "a" "b" { … }` as the entries resource, a and b, each in the one before. */
function nested(keys: readonly string[], value: Part, start: number): PartEntry {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) return { key, value, start };
  const { start: from, end } = value;
  return { key, start, value: { kind: "map", entries: [nested(rest, value, start)], start: from, end } };
}
