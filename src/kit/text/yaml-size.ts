import { UnsprawlError } from "../../model/error.ts";

/** Far more than people write, and a parser needs up to 2 GB for them. */
const MOST_PARTS = 1_000_000;
/** The same for files whose reading must not hold up others: two seconds, and 300 MB. */
export const MOST_SHARED_PARTS = 30_000;

/**
 * Throws for a text that no YAML parser should get: its memory would not do, and a process without memory just ends.
 * What counts are lines and what begins an item within one. Returns how many there are.
 */
export function mustBeParsable(
  text: string,
  file: string,
  { code = "refused", most = MOST_PARTS }: { readonly code?: "refused" | "config"; readonly most?: number } = {},
): number {
  let parts = 0;
  for (let at = 0; at < text.length; at++) if (beginsPart(text, at)) parts++;
  if (parts > most)
    throw new UnsprawlError(
      code,
      `${file} has more than ${most.toLocaleString("en")} lines and items`,
      "split it into several files",
    );
  return parts;
}

function beginsPart(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (char === NEWLINE || char === COMMA || char === SQUARE || char === CURLY) return true;
  return (char === DASH || char === QUESTION) && text.charCodeAt(at + 1) === BLANK && !isFirst(text, at);
}

/** What a line begins with is counted with its line. */
function isFirst(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BLANK) before--;
  return before < 0 || text.charCodeAt(before) === NEWLINE;
}

const [NEWLINE, BLANK, COMMA, DASH, QUESTION, SQUARE, CURLY] = [10, 32, 44, 45, 63, 91, 123];
