/** One way to log in that a `WWW-Authenticate` header offers; names in lower case. */
export type AuthChallenge = { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> };

const TOKEN = /[!#$%&'*+.^_`|~\w-]+/y;
/** No registry sends longer headers. */
const LONGEST = 8192;

/**
 * Parses `Bearer realm="…",service="…", Basic realm="…"` (RFC 9110, 11.6.1): several challenges in one header,
 * parameters quoted or not. An unparsable part ends the list.
 */
export function parseChallenges(header: string): readonly AuthChallenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const text = header.slice(0, LONGEST);
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    at += pattern.exec(text)?.[0].length ?? 0;
  };
  const word = (): string => {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? "";
    at += token.length;
    return token;
  };
  for (;;) {
    skip(/[\s,]*/y);
    const name = word();
    if (name === "") return found;
    skip(/[ \t]*/y);
    const last = found.at(-1);
    if (text[at] !== "=") {
      found.push({ scheme: name.toLowerCase(), parameters: new Map() });
      continue;
    }
    at++;
    skip(/[ \t]*/y);
    const quoted = /"((?:[^"\\]|\\.)*)"/y;
    quoted.lastIndex = at;
    const match = quoted.exec(text);
    if (match) at += match[0].length;
    const value = match ? (match[1] ?? "").replace(/\\(.)/g, "$1") : word();
    if (last === undefined) return found;
    if (!last.parameters.has(name.toLowerCase())) last.parameters.set(name.toLowerCase(), value);
  }
}
