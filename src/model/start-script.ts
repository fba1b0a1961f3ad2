import { isFileNameWithDots } from "../kit/io/name.ts";

/*
 * The words that unsprawl itself puts before a command: the start script that exports the values, and, in Compose files
 * and stacks, the names that it is called with. The same for who writes them and who reads them again.
 */

/** Where containers have the script. */
export const START_SCRIPT = "/run/unsprawl/entrypoint";
/** Ends the names that the script is called with. */
export const NAMES_END = "--";

/** Where the names stand that the script is called with, up to their end; null for a command without them. */
export function scriptNames(words: readonly unknown[]): { readonly from: number; readonly to: number } | null {
  const from = words.indexOf(START_SCRIPT) + 1;
  const to = from === 0 ? -1 : words.indexOf(NAMES_END, from);
  const isName = (word: unknown): boolean => typeof word === "string" && isFileNameWithDots(word);
  return to > 0 && words.slice(from, to).every(isName) ? { from, to } : null;
}
