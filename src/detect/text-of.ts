import type { Secret } from "../model/secret.ts";
import { leaveOut } from "./unread.ts";

const LARGEST = 1_048_576;

/** The part of the value that is classified: its first mebibyte, invalid UTF-8 replaced. */
export function classifiedText(value: Secret): string {
  const text = value.exposeText();
  if (text.length <= LARGEST) return text;
  leaveOut("length");
  return text.slice(0, LARGEST);
}
