/** One word of a command line as a shell would see it; `operator` when it is `;`, `&&`, `|` and the like. */
export type CommandWord = { readonly text: string; readonly operator: boolean };

const WORDS = 20_000;

/** Splits as a shell would: quotes, backslashes, operators and comments; never fails, takes what is open as closed. */
export function splitShell(text: string): CommandWord[] {
  const line = new ShellLine();
  for (let at = 0; at < text.length && line.words.length < WORDS;) {
    const char = text.charAt(at);
    const end = MARKS[char]?.(text, at, line);
    if (end === undefined) line.add(char);
    at = end ?? at + 1;
  }
  line.end();
  return line.words;
}

/** The words so far, and the pieces of the one that is open. */
class ShellLine {
  readonly words: CommandWord[] = [];
  pieces: string[] = [];

  add(piece: string): void {
    this.pieces.push(piece);
  }

  end(): void {
    if (this.pieces.length > 0) this.words.push({ text: this.pieces.join(""), operator: false });
    this.pieces = [];
  }
}

/** Reads what a mark begins, and says where it ends; undefined if the mark is a character like others there. */
type ReadMark = (text: string, at: number, line: ShellLine) => number | undefined;

const quoted: ReadMark = (text, at, line) => {
  const quote = text.charAt(at);
  const close = closing(text, at, quote);
  const piece = text.slice(at + 1, close);
  line.add(quote === '"' ? piece.replace(/\\(["\\$`])/g, "$1") : piece);
  return close + 1;
};

const blank: ReadMark = (_text, at, line) => {
  line.end();
  return at + 1;
};

const operator: ReadMark = (text, at, line) => {
  line.end();
  line.words.push({ text: text.charAt(at), operator: true });
  return at + 1;
};

const MARKS: { readonly [mark: string]: ReadMark } = {
  "'": quoted,
  '"': quoted,
  "\\": (text, at, line) => {
    const next = text.charAt(at + 1);
    if (next !== "\n" && next !== "\r") line.add(next);
    return at + 2;
  },
  // A comment, such as the `# buildkit` behind each line of an image's history.
  "#": (text, at, line) => {
    if (line.pieces.length > 0 || !/[\s;]/.test(text.charAt(at - 1))) return undefined;
    const end = text.indexOf("\n", at);
    return end < 0 ? text.length : end;
  },
  " ": blank,
  "\t": blank,
  "\r": blank,
  "\n": operator,
  ";": operator,
  "|": operator,
  "&": (text, at, line) =>
    line.pieces.length > 0 && /[?&][\w.-]*=/.test(line.pieces.slice(-200).join(""))
      ? undefined
      : operator(text, at, line),
  // `$(…)` stays in its word: what it prints is not known, so it is a reference.
  "(": (text, at, line) => {
    if (line.pieces.length === 0) return operator(text, at, line);
    if (line.pieces.at(-1) !== "$") return undefined;
    const end = closed(text, at) + 1;
    line.add(text.slice(at, end));
    return end;
  },
  ")": operator,
  // `${NAME:?not set}` is one word, whatever stands in it.
  "{": (text, at, line) => {
    if (line.pieces.at(-1) !== "$") return undefined;
    const stop = text.indexOf("}", at);
    const end = stop < 0 || stop > at + 400 ? at + 1 : stop + 1;
    line.add(text.slice(at, end));
    return end;
  },
};

/** The content of `$(…)` and backticks: separate commands, of which the outer one sees only the output. */
export function substitutions(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf("$("); at >= 0 && found.length < INNER; at = text.indexOf("$(", at + 2)) {
    // `$((…))` is arithmetic.
    if (text.charAt(at + 2) === "(") continue;
    const end = closed(text, at + 1);
    found.push(text.slice(at + 2, end));
    at = end - 2;
  }
  if (text.includes("`")) found.push(...text.split("`", 2 * INNER).filter((_, index) => index % 2 === 1));
  return found;
}

const INNER = 40;

/** The place of the parenthesis that closes the one at `at`, or the end of the text. */
function closed(text: string, at: number): number {
  let depth = 0;
  const limit = Math.min(text.length, at + 4096);
  for (let end = at; end < limit; end++) {
    const char = text.charAt(end);
    if (char === "(") depth++;
    else if (char === ")" && --depth === 0) return end;
  }
  const first = text.indexOf(")", at);
  return first < 0 ? text.length : first;
}

/** The place of the closing quote, or the end of the text. */
function closing(text: string, at: number, quote: string): number {
  for (let end = at + 1; end < text.length; end++) {
    if (quote === '"' && text.charAt(end) === "\\") end++;
    else if (text.charAt(end) === quote) return end;
  }
  return text.length;
}

/** Cuts a list of words at its operators. */
export function splitCommands(words: readonly CommandWord[]): string[][] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (word.operator) commands.push([]);
    else commands.at(-1)?.push(word.text);
  }
  return commands.filter((command) => command.length > 0);
}
