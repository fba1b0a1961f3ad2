import { lineEnding, type Edit } from "../../kit/text/splice.ts";

/** A setting of a systemd unit file, such as `Environment=A=1 "B=2"`. */
export type UnitSetting = {
  /** Without brackets; empty before the first section. */
  readonly section: string;
  readonly key: string;
  /** As systemd joins its lines: continued ones with a space, without the comments between them. */
  readonly value: string;
  /** The offset in the text of each character of the value. */
  readonly at: readonly number[];
  /** The line of the key, from 1. */
  readonly line: number;
  /** Its lines, including the last line end. */
  readonly start: number;
  readonly end: number;
};

/** One word of a setting's value. */
export type UnitWord = {
  /** Without quotes and escapes; specifiers such as %n as written. */
  readonly text: string;
  /** The span in the file, as written. */
  readonly start: number;
  readonly end: number;
  /** The quote that begins it, or that begins the part after its first `=`. */
  readonly quote: "'" | '"' | null;
  /** Whether it spans several lines. */
  readonly broken: boolean;
};

/**
 * The settings of a unit file, in order: systemd.syntax(7), and `config_parse` of src/shared/conf-parser.c. A line that
 * ends in a backslash continues on the next one; comment lines in between are skipped. Quadlet files have the same
 * syntax.
 */
export function parseUnit(text: string): readonly UnitSetting[] {
  const settings: UnitSetting[] = [];
  let section = "";
  let open: PendingSetting | null = null;
  const close = ({ text: whole, at, line, start }: PendingSetting, end: number): void => {
    section = /^\s*\[(.*)\]\s*$/.exec(whole)?.[1] ?? section;
    const [, before = "", key = "", rest = ""] = /^(\s*([\w-]+)\s*=\s*)(.*)$/s.exec(whole) ?? [];
    const value = rest.trimEnd();
    if (key === "") return;
    settings.push({ section, key, value, at: at.slice(before.length, before.length + value.length), line, start, end });
  };
  for (let [start, line] = [text.startsWith("\ufeff") ? 1 : 0, 1]; start < text.length; line++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline + 1;
    const raw = text.slice(start, end).replace(/\r?\n$/, "");
    if (!/^[ \t]*[#;]/.test(raw)) {
      const goesOn = /(?<!\\)(?:\\\\)*\\$/.test(raw);
      open ??= { text: "", at: [], line, start };
      open.text += goesOn ? `${raw.slice(0, -1)} ` : raw;
      for (let at = 0; at < raw.length; at++) open.at.push(start + at);
      if (!goesOn || end === text.length) {
        close(open, end);
        open = null;
      }
    }
    start = end;
  }
  if (open !== null) close(open, text.length);
  return settings;
}

/** A setting that may continue on the next line. */
type PendingSetting = { text: string; readonly at: number[]; readonly line: number; readonly start: number };

const ESCAPES: { readonly [letter: string]: string } = {
  ...{ a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", '"': '"', "'": "'", s: " " },
};

/**
 * The words of a value, as `extract_first_word` of src/basic/extract-word.c returns them with its flags UNQUOTE and
 * CUNESCAPE: quotes may open anywhere in a word. systemd ignores everything after an error, such as an unclosed quote.
 */
export function wordsOf({ value, at }: UnitSetting): readonly UnitWord[] {
  const words: UnitWord[] = [];
  for (let index = 0; index < value.length;) {
    if (/\s/.test(value.charAt(index))) {
      index++;
      continue;
    }
    const from = index;
    const bytes: Buffer[] = [];
    let quote: string | null = null;
    for (; index < value.length; index++) {
      const char = value.charAt(index);
      if (char === "\\") {
        const escape = escapeAt(value, index);
        if (escape === null) return words;
        bytes.push(escape.bytes);
        index += escape.length - 1;
      } else if (quote === null && (char === "'" || char === '"')) quote = char;
      else if (char === quote) quote = null;
      else if (quote === null && /\s/.test(char)) break;
      else {
        // A pair of surrogates is one character.
        const whole = String.fromCodePoint(value.codePointAt(index) ?? 0);
        bytes.push(Buffer.from(whole));
        index += whole.length - 1;
      }
    }
    if (quote !== null) return words;
    const [start, last] = [at[from] ?? 0, at[index - 1] ?? 0];
    const opened = /^(?:[\w.]+=)?(['"])/.exec(value.slice(from, index))?.[1];
    words.push({
      text: Buffer.concat(bytes).toString("utf8"),
      start,
      end: last + 1,
      quote: opened === "'" || opened === '"' ? opened : null,
      broken: last - start !== index - 1 - from,
    });
  }
  return words;
}

/** What an escape sequence stands for; null if systemd refuses it. `cunescape_one` of src/basic/escape.c. */
function escapeAt(value: string, at: number): { readonly bytes: Buffer; readonly length: number } | null {
  const letter = value.charAt(at + 1);
  const simple = ESCAPES[letter];
  if (simple !== undefined) return { bytes: Buffer.from(simple), length: 2 };
  const [code, hex = "", octal = "", short = "", long = ""] =
    /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(value.slice(at)) ?? [];
  if (code === undefined) return null;
  const byte = hex === "" ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
  const point = Number.parseInt(short || long, 16);
  if (short + long === "") return byte > 0 && byte < 256 ? { bytes: Buffer.from([byte]), length: code.length } : null;
  if (point === 0 || point > 0x10ffff) return null;
  return { bytes: Buffer.from(String.fromCodePoint(point)), length: code.length };
}

/** Removes words from a setting, or the whole setting if no word stays. A comment between its lines stays. */
export function withoutWords(text: string, setting: UnitSetting, starts: ReadonlySet<number>): Edit[] {
  const words = wordsOf(setting);
  if (words.every(({ start }) => starts.has(start))) return [{ start: setting.start, end: setting.end, text: "" }];
  return words.flatMap((word, at): Edit[] => {
    if (!starts.has(word.start)) return [];
    const leading = words.slice(0, at).every(({ start }) => starts.has(start));
    const start = leading ? word.start : (words[at - 1]?.end ?? word.start);
    const end = leading ? (words[at + 1]?.start ?? word.end) : word.end;
    const apart = /\n[ \t]*[#;]/.test(text.slice(start, word.start) + text.slice(word.end, end));
    return [apart ? { start: word.start, end: word.end, text: "" } : { start, end, text: "" }];
  });
}

/** The edit that adds lines below a setting, which `without` may remove; a text without a final line end keeps none. */
export function linesBelow(
  text: string,
  { start, end }: UnitSetting,
  without: readonly Edit[],
  lines: readonly string[],
): Edit {
  const newline = lineEnding(text);
  const gone = without.some((edit) => edit.start === start && edit.end === end);
  const put = lines.join(newline);
  if (text[end - 1] === "\n") return { start: end, end, text: put + newline };
  return { start: end, end, text: gone ? put : newline + put };
}

/**
 * Writes a word for a unit file that is read back as this text: specifiers and escapes doubled, in the requested quotes
 * if they are needed.
 */
export function renderWord(text: string, quote: "'" | '"' | null): string {
  const escaped = text.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  if (quote === null && /^[^\s'"]*$/.test(escaped)) return escaped;
  const marks = quote ?? '"';
  return marks + escaped.replaceAll(marks, `\\${marks}`) + marks;
}

/** The text without specifiers (`%%` is a percent sign); null if it has one, which only systemd can resolve. */
export function withoutSpecifiers(text: string): string | null {
  return /%/.test(text.replaceAll("%%", "")) ? null : text.replaceAll("%%", "%");
}
