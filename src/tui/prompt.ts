import { completed } from "./complete.ts";
import { characters, edited, inserted, type Typed } from "./line-edit.ts";
import type { TerminalSession } from "./session.ts";
import type { Prompt } from "./state-parts.ts";

type LinePrompt = Pick<Prompt, "label" | "about" | "check" | "words"> & { readonly text?: string };

/** Asks for a line; null if the person goes back. The result has passed `check`, and is trimmed. */
export function askLine({ store }: TerminalSession, { text = "", ...line }: LinePrompt): Promise<string | null> {
  return new Promise((resolve) => {
    const answer = (given: string | null): void => {
      store.set(() => ({ prompt: null }));
      resolve(given);
    };
    const prompt = { ...line, answer, text, at: characters(text).length, error: null };
    store.set(() => ({ prompt, status: null, help: null }));
  });
}

/** Handles a key while a line is typed. Nothing is confirmed that cannot be seen. */
export function typePrompt(session: TerminalSession, key: string, blind: boolean): void {
  const { prompt } = session.store.get();
  if (!prompt) return;
  const { text, check, answer } = prompt;
  if (key === "esc") return answer(null);
  if (key === "enter") {
    if (blind) return;
    const error = check(text.trim());
    if (error === null) answer(text.trim());
    else session.store.set((state) => ({ prompt: state.prompt && { ...state.prompt, error } }));
    return;
  }
  if (key === "tab") return void complete(session, prompt);
  change(session, edited(prompt, key));
}

/** Completes the word at the cursor, unless the line has changed when its names are known. */
async function complete({ store }: TerminalSession, prompt: Prompt): Promise<void> {
  const words = (await prompt.words?.(prompt)) ?? [];
  store.set((state) => ({
    prompt: state.prompt === prompt ? { ...prompt, ...completed(prompt, words) } : state.prompt,
  }));
}

/** Inserts text at the cursor: pasted or typed. */
export function typeText(session: TerminalSession, typed: string): void {
  const { prompt } = session.store.get();
  if (prompt) change(session, inserted(prompt, typed));
}

function change({ store }: TerminalSession, typed: Typed | null): void {
  if (typed !== null)
    store.set(({ prompt }) => ({ prompt: prompt && { ...prompt, ...typed, offers: [], error: null } }));
}
