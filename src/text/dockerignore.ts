/** Whether a file of a build context is kept out of it; the path is relative to the context, with slashes. */
export type Ignored = (path: string) => boolean;

/**
 * Reads a `.dockerignore`: lines in order, the last that fits wins, `!` takes back, a folder that fits takes all below it.
 * Source: github.com/moby/patternmatcher (MatchesOrParentMatches) and its ignorefile package.
 */
export function parseDockerignore(text: string): Ignored {
  const patterns = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "!")
    .map((line) => {
      const back = line.startsWith("!");
      return { back, matches: compiled(cleaned(back ? line.slice(1).trim() : line)) };
    });
  return (path) => {
    const parts = path.split("/");
    const folders = parts.map((_, at) => parts.slice(0, at + 1).join("/"));
    let ignored = false;
    for (const { back, matches } of patterns)
      if (back === ignored && folders.some((folder) => matches.test(folder))) ignored = !back;
    return ignored;
  };
}

/** As Go's filepath.Clean does for what is meant here: no `./`, no doubled or final slash, and none at the start. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** `*` and `?` within a name, `**` across folders, classes and backslashes as in Go's filepath.Match. */
function compiled(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    if (pattern.startsWith("**", at)) {
      at++;
      if (pattern[at + 1] === "/") at++;
      source += at >= pattern.length - 1 ? ".*" : "(?:.*/)?";
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\") source += literal(pattern[++at] ?? "\\");
    else if (char === "[" && pattern.includes("]", at + 2)) {
      const end = pattern.indexOf("]", at + 2);
      const inner = pattern.slice(at + 1, end);
      const not = inner.startsWith("^");
      source += `(?!/)[${not ? "^" : ""}${(not ? inner.slice(1) : inner).replace(/[[\]^]/g, "\\$&")}]`;
      at = end;
    } else source += literal(char);
  }
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return /(?!)/; // a class that Go refuses too: the build would fail there
  }
}

const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
