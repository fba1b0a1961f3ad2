/*
 * Marks in texts that Compose copies as they are. A mark consists of private-use characters: no name, shell word or sign of
 * YAML has them, so `$NAME` before one stays `$NAME`. Each has two halves, around what it marks.
 */

/** What a mark stands for: where a part of a value comes from. */
export type Mark = {
  /** Null for the shell's environment. */
  readonly file: string | null;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly kind: "text" | "line" | "shell" | "default" | "alternative" | "alias";
};

/** The name beside each variable's, whose value carries marks. */
export const SECOND = "_zQm";
/** The same of a variable that is passed on by its name alone. */
export const PASSED = "_zQp";
/** `NAME_zQr7`: a name that no other place has, so that nothing overrides it. */
export const REACHES = "_zQr";

const HALF = /\uE000([\uE100-\uF0FF]{2})([\uE001\uE002])/g;
const encoded = (id: number): string => String.fromCharCode(0xe100 + (id >> 12), 0xe100 + (id & 4095));
const decoded = (text: string): number => ((text.charCodeAt(0) - 0xe100) << 12) + text.charCodeAt(1) - 0xe100;

export const open = (id: number): string => `\uE000${encoded(id)}\uE001`;
export const close = (id: number): string => `\uE000${encoded(id)}\uE002`;
export const withoutMarks = (text: string): string => text.replace(HALF, "");

/** The marks that end in a text, in the order of their ends: the text that defines a value comes last. */
export function marksIn(text: string): readonly number[] {
  const found = new Set<number>();
  for (const [, id = "", side] of text.matchAll(HALF)) {
    if (side !== "\uE002") continue;
    found.delete(decoded(id));
    found.add(decoded(id));
  }
  return [...found];
}

/** Gives back a mark for an operand of a variable's use. */
export type MarkOperand = (kind: "default" | "alternative") => number;

/** A text that uses the second name of each variable, which is added to `names`, with a mark around each operand. */
export function withSecondNames(text: string, names: Set<string>, operand: MarkOperand): string {
  let made = "";
  /** What ends each brace that is open. */
  const ends: string[] = [];
  for (let at = 0; at < text.length;) {
    const use = text.startsWith("$$", at) ? null : /^\$\{?([A-Za-z_]\w*)/.exec(text.slice(at, at + 300));
    if (text.startsWith("$$", at)) {
      made += "$$";
      at += 2;
    } else if (use !== null) {
      const [whole, name = ""] = use;
      // Compose sets this one itself.
      const isOwn = name === "COMPOSE_PROJECT_NAME" && !names.has(name);
      if (!isOwn) names.add(name);
      made += whole + (isOwn ? "" : SECOND);
      at += whole.length;
      if (!whole.startsWith("${")) continue;
      const [operator = ""] = /^:?[-+?]/.exec(text.slice(at, at + 2)) ?? [];
      const isEmpty = text[at + operator.length] === "}";
      const id =
        /[-+]$/.test(operator) && !isEmpty ? operand(operator.endsWith("+") ? "alternative" : "default") : null;
      made += operator + (id === null ? "" : open(id));
      at += operator.length;
      ends.push(id === null ? "" : close(id));
    } else {
      if (text[at] === "{" && ends.length > 0) ends.push("");
      if (text[at] === "}") made += ends.pop() ?? "";
      made += text.charAt(at++);
    }
  }
  return made;
}
