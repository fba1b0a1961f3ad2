import { bindings, type KeyAction, type KeyScope } from "../keymap.ts";
import { CHANGES } from "../available.ts";
import type { ListItem } from "../items.ts";
import type { TerminalSession } from "../session.ts";
import { line, type Guard, type SpanLine } from "../widgets/text.ts";
import type { LineTerminal } from "./lines.ts";
import { spoken } from "./spoken.ts";
import type { ScreenLayout } from "../moves.ts";

/** One session without a screen: what is running, where it is reported, and the list whose numbers are typed. */
export type Face = {
  readonly session: TerminalSession;
  readonly lines: LineTerminal;
  readonly guard: Guard;
  /** The rows of the list as it was last read out; the number 1 is the first. */
  listed: readonly ListItem[];
  /** The number of the first one that is read out next. */
  from: number;
};

/** Key presses made here scroll nothing. */
export const NO_ROOM: ScreenLayout = { page: 1, last: 0, blind: false, wide: true };

/** What can be typed at a question. `act` gets the text after the word and returns what is wrong with it, or null. */
export type TypedCommand = {
  readonly typed: string;
  /** How the word is written with its argument; null if it takes none and must be alone. */
  readonly like: string | null;
  /** Shown in the question; null shows it only in the help. */
  readonly short: string | null;
  readonly does: string;
  /** False if `--read-only` refuses it. */
  readonly harmless: boolean;
  readonly act: (rest: string) => Promise<string | void> | string | void;
};

/** How many lines are read out at once. */
const PAGE = 20;

/** The part of a long list that is read out, with `at` in it, and the word that reads on. */
export function pageOf(
  at: number,
  count: number,
  to: (at: number) => void,
): { readonly from: number; readonly to: number; readonly more: readonly TypedCommand[] } {
  const from = at < count ? at - (at % PAGE) : 0;
  const end = Math.min(count, from + PAGE);
  if (count <= PAGE) return { from, to: end, more: [] };
  const more: TypedCommand = {
    typed: "n",
    like: null,
    short: `next of ${count}`,
    does: "read on; after the end from the start",
    harmless: true,
    act: () => to(end < count ? end : 0),
  };
  return { from, to: end, more: [more] };
}

/** A word for an action of the keymap: the same letter, the same explanation. */
export function word(
  where: KeyScope,
  action: KeyAction,
  act: TypedCommand["act"],
  like: string | null = null,
): TypedCommand {
  const found = bindings(where).find((one) => one.action === action);
  if (!found) throw new Error(`no key for ${action} in ${where}`);
  const typed = action === "back" ? "b" : (found.keys.find((key) => key.length === 1) ?? action);
  const harmless = !CHANGES.has(action);
  return { typed, like, short: found.short, does: found.long, harmless, act };
}

export function say({ lines, guard }: Face, ...told: readonly (SpanLine | string)[]): void {
  for (const text of spoken(
    told.map((one) => (typeof one === "string" ? line(one) : one)),
    guard,
  ))
    lines.say(text);
}

/**
 * Puts a question until one of the words is typed. `?` explains them; `q` and the end of the input leave. `other`
 * handles input that begins with none of them (a number, a name, an empty line); it returns what is wrong, or null.
 */
export async function choose(
  face: Face,
  question: string,
  all: readonly TypedCommand[],
  other: (text: string) => Promise<string | null> | string | null,
): Promise<void> {
  const { lines, session } = face;
  const words = session.store.get().readOnly ? all.filter(({ harmless }) => harmless) : all;
  const named = words.flatMap(({ typed, like, short }) => (short === null ? [] : [`${like ?? typed} ${short}`]));
  const [put = ""] = spoken([line(`${question} ${[...named, "? help", "q quit"].join(", ")}`)], face.guard);
  for (;;) {
    const typed = await lines.ask(`${put}\n> `);
    if (typed === null || /^\s*(?:q|quit)\s*$/i.test(typed)) return session.leave();
    const text = typed.trim();
    if (text === "?" || text === "help") {
      for (const { typed: one, like, does } of words) say(face, `${like ?? one}: ${does}`);
      say(face, "?: this list", "q: quit; ctrl-c cancels a run and restores what it had begun");
      continue;
    }
    const head = /^(?:\/|[a-z]+)/i.exec(text)?.[0] ?? "";
    const rest = text.slice(head.length).trimStart();
    const found = words.find(({ typed: one, like }) => one === (head === "back" ? "b" : head) && (rest === "" || like));
    const wrong = await (found ? found.act(rest) : other(text));
    if (!wrong) return;
    say(face, wrong);
  }
}
