import { bindings, type Action, type Where } from "../keymap.ts";
import { CHANGES, type Room } from "../actions.ts";
import type { Session } from "../session.ts";
import { line, type Guard, type Line } from "../widgets/text.ts";
import type { Lines } from "./lines.ts";
import { spoken } from "./spoken.ts";

/** One sitting without a screen: what is at work, where it is told, and the list whose numbers are typed. */
export type Face = {
  readonly session: Session;
  readonly lines: Lines;
  readonly guard: Guard;
  /** The keys of the list as it was last read out; the number 1 is the first. */
  listed: readonly string[];
  /** The number of the first that is read out next. */
  from: number;
};

/** Key presses that are made here scroll nothing. */
export const NO_ROOM: Room = { page: 1, last: 0, blind: false, wide: true };

/** What can be typed at a question. `act` gets what follows the word and says what is wrong with it, if anything is. */
export type Word = {
  readonly typed: string;
  /** How it is written with what follows it; null is the word alone, which then must stand alone. */
  readonly like: string | null;
  readonly short: string;
  readonly does: string;
  /** False for what `--read-only` refuses. */
  readonly harmless: boolean;
  readonly act: (rest: string) => Promise<string | void> | string | void;
};

/** A word for an action of the keymap: the same letter, the same explanation. */
export function word(where: Where, action: Action, act: Word["act"], like: string | null = null): Word {
  const found = bindings(where).find((one) => one.action === action);
  if (!found) throw new Error(`no key for ${action} in ${where}`);
  const typed = action === "back" ? "b" : (found.keys.find((key) => key.length === 1) ?? action);
  const harmless = !CHANGES.has(action);
  return { typed, like, short: found.short ?? found.long, does: found.long, harmless, act };
}

export function say({ lines, guard }: Face, ...told: readonly (Line | string)[]): void {
  for (const text of spoken(
    told.map((one) => (typeof one === "string" ? line(one) : one)),
    guard,
  ))
    lines.say(text);
}

/**
 * Puts a question until one of the words is typed. `?` explains them, `q` and the end of the input leave. `other` takes
 * what begins with none of them (a number, a name, nothing at all); it returns what is wrong, or null when it is right.
 */
export async function choose(
  face: Face,
  question: string,
  all: readonly Word[],
  other: (text: string) => Promise<string | null> | string | null,
): Promise<void> {
  const { lines, session } = face;
  const words = session.store.get().readOnly ? all.filter(({ harmless }) => harmless) : all;
  const put = `${question} ${words.map(({ typed, like, short }) => `${like ?? typed} ${short}`).join(", ")}, ? help, q quit\n> `;
  for (;;) {
    const typed = await lines.ask(put);
    if (typed === null || /^\s*(?:q|quit)\s*$/i.test(typed)) return session.leave();
    const text = typed.trim();
    if (text === "?" || text === "help") {
      for (const { typed: one, like, does } of words) say(face, `${like ?? one}: ${does}`);
      say(face, "?: this list", "q: quit; a run that works is called off with ctrl-c and put back");
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
