import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A code block with a title: a whole new file, or a change to one that exists. */
export type PageBlock = {
  readonly page: string;
  /** Where the block starts. */
  readonly line: number;
  readonly kind: "file" | "diff";
  /** The file, from the root. */
  readonly file: string;
  readonly text: string;
};

const TITLED = /^```(\w+) title="([^"]+)"\n([\s\S]*?)^```$/gm;

/** The titled code blocks of every page in docs/contributing, in order. */
export function pageBlocks(): readonly PageBlock[] {
  const pages = readdirSync(`${ROOT}docs/contributing`).sort();
  return pages.flatMap((name) => {
    const page = `docs/contributing/${name}`;
    return blocksOf(page, readFileSync(ROOT + page, "utf8"));
  });
}

export function blocksOf(page: string, text: string): readonly PageBlock[] {
  return [...text.matchAll(TITLED)].map(({ 1: language, 2: file = "", 3: code = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    kind: language === "diff" ? "diff" : "file",
    file,
    text: code,
  }));
}

export function blockName({ page, line, file }: PageBlock): string {
  return `${page}:${line} (${file})`;
}

/**
 * The text with the changes of a diff block: each hunk is the lines up to the next `@@`, and what it says was there must
 * stand in the text exactly once. Throws with the hunk that does not.
 */
export function patched(text: string, diff: string): string {
  return diff.split(/^@@.*\n/m).reduce((done, hunk) => {
    const lines = hunk.split("\n").slice(0, -1);
    const side = (sign: string): string =>
      lines
        .filter((line) => line === "" || line.startsWith(" ") || line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const [before, after] = [side("-"), side("+")];
    const parts = done.split(before);
    if (before === "" || parts.length !== 2)
      throw new Error(`these lines are there ${parts.length - 1} times:\n${before}`);
    return parts.join(after);
  }, text);
}
