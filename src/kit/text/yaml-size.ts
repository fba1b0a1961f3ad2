import { UnsprawlError } from "../../model/error.ts";

/** Far more than people write, and a parser needs up to 2 GB for them. */
const MOST_PARTS = 1_000_000;
/** The same for files that are read for others, whom they must not hold up: a second, and 300 MB. */
export const MOST_SHARED_PARTS = 40_000;

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
  return (char === DASH || char === QUESTION) && text.charCodeAt(at + 1) === BLANK;
}

const [NEWLINE, BLANK, COMMA, DASH, QUESTION, SQUARE, CURLY] = [10, 32, 44, 45, 63, 91, 123];
