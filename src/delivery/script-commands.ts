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
      const opened = enter(first, words, text, blocks, defines);
      defines = null;
      words = opened === "whole" ? [] : words.slice(1);
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

/** Opens or closes what a reserved word does; `whole` if the rest of its command belongs to it. */
function enter(
  word: ShellWord,
  words: readonly ShellWord[],
  text: string,
  blocks: Block[],
  defines: string | null,
): "whole" | "word" {
  const top = blocks.at(-1);
  switch (word.text) {
    case "if":
      blocks.push({ kind: "if", from: word.end, test: undefined });
      return "word";
    case "then":
      if (top?.kind === "if" && top.test === undefined) top.test = text.slice(top.from, word.start);
      return "word";
    case "elif":
    case "else":
      if (top?.kind === "if") top.test = null;
      return "word";
    case "while":
    case "until":
    case "case":
      blocks.push({ kind: "other", from: word.end, test: null });
      return word.text === "case" ? "whole" : "word";
    case "for":
      blocks.push({ kind: "other", from: word.end, test: undefined, loop: words.slice(1) });
      return "whole";
    case "function":
      // `function name {` is one command, `function name() {` two.
      blocks.push({
        kind: "function",
        name: words[1]?.text ?? "",
        from: words[2] ? word.end : UNOPENED,
        test: undefined,
      });
      return "whole";
    case "{":
      if (top?.from === UNOPENED) top.from = word.end;
      else if (defines === null)
        blocks.push({ kind: "other", from: word.end, test: guardBefore(text, word.start) ?? undefined });
      else blocks.push({ kind: "function", name: defines, from: word.end, test: undefined });
      return "word";
    case "fi":
    case "done":
    case "esac":
    case "}":
      blocks.pop();
      return "word";
    default:
      return "word";
  }
}

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
