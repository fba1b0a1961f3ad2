const PIECE = 4;
const INSTEAD = ["judged by its name", "kept out of sight", "found by shape"];

/** The lines that share no piece of four characters with the secret; a plain line in their place when none is left. */
export function quotesNothing(why: readonly string[], part: string): readonly string[] {
  const kept = why.filter((line) => !shares(line, part));
  if (kept.length > 0) return kept;
  const line = INSTEAD.find((text) => !shares(text, part));
  return line === undefined ? [] : [line];
}

/** True when four characters in a row of `line` stand in the secret, or all of a shorter secret in `line`; case is ignored. */
function shares(line: string, part: string): boolean {
  const text = line.toLowerCase();
  const secret = part.slice(0, 4096).toLowerCase();
  if (secret.length < PIECE) return secret.length > 0 && text.includes(secret);
  for (let at = 0; at + PIECE <= text.length; at++) {
    if (secret.includes(text.slice(at, at + PIECE))) return true;
  }
  return false;
}
