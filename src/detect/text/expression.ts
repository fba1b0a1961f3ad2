import { looksRandom } from "../entropy.ts";
import type { Assigned } from "./assigned.ts";

/** Words that begin an expression of code or of a template, if it continues after them. */
const OPENERS =
  /^(?:await|new|lookup|include|coalesce|ternary|default|printf|tpl|toYaml|required|typeof|function|fn|lambda|return|if|not|list|dict|get|index|quote|yield|async|cast|unsafe|sizeof|local|select|case|let|my|our)$/;
/** Objects that code takes settings from. */
const HOLDERS =
  /^(?:this|self|cls|process|os|env|environ|environment|config|configuration|cfg|conf|settings|options|opts|args|argv|params|props|event|response|resp|res|request|req|ctx|context|data|body|payload|result|input|state|user|account|credentials|creds|secrets|session|auth|client|app|module|var|local|each|row|record|item|values|Values|System|Deno|Bun|window|document|JSON|path|fs)$/;
/** Before a name in code, never in a shell or in settings. */
const DECLARES =
  /^[\s\w:-]{0,40}?(?:[;{(]\s{0,4})?(?:const|let|var|val|auto|static|final|def|pub|mut)\s{1,4}(?:[\w<>[\]*&?,]{1,40}\s{1,4}){0,3}\$?$|^\s{0,40}(?:public|private|protected|internal)\s{1,4}(?:[\w<>[\]*&?]{1,40}\s{1,4}){0,3}\$?$/;

/**
 * True for an expression rather than a value: a call, a member of an object, a declaration without quotes, or a regular
 * expression. In quotes it has to look like nothing else.
 */
export function isCode({ value, quoted, lead, tail }: Assigned): boolean {
  if (isPattern(value)) return true;
  const text = value.replace(/(?:\\[nrt]){1,3}[)}\]]{0,3}$/, "").replace(/[;,]$/, "");
  if (text === "") return true;
  // `keyword.$S2`: a highlighter's names of tokens.
  if (/^[a-z]{2,20}(?:\.(?:\$\w{1,4}|[a-z]{2,20})){1,5}$/.test(text) && text.includes("$")) return true;
  if (quoted) return false;
  if (/^[([][A-Za-z_"'.$]/.test(text)) return true;
  // `'api_key': api_key,`: a dictionary of Python's in a block, where a name stands for its value.
  if (/^[a-z]\w{0,60}[_.]\w{1,60},$/.test(value)) return true;
  const takes = /^[A-Za-z_$@][\w$.?!:]{0,80}\(|^[A-Za-z_]\w{0,60}\[(?:\d|["'A-Za-z$:]|$)/.test(text);
  if (takes && !(tail.trim() === "" && isUnclosed(value))) return true;
  if (DECLARES.test(lead) || isMember(text)) return true;
  if (OPENERS.test(text) && /^\s{1,4}[\w("'$.[{]|^\(/.test(tail)) return true;
  // A name is given to another: `privateKey=privateKey`, written into a string.
  return text !== value && /^[A-Za-z_]{1,40}$/.test(text) && /[a-z][A-Z]|_/.test(text) && /\\n/.test(value);
}

/** `config.password`, `.password`, `this->token`. */
function isMember(text: string): boolean {
  const holder = /^\$?\.?([A-Za-z_]\w{0,60})(?:(?:\?\.|->|::|\.)[A-Za-z_]\w{0,60}){1,6}$/.exec(text)?.[1];
  return holder !== undefined && (HOLDERS.test(holder) || text.startsWith("."));
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
