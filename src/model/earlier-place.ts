// Plans of earlier versions have a place only as text. This is the one file that reads such text.

/** What `lastingText` would have returned for a place of which only the text is left. */
export function earlierLastingText(path: string): string {
  return path.replace(LAYERS, "").replace(NUMBERS, "");
}

const LAYERS = /, (?:writable layer|layer \d{1,6} of \d{1,6}(?:, (?:deleted|replaced) in layer \d{1,6})?)$/;
const NUMBERS = /\[\d{1,9}\]$|:\d{1,9}(?= |$)|(?<=^| )line \d{1,9}(?= |$)/g;

/** The parts of `FILE:LINE NAME`; null for any other text. */
export function earlierLine(
  path: string,
): { readonly file: string; readonly line: number; readonly name: string } | null {
  const [, file, line, name] = /^(.*):(\d+) (.*)$/s.exec(path) ?? [];
  return file === undefined || name === undefined ? null : { file, line: Number(line), name };
}
