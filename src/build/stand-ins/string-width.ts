import stringWidth, { type Options } from "string-width";
import { isNarrow } from "../../kit/text/width.ts";
import { SGR } from "./sgr.ts";

/** What string-width returns; without segmenting text of which each character takes one column. */
export default function width(text: string, options?: Options): number {
  if (options !== undefined) return stringWidth(text, options);
  const plain = text.includes("\u001b") ? text.replace(SGR, "") : text;
  return isNarrow(plain) ? plain.length : stringWidth(text);
}
