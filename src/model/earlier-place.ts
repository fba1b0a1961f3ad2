import type { FieldRole, Place } from "./place.ts";

// Plans and reports of earlier versions have a place only as text. This is the one file that reads such text.

/** What `lastingText` would have returned for a place of which only the text is left. */
export function earlierLastingText(path: string): string {
  return path.replace(LAYERS, "").replace(NUMBERS, "");
}

const LAYERS = /, (?:writable layer|layer \d{1,6} of \d{1,6}(?:, (?:deleted|replaced) in layer \d{1,6})?)$/;
const NUMBERS = /\[\d{1,9}\]$|:\d{1,9}(?= |$)|(?<=^| )line \d{1,9}(?= |$)/g;

/** The place of which this is the text, if it is a line; null for any other. */
export function earlierPlace(path: string): Place | null {
  const [, own] = /^line (\d{1,9})$/.exec(path) ?? [];
  if (own !== undefined) return { kind: "text", file: null, line: Number(own) };
  const [, file, line, name] = /^(.*):(\d+) (.*)$/s.exec(path) ?? [];
  return file === undefined || name === undefined ? null : { kind: "line", file, line: Number(line), name };
}

/** The role of a field of which only the text is left, for what a plan of an earlier version may hold; else null. */
export function earlierRole(path: string): FieldRole | null {
  return path.startsWith("ContainerConfig.") ? "builder" : null;
}
