import { setTimeout as sleep } from "node:timers/promises";
import { KEY, type Terminal } from "./driver.ts";

/** How much of what a terminal was told was answered already. */
const heard = new WeakMap<Terminal, number>();

/** Waits for a question that is put line by line, with this in what is said since the last answer. */
export async function question(terminal: Terminal, said: string | RegExp): Promise<void> {
  const since = (): string => terminal.raw().slice(heard.get(terminal) ?? 0);
  const asked = (): boolean => {
    const text = since();
    return /(?:\n> |y or n: )$/.test(text) && (typeof said === "string" ? text.includes(said) : said.test(text));
  };
  for (const end = Date.now() + 120_000; !asked(); await sleep(25))
    if (Date.now() > end) throw new Error(`nobody says and asks ${String(said)}:\n${since()}`);
  heard.set(terminal, terminal.raw().length);
}

/** Types a line at such a question. */
export async function answer(terminal: Terminal, said: string | RegExp, typed: string): Promise<void> {
  await question(terminal, said);
  await terminal.press(typed === KEY.ctrlC || typed === KEY.ctrlD ? typed : typed + KEY.enter);
}
