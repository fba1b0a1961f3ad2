/** Text as man(7) prints it as it is: a line that begins with a dot or a quote would be a request. */
export function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replace(/^\./gm, "\\&.")
    .replace(
      /[^\0-\x7f]/gu,
      (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}

export const quoted = (text: string): string => `"${roff(text).replaceAll('"', '""')}"`;

/** A term and its description. */
export const tagged = (tag: string, text: string): string[] => [".TP", `.B ${quoted(tag)}`, roff(text)];

/** A section, or nothing if it would be empty. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${quoted(title)}`, ...lines];
}

/** Paragraphs, which are separated by an empty line. */
export function paragraphs(text: string): string[] {
  return text.split("\n\n").flatMap((one, at) => [...(at > 0 ? [".PP"] : []), roff(one)]);
}

/** Commands as they are typed, each behind what it does. */
export function examples(all: readonly (readonly [command: string, text: string])[]): string[] {
  return all.flatMap(([command, text], at) => [
    ...(at > 0 ? [".PP"] : []),
    roff(`${text}:`),
    ...[".PP", ".nf", ".RS 4", roff(command), ".RE", ".fi"],
  ]);
}
