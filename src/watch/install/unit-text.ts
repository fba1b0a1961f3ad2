/** The text of a unit: its sections, each with finished lines. */
export function unitText(sections: { readonly [name: string]: readonly string[] }): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`)
    .join("\n");
}

/** Quotes a word of a unit's setting for systemd: systemd.syntax(7), QUOTING, and specifiers of systemd.unit(5). */
export function quotedSetting(word: string): string {
  const escaped = word
    .replace(/[\\"]/g, "\\$&")
    // oxlint-disable-next-line no-control-regex -- a line end would begin another setting
    .replace(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll("%", "%%");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
