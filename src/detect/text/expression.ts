import { looksRandom } from "../entropy.ts";
import type { Assigned } from "./assigned.ts";

/** True for an expression rather than a value: a call, or a regular expression. In quotes it has to look like nothing else. */
export function isCode({ value, quoted, tail }: Assigned): boolean {
  if (isPattern(value)) return true;
  const text = value.replace(/(?:\\[nrt]){1,3}[)}\]]{0,3}$/, "").replace(/[;,]$/, "");
  if (text === "") return true;
  if (quoted) return false;
  // `'api_key': api_key,`: a dictionary of Python's in a block, where a name stands for its value.
  if (/^[a-z]\w{0,60}[_.]\w{1,60},$/.test(value)) return true;
  const takes = /^[A-Za-z_$@][\w$.?!:]{0,80}\(|^[A-Za-z_]\w{0,60}\[(?:\d|["'A-Za-z$:]|$)/.test(text);
  return takes && !(tail.trim() === "" && isUnclosed(value));
}

/** A random value with a bracket that nothing closes: no call or element, but a password such as `x7w2(Kp9t`. */
function isUnclosed(value: string): boolean {
  const letters = value.replaceAll(/[()[\]]/g, "");
  return /[^\s,([{]$/.test(value) && !closesBrackets(value) && looksRandom(letters, 12);
}

/** `^[A-Za-z]…$`, `/c\\NAME=`: a pattern or the command of an editor. */
export function isPattern(value: string): boolean {
  if (/[([]/.test(value) && !/^\^|\(\?/.test(value) && !closesBrackets(value)) return false;
  return /\(\?[:=!<]|^\.[*+]|\[\[:\w{3,8}:\]\]|\[\^?[^\]]{1,30}\][+*{]|\\[wWdDsSb][+*{\\\])]|\.[*+](?:[?)$]|$)|^\^.{1,80}\$$|^\/[a-z]\\/.test(
    value,
  );
}

/** False where a bracket is open at the end or closed before, as in random text; a pattern's are in pairs. */
function closesBrackets(value: string): boolean {
  let [depth, set] = [0, false];
  for (let at = 0; at < value.length; at++) {
    const char = value.charAt(at);
    if (char === "\\") at++;
    else if (set) set = char !== "]";
    else if (char === "[") set = true;
    else if (char === "(") depth++;
    else if (char === ")" && --depth < 0) return false;
  }
  return depth === 0 && !set;
}
