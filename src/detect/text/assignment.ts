/**
 * A value that a text gives a name. `start` and `end` are places in the text that was read, one character a byte; `value`
 * is what the language's reader would see: without quotes, its escapes resolved.
 */
export type NamedLiteral = {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** Whether quotes stand around it. */
  readonly quoted: boolean;
};

/** The bytes as text, one character a byte. */
export function latin1Text(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("latin1", from, to);
}

/** The same as the characters that they encode. */
export function utf8Text(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, "latin1").toString("utf8") : latin1;
}
