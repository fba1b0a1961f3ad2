const CLOSERS = new Set(['"', "'", "]", ")", "}"]);
const NAME_BYTE = /[\w.$-]/;

/** The name at the end, in front of three closing marks at most: read from the end, since a search begins at each character. */
export function lastName(left: string): string | null {
  let end = left.length;
  while (end > 0 && left.length - end < 3 && CLOSERS.has(left.charAt(end - 1))) end--;
  let from = end;
  while (from > 0 && end - from < 80 && left.length - from < 83 && NAME_BYTE.test(left.charAt(from - 1))) from--;
  while (from < end && !/[A-Za-z_]/.test(left.charAt(from))) from++;
  return from === end ? null : bare(left.slice(from, end));
}

/** Without the marks of PHP's and shells' variables. */
function bare(name: string): string {
  return name.replace(/^\${1,3}/, "");
}

/** What stands behind the name where it is declared: `key[]`, `token <const>`, `Password { get; set; }`, `pass PROGMEM`. */
const BEHIND =
  /(?:\s?\[[\w\s*+]{0,30}\]|\s?<(?:const|close)>|\s?\{\s?get;[^{}]{0,40}\}|\sPROGMEM|\sn?(?:var)?char(?:\(\w{1,5}\)))$/;
/** The last characters of those. */
const MAY_STAND_BEHIND = new Set(["]", ">", "}", "M", ")"]);
/** `var name string`, `const name string`: Go puts the type behind. */
const VAR = /\b(?:var|const)\s{1,4}(\w{1,80})\s{1,4}(?:\[\])?(?:string|byte)$/;

/** The name of what is declared with a value, or assigned one. */
export function declaredName(left: string): string | null {
  let text = left;
  for (let once = 0; once < 2 && MAY_STAND_BEHIND.has(text.charAt(text.length - 1)); once++)
    text = text.replace(BEHIND, "");
  const last = text.charAt(text.length - 1);
  if (last === "g" || last === "e") {
    const name = VAR.exec(text)?.[1];
    if (name !== undefined) return name;
  }
  return lastName(text.includes(":") ? withoutType(text) : text);
}

const TYPE = new Uint8Array(256);
for (const char of Buffer.from(".<>[]|?&'")) TYPE[char] = 1;
for (let code = 0; code < 256; code++) if (/\w/.test(String.fromCharCode(code))) TYPE[code] = 1;

/** Read from the end: the characters of a type, up to a colon. */
function withoutType(left: string): string {
  let from = left.length;
  while (from > 0 && left.length - from < 40 && TYPE[left.charCodeAt(from - 1)] === 1) from--;
  const type = left.slice(from);
  let typed = left.slice(0, from).trimEnd();
  // `&'static str`
  if (type === "str" && /&'\w{1,20}$/.test(typed)) typed = typed.replace(/&'\w{1,20}$/, "").trimEnd();
  if (type === "" || /\]/.test(type) !== /\[/.test(type) || !typed.endsWith(":")) return left;
  return typed.slice(0, -1).trimEnd();
}
