import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Pages for people who use unsprawl, from the root. */
export const USER_PAGES: readonly string[] = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })]
  .filter((page) => !page.startsWith("docs/contributing/") && page !== "docs/changelog.md")
  .sort();

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** The fenced blocks of a page, with their language. */
export function fencedBlocks(text: string): readonly { readonly language: string; readonly text: string }[] {
  return [...text.matchAll(/^ *```(\w*)[^\n]*\n([\s\S]*?)^ *```$/gm)].map(([, language = "", body = ""]) => ({
    language,
    text: body,
  }));
}

/**
 * The command lines of unsprawl on a page, in blocks and between backticks, as a shell splits them; not a command's bare
 * name in a sentence.
 */
export function commandLines(text: string): readonly (readonly string[])[] {
  const inBlocks = fencedBlocks(text)
    .filter(({ language }) => language === "" || language === "sh")
    .flatMap((block) => block.text.split("\n"))
    .flatMap((line) => /^(?:\$ )?(?:.*\| )?(?:sudo )?(unsprawl [^|&<>]*?) *(?:$|[|&<>])/.exec(line)?.[1] ?? []);
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
  const inProse = [...prose.matchAll(/`([^`]*)`/g)]
    .map(([, code = ""]) => code.replaceAll("\n", " "))
    .filter((code) => /^unsprawl \S+ [^|<>[]*$/.test(code));
  const lines = [...inBlocks, ...inProse].filter((line) => !line.includes("…"));
  if (lines.length === 0) return [];
  const script = `set -f\nunsprawl() { printf '%s\\037' "$@"; echo; }\n${lines.join("\n")}\n`;
  const split = execFileSync("sh", ["-eu"], { input: script, encoding: "utf8" });
  return split
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\u001f").slice(0, -1));
}
