/**
 * A name in the characters that a store takes, reversibly: each other character becomes `_xHEX_`, and an underscore
 * that would read as the beginning of such a piece becomes one. `allowed` matches one character that stays.
 */
export function encodeName(name: string, allowed: RegExp): string {
  let encoded = "";
  for (const [at, char] of Array.from(name).entries()) {
    const looksEncoded =
      char === "_" &&
      /^_x[0-9a-f]{1,6}_/.test(
        Array.from(name)
          .slice(at, at + 10)
          .join(""),
      );
    encoded += allowed.test(char) && !looksEncoded ? char : `_x${(char.codePointAt(0) ?? 0).toString(16)}_`;
  }
  return encoded;
}

/** A template's `{subject}`, `{project}` and `{name}` filled in. */
export function fillTemplate(template: string, names: { readonly [which: string]: string }): string {
  return template.replace(/\{(\w+)\}/g, (_, which: string) => names[which] ?? "");
}
