import type { Session } from "./session.ts";

/** A line of text that a person types, with what it leads to shown below it as it is typed. */
export type Prompt = {
  readonly label: string;
  readonly text: string;
  /** How many characters stand before the cursor, as people count them. */
  readonly at: number;
  readonly error: string | null;
  /** What this text would lead to, a line each. */
  readonly about: (text: string) => readonly string[];
  /** Why this text will not do; null when it does. */
  readonly check: (text: string) => string | null;
  /** Null: the person went back. */
  readonly answer: (text: string | null) => void;
};

type Wanted = Pick<Prompt, "label" | "about" | "check"> & { readonly text?: string };

const LONGEST = 300;

/** Asks for a line; null when the person goes back. What is given has passed `check`, without spaces around it. */
export function askLine({ store }: Session, { label, about, check, text = "" }: Wanted): Promise<string | null> {
  return new Promise((resolve) => {
    const answer = (given: string | null): void => {
      store.set(() => ({ prompt: null }));
      resolve(given);
    };
    const prompt = { label, about, check, answer, text, at: characters(text).length, error: null };
    store.set(() => ({ prompt, status: null, help: null }));
  });
}

/** A key while a line is typed. What cannot be seen is not agreed to. */
export function typePrompt(session: Session, key: string, blind: boolean): void {
  const { prompt } = session.store.get();
  if (!prompt) return;
  const { text, at, check, answer } = prompt;
  const all = characters(text);
  const set = (now: readonly string[], to: number): void => change(session, now.join(""), to);
  if (key === "esc") return answer(null);
  if (key === "enter") {
    if (blind) return;
    const error = check(text.trim());
    if (error === null) answer(text.trim());
    else session.store.set((state) => ({ prompt: state.prompt && { ...state.prompt, error } }));
  } else if (key === "left") set(all, at - 1);
  else if (key === "right") set(all, at + 1);
  else if (key === "home" || key === "ctrl-a") set(all, 0);
  else if (key === "end" || key === "ctrl-e") set(all, all.length);
  else if (key === "backspace" && at > 0) set(all.toSpliced(at - 1, 1), at - 1);
  else if (key === "ctrl-u") set(all.slice(at), 0);
  else if (key === "ctrl-w") {
    const before = all.slice(0, at).join("").trimEnd();
    let end = before.length;
    while (end > 0 && !/\s/.test(before[end - 1] ?? "")) end--;
    const kept = characters(before.slice(0, end));
    set([...kept, ...all.slice(at)], kept.length);
  } else if (key === "space") typeText(session, " ");
  else if (characters(key).length === 1) typeText(session, key);
}

/** Puts text in at the cursor: pasted or typed. Line ends and what a terminal would obey become spaces. */
export function typeText(session: Session, typed: string): void {
  const { prompt } = session.store.get();
  if (!prompt) return;
  const all = characters(prompt.text);
  const put = characters(typed.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")).slice(0, LONGEST - all.length);
  change(session, all.toSpliced(prompt.at, 0, ...put).join(""), prompt.at + put.length);
}

function change({ store }: Session, text: string, at: number): void {
  const to = Math.max(0, Math.min(at, characters(text).length));
  store.set(({ prompt }) => ({ prompt: prompt && { ...prompt, text, at: to, error: null } }));
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Text as the characters that people see. */
export function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
