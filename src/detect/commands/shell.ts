/** One word of a command line as a shell would see it; `operator` when it is `;`, `&&`, `|` and the like. */
export type CommandWord = { readonly text: string; readonly operator: boolean };

const WORDS = 20_000;

/** Splits as a shell would: quotes, backslashes, operators and comments; never fails, takes what is open as closed. */
export function splitShell(text: string): CommandWord[] {
  const words: CommandWord[] = [];
  let word: string[] = [];
  let open = false;
  const end = (): void => {
    if (open) words.push({ text: word.join(""), operator: false });
    word = [];
    open = false;
  };
  for (let at = 0; at < text.length && words.length < WORDS; at++) {
    const char = text.charAt(at);
    if (char === "'" || char === '"') {
      const close = closing(text, at, char);
      const piece = text.slice(at + 1, close);
      word.push(char === '"' ? piece.replace(/\\(["\\$`])/g, "$1") : piece);
      open = true;
      at = close;
    } else if (char === "\\") {
      at++;
      if (text.charAt(at) === "\n" || text.charAt(at) === "\r") continue;
      word.push(text.charAt(at));
      open = true;
    } else if (char === "#" && !open && /[\s;]/.test(text.charAt(at - 1))) {
      // A comment, such as the `# buildkit` behind each line of an image's history.
      const line = text.indexOf("\n", at);
      at = line < 0 ? text.length : line - 1;
    } else if (char === " " || char === "\t" || char === "\r") {
      end();
    } else if (char === "\n" || char === ";" || char === "|" || char === "&" || char === "(" || char === ")") {
      // `$(…)` stays in its word: what it prints is not known, so it is a reference.
      if (char === "(" && word.at(-1) === "$") {
        const stop = closed(text, at);
        word.push(text.slice(at, stop + 1));
        at = stop;
        continue;
      }
      if (char === "(" && open) {
        word.push(char);
        continue;
      }
      if (char === "&" && open && /[?&][\w.-]*=/.test(word.slice(-200).join(""))) {
        word.push(char);
        continue;
      }
      end();
      words.push({ text: char, operator: true });
    } else if (char === "{" && word.at(-1) === "$") {
      // `${NAME:?not set}` is one word, whatever stands in it.
      const stop = text.indexOf("}", at);
      const till = stop < 0 || stop > at + 400 ? at : stop;
      word.push(text.slice(at, till + 1));
      at = till;
    } else {
      word.push(char);
      open = true;
    }
  }
  end();
  return words;
}

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
