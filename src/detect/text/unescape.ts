const MARKS: { readonly [mark: string]: string } = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", "0": "\0" };
const ENTITIES: { readonly [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Escapes of strings in most languages: `\n`, `\"`, `\u00e4`, `\x41`, `\033`. */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([01][0-7]{2})|([\s\S]))/g,
    (_, wide: string, narrow: string, octal: string, mark: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const code = wide ?? narrow;
      if (code === undefined) return MARKS[mark] ?? mark;
      return Buffer.from(String.fromCharCode(Number.parseInt(code, 16))).toString("latin1");
    },
  );
}

/** Of a shell's double quotes, in which few marks are escaped. */
export function unescapedShell(text: string): string {
  return text.includes("\\") ? text.replace(/\\(["\\$`])/g, "$1").replace(/\\\r?\n/g, "") : text;
}

/** Of literal strings in PHP, Ruby and Perl: backslashes and quotes only. */
export function unescapedSingle(text: string): string {
  return text.includes("\\") ? text.replace(/\\(['\\])/g, "$1").replace(/\\n/g, "\n") : text;
}

export function unescapedXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,5})|#x([0-9a-fA-F]{1,4}));/g,
    (whole, name: string, decimal: string, hex: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      return String.fromCharCode(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
    },
  );
}
