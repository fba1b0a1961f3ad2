import { shellCommands, type ShellWord } from "../kit/text/shell-words.ts";

/** A simple command of a script, with what must hold for it to run. */
export type ScriptCommand = {
  readonly words: readonly ShellWord[];
  /** The tests around it, as they are written, within its function; `null` for one that this cannot say: else, case, while. */
  readonly tests: readonly (string | null)[];
  /** The function that it stands in; null for none. */
  readonly inFunction: string | null;
  /** The words of the `for … in` loops around it. */
  readonly loops: readonly (readonly ShellWord[])[];
  readonly at: number;
  /** Whether it runs in another process: before or behind `|`, before `&`, in `$(…)`. */
  readonly isPiped: boolean;
};

type Block = {
  readonly kind: "if" | "other" | "function";
  readonly name?: string;
  readonly loop?: readonly ShellWord[];
  from: number;
  /** Undefined while an `if` has no `then` yet. */
  test: string | null | undefined;
};

/**
 * The commands of a shell script in their order, each with the tests and functions around it (POSIX Shell Command
 * Language, 2.9.4 Compound Commands).
 */
export function scriptCommands(text: string): readonly ScriptCommand[] {
  const found: ScriptCommand[] = [];
  const blocks: Block[] = [];
  let defines: string | null = null;
  for (const all of shellCommands(text)) {
    let words: readonly ShellWord[] = all;
    for (let [first] = words; first !== undefined && isReserved(first, text); [first] = words) {
      ENTERS.get(first.text)?.({ word: first, words, text, blocks, defines });
      defines = null;
      words = WHOLE.has(first.text) ? [] : words.slice(1);
    }
    const [first] = words;
    if (first === undefined) continue;
    defines = /^[ \t]*\([ \t]*\)/.test(text.slice(first.end, first.end + 20)) ? first.text : null;
    if (defines !== null) continue;
    // Its `$(…)` run in other processes; shellCommands gives them before it.
    for (let one = found.length - 1; one >= 0 && (found[one]?.at ?? 0) > first.start; one--)
      found[one] = { ...(found[one] as ScriptCommand), isPiped: true };
    const own = blocks.slice(blocks.findLastIndex(({ kind }) => kind === "function") + 1);
    const guard = guardBefore(text, first.start);
    found.push({
      words,
      tests: [...own.flatMap(({ test }) => (test === undefined ? [] : [test])), ...(guard === null ? [] : [guard])],
      inFunction: blocks.findLast(({ kind }) => kind === "function")?.name ?? null,
      loops: own.flatMap(({ loop }) => (loop === undefined ? [] : [loop])),
      at: first.start,
      isPiped: isPiped(text, first.start, words.at(-1)?.end ?? first.end),
    });
    if (blocks.length > DEEPEST) return [];
  }
  return found;
}

const RESERVED = /^(?:if|then|elif|else|fi|while|until|for|do|done|case|esac|\{|\}|!|function)$/;
const isReserved = ({ start, end, text: word }: ShellWord, text: string): boolean =>
  RESERVED.test(word) && text.slice(start, end) === word;

type Reserved = {
  readonly word: ShellWord;
  readonly words: readonly ShellWord[];
  readonly text: string;
  readonly blocks: Block[];
  /** The function that `{` begins the body of; null for none. */
  readonly defines: string | null;
};

const testOf = ({ word, text, blocks }: Reserved): void => {
  const top = blocks.at(-1);
  if (top?.kind === "if" && top.test === undefined) top.test = text.slice(top.from, word.start);
};
const otherwise = ({ blocks }: Reserved): void => {
  const top = blocks.at(-1);
  if (top?.kind === "if") top.test = null;
};
const unsaid = ({ word, blocks }: Reserved): void => {
  blocks.push({ kind: "other", from: word.end, test: null });
};
const closes = ({ blocks }: Reserved): void => {
  blocks.pop();
};
const opensBody = ({ word, text, blocks, defines }: Reserved): void => {
  const top = blocks.at(-1);
  if (top?.from === UNOPENED) top.from = word.end;
  else if (defines !== null) blocks.push({ kind: "function", name: defines, from: word.end, test: undefined });
  else blocks.push({ kind: "other", from: word.end, test: guardBefore(text, word.start) ?? undefined });
};

const overWords = ({ word, words, blocks }: Reserved): void => {
  blocks.push({ kind: "other", from: word.end, test: undefined, loop: words.slice(1) });
};
/** `function name {` is one command, `function name() {` two. */
const namedFunction = ({ word, words: [, name, body], blocks }: Reserved): void => {
  blocks.push({ kind: "function", name: name?.text ?? "", from: body ? word.end : UNOPENED, test: undefined });
};

/** What a reserved word opens or closes; the others (`do`, `!`) do neither. */
const ENTERS: ReadonlyMap<string, (reserved: Reserved) => void> = new Map([
  ["if", ({ word, blocks }) => void blocks.push({ kind: "if", from: word.end, test: undefined })],
  ["then", testOf],
  ["elif", otherwise],
  ["else", otherwise],
  ["while", unsaid],
  ["until", unsaid],
  ["case", unsaid],
  ["for", overWords],
  ["function", namedFunction],
  ["{", opensBody],
  ["fi", closes],
  ["done", closes],
  ["esac", closes],
  ["}", closes],
]);
/** The rest of their command belongs to them. */
const WHOLE = new Set(["case", "for", "function"]);

/** Deeper scripts are not read. */
const DEEPEST = 32;

function isPiped(text: string, start: number, end: number): boolean {
  return (
    /(?:^|[^|])\|\s*$/.test(text.slice(Math.max(0, start - 50), start)) ||
    /^[ \t]*(?:\|(?!\|)|&(?!&))/.test(text.slice(end, end + 50))
  );
}

/** The test before `&&` or `||` on the command's line; null for none. */
function guardBefore(text: string, start: number): string | null {
  const before = text.slice(Math.max(0, start - LONGEST_GUARD), start);
  if (!/(?:&&|\|\|)\s*$/.test(before)) return null;
  return before.slice(Math.max(before.lastIndexOf("\n"), before.lastIndexOf(";")) + 1);
}

const LONGEST_GUARD = 500;
const UNOPENED = -1;
