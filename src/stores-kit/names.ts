/**
 * A name in the characters that a store takes, reversibly: each other character becomes `_xHEX_`, and so does an
 * underscore before an `x`, so that what reads as such a piece always is one. `allowed` matches one character that stays.
 */
export function encodeName(name: string, allowed: RegExp): string {
  const chars = Array.from(name);
  const encode = (char: string): string => `_x${(char.codePointAt(0) ?? 0).toString(16)}_`;
  return chars
    .map((char, at) => (allowed.test(char) && !(char === "_" && chars[at + 1] === "x") ? char : encode(char)))
    .join("");
}

/** The inverse of `encodeName`. */
export function decodeName(text: string): string {
  return text.replace(/_x([0-9a-f]{1,6})_/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/**
 * What a template's names were in this text: the inverse of `fillTemplate`, empty for what it does not tell. Where two
 * names stand side by side the first takes as little as it can.
 */
export function unfillTemplate(
  template: string,
  text: string,
  decode: (part: string) => string = decodeName,
): { readonly subject: string; readonly project: string; readonly name: string } {
  const literal = (part: string): string => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const order = Array.from(template.matchAll(/\{(\w+)\}/g), ([, which]) => which as string);
  const pattern = template
    .split(/\{\w+\}/)
    .map(literal)
    .join("([^/]{1,500}?)");
  const found = new RegExp(`^${pattern}$`).exec(text);
  const of = (which: string): string => {
    const part = found?.[order.indexOf(which) + 1];
    return part === undefined || !order.includes(which) ? "" : decode(part);
  };
  return { subject: of("subject"), project: of("project"), name: of("name") };
}

/** A template's `{subject}`, `{project}` and `{name}` filled in. */
export function fillTemplate(template: string, names: { readonly [which: string]: string }): string {
  return template.replace(/\{(\w+)\}/g, (_, which: string) => names[which] ?? "");
}
