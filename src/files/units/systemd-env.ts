import { mustFit } from "../env-limits.ts";
import { lineOf } from "../../kit/text/lines.ts";

/** One variable in a file that `EnvironmentFile=` names. */
export type SystemdEnvEntry = {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Its lines, including the last line end. */
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly quote: "'" | '"' | null;
};

const BLANK = /[ \t]/;
const NEWLINE = /[\n\r]/;

/**
 * The variables of a file as systemd reads it: `parse_env_file_internal` of src/basic/env-file.c. Quotes as in a shell,
 * which may include line ends; a backslash before a line end removes it; nothing is interpolated; `#` and `;` begin a
 * comment only at the start of a line.
 */
export function parseSystemdEnv(text: string): readonly SystemdEnvEntry[] {
  const entries: SystemdEnvEntry[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let start = 0;
  for (;;) {
    for (; at < text.length && (BLANK.test(text.charAt(at)) || NEWLINE.test(text.charAt(at))); at++)
      if (NEWLINE.test(text.charAt(at))) start = at + 1;
    if (at >= text.length) return entries;
    const stop = ends(text, at);
    const equals = text.slice(at, stop).indexOf("=");
    if (/[#;]/.test(text.charAt(at)) || equals < 0) {
      at = stop;
      continue;
    }
    const name = text.slice(at, at + equals).trimEnd();
    const read = valueAt(text, at + equals + 1);
    const line = lineOf(text, at);
    at = read.done;
    // Anything that is not a valid name is skipped.
    if (/^[A-Za-z_]\w*$/.test(name)) {
      const { value, valueStart, valueEnd, quote } = read;
      const end = text.startsWith("\r\n", at) ? at + 2 : Math.min(at + 1, text.length);
      mustFit(entries.length, 0);
      entries.push({ name, value, line, start, end, valueStart, valueEnd, quote });
    }
  }
}

function ends(text: string, at: number): number {
  const found = /[\n\r]/.exec(text.slice(at));
  return found === null ? text.length : at + found.index;
}

type ReadAssignment = Pick<SystemdEnvEntry, "value" | "valueStart" | "valueEnd" | "quote"> & { readonly done: number };

function valueAt(text: string, from: number): ReadAssignment {
  let value = "";
  /** White space at the end of unquoted text does not count. */
  let solid = 0;
  let state: "before" | "plain" | "'" | '"' = "before";
  let at = from;
  let [valueStart, valueEnd] = [from, from];
  let quote: "'" | '"' | null = null;
  const take = (part: string, width = 1): void => {
    if (valueStart === valueEnd) valueStart = at;
    valueEnd = at + width;
    value += part;
  };
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (state === "'" || state === '"') {
      if (char === state) {
        state = "before";
        take("");
        solid = value.length;
      } else if (char === "\\" && state === '"') {
        const next = text.charAt(at + 1);
        take(/["\\`$]/.test(next) ? next : next === "\n" ? "" : `\\${next}`, 2);
        at++;
      } else take(char);
    } else if (NEWLINE.test(char)) break;
    else if (state === "before" && (char === "'" || char === '"')) {
      if (valueStart === valueEnd) quote = char;
      state = char;
      take("");
    } else if (char === "\\") {
      state = "plain";
      const next = text.charAt(at + 1);
      take(next === "\n" ? "" : next, 2);
      solid = value.length;
      at++;
    } else if (!BLANK.test(char)) {
      state = "plain";
      take(char);
      solid = value.length;
    } else if (state === "plain") value += char;
  }
  return { value: value.slice(0, solid), valueStart, valueEnd, quote, done: at };
}

/** Text for an entry's value that is read back as exactly this value, in the requested quotes if they are needed. */
export function renderSystemdEnv(value: string, quote: "'" | '"' | null): string {
  if (quote === null && /^[^\s'"\\`$]+$/.test(value)) return value;
  if (quote === "'" && !value.includes("'")) return `'${value}'`;
  return `"${value.replace(/["\\`$]/g, "\\$&")}"`;
}
