/**
 * Whether a `.dockerignore` excludes a file from a build context; the path is relative to the context, with slashes.
 */
export type DockerignoreMatcher = (path: string) => boolean;

/**
 * Parses a `.dockerignore`: lines in order, the last match wins, `!` includes again, a matching folder includes
 * everything below it. Source: github.com/moby/patternmatcher (MatchesOrParentMatches) and its ignorefile package.
 */
export function parseDockerignore(text: string): DockerignoreMatcher {
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
    for (const { back, matches } of patterns) if (back === ignored && folders.some(matches)) ignored = !back;
    return ignored;
  };
}

/** As Go's filepath.Clean, for these paths: no `./`, no doubled or final slash, and none at the start. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** One step of a pattern: a set of characters, once or repeated, or a number of steps that may be skipped. */
type PatternStep = { readonly may: (char: string) => boolean; readonly loops: boolean } | { readonly skip: number };

const any = (): boolean => true;
const inName = (char: string): boolean => char !== "/";
const none = (): boolean => false;

/**
 * `*` and `?` within a name, `**` across folders, classes and backslashes as in Go's filepath.Match. Not translated to
 * a JavaScript expression: with many stars it would try every way to divide a name among them.
 */
function compiled(pattern: string): (path: string) => boolean {
  const steps: PatternStep[] = [];
  const one = (may: (char: string) => boolean): void => void steps.push({ may, loops: false });
  const many = (may: (char: string) => boolean): void => void steps.push({ may, loops: true });
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    if (pattern.startsWith("**", at)) {
      at++;
      if (pattern[at + 1] === "/") at++;
      if (at < pattern.length - 1) {
        steps.push({ skip: 2 });
        many(any);
        one((next) => next === "/");
      } else many(any);
    } else if (char === "*") many(inName);
    else if (char === "?") one(inName);
    else if (char === "\\") {
      const meant = pattern[++at] ?? "\\";
      one((next) => next === meant);
    } else if (char === "[" && pattern.includes("]", at + 2)) {
      const end = pattern.indexOf("]", at + 2);
      one(ofClass(pattern.slice(at + 1, end)));
      at = end;
    } else one((next) => next === char);
  }
  return (path) => fits(steps, path);
}

function ofClass(inner: string): (char: string) => boolean {
  const not = inner.startsWith("^");
  try {
    const all = new RegExp(`^[${not ? "^" : ""}${(not ? inner.slice(1) : inner).replace(/[[\]^]/g, "\\$&")}]$`, "s");
    return (char) => char !== "/" && all.test(char);
  } catch {
    return none; // a class that Go refuses too: the build would fail there
  }
}

/** Follows every way through the steps at once, so that the time grows with their number times the path's length. */
function fits(steps: readonly PatternStep[], path: string): boolean {
  const reach = (from: Set<number>): Set<number> => {
    for (const at of from) {
      const step = steps[at];
      if (step === undefined) continue;
      if ("skip" in step) from.add(at + 1).add(at + 1 + step.skip);
      else if (step.loops) from.add(at + 1);
    }
    return from;
  };
  let here = reach(new Set([0]));
  for (let index = 0; index < path.length && here.size > 0; index++) {
    const char = path[index] ?? "";
    const next = new Set<number>();
    for (const at of here) {
      const step = steps[at];
      if (step !== undefined && "may" in step && step.may(char)) next.add(step.loops ? at : at + 1);
    }
    here = reach(next);
  }
  return here.has(steps.length);
}
