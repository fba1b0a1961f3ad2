import type { FileOptions } from "../../../src/contract/delivery.ts";
import { expandedText, literal, madeText, quotedWord, type Word } from "../../../src/files/words/shell-text.ts";
import type { NewWords } from "./rewording.ts";

/** What a service runs, as words that values are filled into. `health` begins with its kind. */
export type WordTemplate = {
  readonly entrypoint: readonly Word[];
  readonly cmd: readonly Word[];
  readonly health: readonly Word[];
};

/**
 * The same commands with each value left to a shell that has it in a variable. Where a shell's text is the first that runs,
 * the variable stands in that text; otherwise a shell makes the same words first and then becomes the program, before the
 * entrypoint, which may look at them.
 */
export function reworded({ entrypoint, cmd, health }: WordTemplate): NewWords {
  return { ...mainWords(entrypoint, cmd), health: healthWords(health) };
}

/**
 * The words of a program that takes a file in the place of each value: `--token VALUE` becomes `--token-file PATH`. Null if a
 * value stands anywhere else.
 */
export function wordsByFile({ entrypoint, cmd }: WordTemplate, { options, path }: FileOptions): NewWords | null {
  const all = [...entrypoint, ...cmd];
  const made = all.map((word) => word.map(madeText).join(""));
  for (const [at, word] of all.entries()) {
    if (!hasValue(word)) continue;
    const [first, second, ...more] = typeof word[0] === "string" ? word : ["", ...word];
    if (more.length > 0 || typeof first !== "string" || typeof second !== "object" || !("name" in second)) return null;
    const option = options[first === "" ? (made[at - 1] ?? "") : first.slice(0, -1)];
    if (option === undefined || (first !== "" && !first.endsWith("="))) return null;
    if (first === "") made[at - 1] = option;
    made[at] = first === "" ? path(second.name) : `${option}=${path(second.name)}`;
  }
  const changed = (words: readonly Word[], texts: readonly string[]): readonly string[] | null =>
    words.some(hasValue) ? texts : null;
  return {
    entrypoint: changed(entrypoint, made.slice(0, entrypoint.length)),
    command: changed(cmd, made.slice(entrypoint.length)),
    health: null,
  };
}

function mainWords(entrypoint: readonly Word[], cmd: readonly Word[]): Pick<NewWords, "entrypoint" | "command"> {
  const all = [...entrypoint, ...cmd];
  if (!all.some(hasValue)) return { entrypoint: null, command: null };
  const text = shellText(all);
  if (text === null) {
    const line = inShell(all);
    return entrypoint.length > 0 ? { entrypoint: line, command: [] } : { entrypoint: null, command: line };
  }
  const words = all.map((word, at) => (at === TEXT ? text : word.map(madeText).join("")));
  return entrypoint.length > TEXT
    ? { entrypoint: words.slice(0, entrypoint.length), command: null }
    : { entrypoint: null, command: words.slice(entrypoint.length) };
}

function healthWords([kind = [], ...words]: readonly Word[]): readonly string[] | null {
  if (!words.some(hasValue)) return null;
  if (kind[0] === "CMD-SHELL" && words[0] !== undefined) {
    const text = expandedText(words[0]);
    return text === null ? ["CMD", ...inShell([["/bin/sh"], ["-c"], words[0]])] : ["CMD-SHELL", text];
  }
  const text = shellText(words);
  if (text === null) return ["CMD", ...inShell(words)];
  return ["CMD", ...words.map((word, at) => (at === TEXT ? text : word.map(madeText).join("")))];
}

/** The text of `sh -c TEXT …` with the variables in it; null for other commands, and for values in other words. */
function shellText(words: readonly Word[]): string | null {
  const [shell, option, text] = words.map((word) => (hasValue(word) ? "" : word.map(literal).join("")));
  if (!isShellProgram(shell ?? "") || !/^-[eux]*c$/.test(option ?? "") || text !== "") return null;
  if (words.some((word, at) => at !== TEXT && hasValue(word))) return null;
  return expandedText(words[TEXT] ?? []);
}

const TEXT = 2;
export const isShellProgram = (word: string): boolean => /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(word);

/** A shell that makes these words and becomes the program that they call. */
function inShell(words: readonly Word[]): readonly string[] {
  return ["/bin/sh", "-c", `exec ${words.map(quotedWord).join(" ")}`];
}

export const hasValue = (word: Word): boolean => word.some((part) => typeof part === "object" && "name" in part);
