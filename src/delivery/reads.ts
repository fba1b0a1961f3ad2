import type { DeliverySubject } from "../contract/delivery.ts";
import { readsFileForm, scriptText } from "./entrypoint.ts";

/**
 * The first of these variables that the health check reads: in a shell's text, or in a script of the image that it runs;
 * null for none. A health check starts beside the entrypoint and has the container's environment alone.
 */
export async function readByHealthCheck(subject: DeliverySubject, names: readonly string[]): Promise<string | null> {
  const [kind = "", ...words] = subject.health;
  const texts = kind === "CMD-SHELL" ? words : scriptsOfShell(words);
  const inText = names.find((name) => texts.some((text) => usesVariable(text, name)));
  if (inText !== undefined) return inText;
  for (const word of programsIn(kind === "CMD-SHELL" ? words : [words.join(" ")])) {
    const script = await scriptText(subject, word);
    const found = script === null ? undefined : names.find((name) => readsAlone(script, name));
    if (found !== undefined) return found;
  }
  return null;
}

/** Whether a shell that runs this text expands the variable: `$NAME`, `${NAME}`, `${NAME:-…}`. */
function usesVariable(text: string, name: string): boolean {
  return new RegExp(`\\$(?:\\{[#!]?)?${name.replace(/\W/g, "\\$&")}(?!\\w)`).test(text);
}

/** The texts that a list of words hands to a shell; a variable in any other word stays as it is written. */
function scriptsOfShell(words: readonly string[]): readonly string[] {
  return words.some((word) => SHELL.test(word)) ? words : [];
}

const SHELL = /(?:^|\/)(?:ba|da|a|z|k)?sh$/;

/** The words of shell texts that may name a script: not options, not quoted sentences. */
function programsIn(texts: readonly string[]): readonly string[] {
  const words = texts.flatMap((text) => text.slice(0, LONGEST_TEXT).split(/[\s"'`;&|()]+/));
  return [...new Set(words.filter((word) => /^[\w./][\w./-]*$/.test(word) && !SHELL.test(word)))].slice(0, MOST_WORDS);
}

const [LONGEST_TEXT, MOST_WORDS] = [4096, 6];

/** Whether a script mentions the variable and has no way to read it from a file. */
function readsAlone(script: string, name: string): boolean {
  const itself = new RegExp(`(?<!\\w)${name.replace(/\W/g, "\\$&")}(?!\\w)`);
  const isRead = script.split("\n").some((line) => !/^\s*#/.test(line) && itself.test(line));
  return isRead && !readsFileForm(script, name);
}
