import type { Secret } from "../model/secret.ts";

const LARGEST = 1_048_576;

/** The part of the value that is classified: its first mebibyte, invalid UTF-8 replaced. */
export function classifiedText(value: Secret): string {
  const text = value.exposeText();
  return text.length > LARGEST ? text.slice(0, LARGEST) : text;
}
