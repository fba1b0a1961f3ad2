import { UnsprawlError } from "../../model/error.ts";

/** Far more than people write, and a parser needs up to 2 GB for them. */
const MOST_PARTS = 1_000_000;

/**
 * Throws for a text that no YAML parser should get: its memory would not do, and a process without memory just ends.
 * What counts are lines and what begins an item within one.
 */
export function mustBeParsable(text: string, file: string, code: "refused" | "config" = "refused"): void {
  let parts = 0;
  for (let at = 0; at < text.length; at++) if (beginsPart(text, at)) parts++;
  if (parts > MOST_PARTS)
    throw new UnsprawlError(code, `${file} has more than 1,000,000 lines and items`, "split it into several files");
}

function beginsPart(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (char === NEWLINE || char === COMMA || char === SQUARE || char === CURLY) return true;
  return (char === DASH || char === QUESTION) && text.charCodeAt(at + 1) === BLANK;
}

const [NEWLINE, BLANK, COMMA, DASH, QUESTION, SQUARE, CURLY] = [10, 32, 44, 45, 63, 91, 123];
