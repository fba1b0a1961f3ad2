/**
 * The end of a quote or substitution that starts at `at` in a shell script: the offset after it, or null if it is not
 * closed before `to`. `quoted`: it is inside double quotes. Linear time, whatever the nesting.
 */
export function endOfQuoted(text: string, at: number, to: number, quoted: boolean): number | null {
  return skip(text, at, to, 0, quoted);
}

/** Deeper nesting counts as not closed: nobody writes it, and it would overflow the stack. */
const DEEPEST = 100;

function skip(text: string, at: number, to: number, depth: number, quoted: boolean): number | null {
  if (depth > DEEPEST) return null;
  const two = text.slice(at, Math.min(to, at + 2));
  if (two.startsWith("'")) return single(text, at + 1, to);
  if (two === "$'") return until(text, at + 2, to, "'");
  if (two.startsWith('"')) return double(text, at + 1, to, depth + 1);
  if (two.startsWith("`")) return until(text, at + 1, to, "`");
  if (two === "${") return braces(text, at + 2, to, depth + 1, quoted);
  if (two !== "$(") return at + 1;
  return text.startsWith("$((", at) ? arithmetic(text, at + 1, to) : commands(text, at + 2, to, depth + 1);
}

function single(text: string, at: number, to: number): number | null {
  const end = text.indexOf("'", at);
  return end < 0 || end >= to ? null : end + 1;
}

/** The offset after the next unescaped `char`. */
function until(text: string, from: number, to: number, char: string): number | null {
  for (let at = from; at < to; at++) {
    if (text[at] === char) return at + 1;
    if (text[at] === "\\") at++;
  }
  return null;
}

function double(text: string, from: number, to: number, depth: number): number | null {
  for (let at = from; at < to;) {
    const char = text[at];
    if (char === '"') return at + 1;
    if (char === "\\") at += 2;
    else if (char === "`" || (char === "$" && /[({]/.test(text.charAt(at + 1)))) {
      const end = skip(text, at, to, depth, true);
      if (end === null) return null;
      at = end;
    } else at++;
  }
  return null;
}

/** `quoted`: inside double quotes, where single quotes are literal. */
function braces(text: string, from: number, to: number, depth: number, quoted: boolean): number | null {
  for (let at = from; at < to;) {
    const char = text[at];
    if (char === "}") return at + 1;
    if (char === "\\") at += 2;
    else if (char === "'" && quoted) at++;
    else if (char === "'" || char === '"' || char === "`" || char === "$") {
      const end = skip(text, at, to, depth, quoted);
      if (end === null) return null;
      at = end;
    } else at++;
  }
  return null;
}

function arithmetic(text: string, from: number, to: number): number | null {
  let open = 0;
  for (let at = from; at < to; at++) {
    if (text[at] === "(") open++;
    else if (text[at] === ")" && --open === 0) return at + 1;
    else if (text[at] === "\\") at++;
  }
  return null;
}

const BODY = /<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|\\?([^\s;&|()<>'"]+))/y;

type HereDocument = { readonly end: string; readonly tabs: boolean };

/** Where reading is within commands. */
type OpenCommands = {
  /** The here-documents whose texts begin on the next line. */
  readonly bodies: HereDocument[];
  /** The number of open parentheses, and that number at the start of each open `case`. */
  open: number;
  readonly cases: number[];
};

/** Commands up to the closing `)`, including comments, here-documents and `case` patterns. */
function commands(text: string, from: number, to: number, depth: number): number | null {
  const state: OpenCommands = { bodies: [], open: 0, cases: [] };
  for (let at = from; at < to;) {
    const char = text.charAt(at);
    if (char === ")" && state.open === 0 && state.cases.length === 0) return at + 1;
    const isSkipped = char === "'" || char === '"' || char === "`" || char === "$";
    const end = isSkipped ? skip(text, at, to, depth, false) : (AFTER[char]?.(text, at, to, state) ?? at + 1);
    if (end === null) return null;
    at = end;
  }
  return null;
}

/** Where what begins with this character ends; null if it has no meaning there. */
const AFTER: {
  readonly [char: string]: (text: string, at: number, to: number, state: OpenCommands) => number | null;
} = {
  ")": (_text, at, _to, state) => {
    if (state.cases.at(-1) !== state.open) state.open--;
    return at + 1;
  },
  "(": (_text, at, _to, state) => {
    state.open++;
    return at + 1;
  },
  "\\": (_text, at) => at + 2,
  "\n": (text, at, to, { bodies }) =>
    bodies.splice(0).reduce((end, body) => afterHereDocument(text, end, to, body), at + 1),
  "#": (text, at, to) => (/[\s;&|()]/.test(text.charAt(at - 1)) ? lineEnd(text, at, to) : null),
  "<": (text, at, _to, { bodies }) => {
    if (text.charAt(at + 1) !== "<") return null;
    BODY.lastIndex = at;
    const found = text.charAt(at + 2) === "<" ? null : BODY.exec(text);
    if (found === null) return at + 3;
    bodies.push({ end: found[2] ?? found[3] ?? found[4] ?? "", tabs: found[1] === "-" });
    return BODY.lastIndex;
  },
  c: (text, at, _to, state) => {
    if (!begins(text, at, "case")) return null;
    state.cases.push(state.open);
    return at + 4;
  },
  e: (text, at, _to, { cases }) => {
    if (cases.length === 0 || !begins(text, at, "esac")) return null;
    cases.pop();
    return at + 4;
  },
};

/** Whether this word is at `at` as the first word of a command. */
function begins(text: string, at: number, word: string): boolean {
  if (!text.startsWith(word, at) || /[\w-]/.test(text.charAt(at + word.length))) return false;
  let before = at - 1;
  while (before >= 0 && at - before < 256 && /[ \t]/.test(text.charAt(before))) before--;
  return before < 0 || /[\n;&|(]/.test(text.charAt(before));
}

/** The offset after a here-document's end line; `to` if it has none. */
export function afterHereDocument(text: string, from: number, to: number, body: HereDocument): number {
  for (let at = from; at < to;) {
    const end = lineEnd(text, at, to);
    const line = text.slice(at, end).replace(/\r$/, "");
    at = Math.min(to, end + 1);
    if ((body.tabs ? line.replace(/^\t+/, "") : line) === body.end) return at;
  }
  return to;
}

export function lineEnd(text: string, at: number, to: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 || end > to ? to : end;
}
