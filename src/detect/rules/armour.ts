/*
 * Where a key in armour (RFC 7468, RFC 9580) ends, and whether it has a body. The pattern of such a key cannot say: its
 * lines may be escaped, quoted, indented or commented, and its last line may be missing.
 */

/** What may stand between two lines of a key: line ends, escaped or real, and the marks of comments and of strings. */
const BETWEEN = /^(?:\s|\\{1,4}[nrt]|\\\n|["'`+,.;()#*|>/]){0,400}/;
/** A header inside the armour, such as `Proc-Type: 4,ENCRYPTED`. */
const HEADER = /^[A-Z][A-Za-z-]{2,20}: [^\n\\]{0,120}/;
const LINE = /^[A-Za-z0-9+/]{1,20000}={0,2}/;
/** The shortest run of base64 that can be a line of a key. */
const SOLID = /[A-Za-z0-9+/]{32,20000}={0,2}/g;

/** The length of the key that `text` begins with: up to its own last line, or to where its lines stop. */
export function armourLength(text: string): number {
  const first = /^-----BEGIN ([A-Za-z0-9 -]{1,60})-----/.exec(text);
  if (first === null) return text.length;
  const begin = first[0].length;
  const last = `-----END ${first[1]}-----`;
  const next = text.indexOf("-----BEGIN ", begin);
  const end = text.indexOf(last, begin);
  if (end >= 0 && (next < 0 || end < next) && isBody(text.slice(begin, end))) return end + last.length;
  let at = begin;
  for (let rest = begin; rest < text.length;) {
    rest += BETWEEN.exec(text.slice(rest, rest + 500))?.[0].length ?? 0;
    const piece = text.slice(rest, rest + 20_100);
    const header = at === begin ? HEADER.exec(piece) : null;
    const line = header ?? LINE.exec(piece);
    // A word is no line of a key: only the last one is shorter than the others.
    if (line === null || (header === null && line[0].length < 40)) break;
    rest += line[0].length;
    if (header === null) at = rest;
  }
  return at;
}

/** Whether lines of a key are most of a text: code between two banners is none. */
function isBody(text: string): boolean {
  const bare = text.replace(/\\{1,4}[nrt]|\s/g, " ");
  const solid = (bare.match(SOLID) ?? []).reduce((sum, run) => sum + run.length, 0);
  return solid >= 40 && solid * 2 >= bare.replaceAll(" ", "").length;
}
