import { gitOutput, type Git } from "./git-command.ts";
import type { Stream } from "./matcher.ts";
import type { Search } from "./search.ts";

/**
 * The commits that contain a value, each as `HASH (DATE)`; `having` are full hashes of those that added it, oldest
 * first.
 */
export type Commits = {
  readonly first: string | null;
  readonly last: string | null;
  readonly having: readonly string[];
};

const MOST = 1024 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Every version of a file, as the lines that each commit added and removed: the newest first, and no commit before its
 * children. Merges are compared with each parent, since the content of a stash is in no other commit. `cut` if there
 * was more than is read.
 */
export async function readLog(
  git: Git,
  name: string,
  search: Search,
): Promise<{ readonly commits: ReadonlyMap<number, Commits>; readonly cut: boolean }> {
  const args = [
    "log",
    "--all",
    "--reflog",
    "--date-order",
    "--full-history",
    "--diff-merges=separate",
    "--format=%x00%H %cs",
  ];
  const diff = ["-p", "-U0", "--text", "--no-textconv", "--no-ext-diff", "--no-color", "--no-renames", "--no-notes"];
  const reader = new LogReader(search);
  let size = 0;
  for await (const chunk of gitOutput(git, [...args, ...diff, "--", name])) {
    reader.take(chunk);
    size += chunk.length;
    if (size > MOST) break;
  }
  return { commits: reader.end(), cut: size > MOST };
}

type Side = "+" | "-";
type GitLogLine = "commit" | "skipped" | Side;

/** Splits the output, and searches added and removed lines as separate texts. */
class LogReader {
  readonly #search: Search;
  /** What the current line is: a long line need not be kept. */
  #line: GitLogLine | "new" = "new";
  #heading: Buffer[] = [];
  #inHunk = false;
  #commit = { hash: "", date: "" };
  #streams: Record<Side, Stream>;
  #here: Record<Side, Set<number>> = { "+": new Set(), "-": new Set() };
  readonly #seen = new Map<number, { added: string | null; removed: string | null; readonly having: string[] }>();

  constructor(search: Search) {
    this.#search = search;
    this.#streams = { "+": search.matcher.stream(), "-": search.matcher.stream() };
  }

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#line === "new") {
        const line = this.#begin(chunk[at] ?? 0);
        this.#line = line;
        if (line !== "skipped") at++;
        if (at >= chunk.length) return;
      }
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      this.#part(chunk.subarray(at, end));
      if (newline >= 0) this.#endLine();
      at = end;
    }
  }

  end(): ReadonlyMap<number, Commits> {
    this.#endCommit();
    return new Map(
      [...this.#seen].map(([mark, { added, removed, having }]) => [
        mark,
        { first: added, last: removed, having: having.toReversed() },
      ]),
    );
  }

  /** What a line is, by its first byte. No line of a hunk begins like the lines between hunks. */
  #begin(byte: number): GitLogLine {
    const char = String.fromCharCode(byte);
    if (char === "@") this.#inHunk = true;
    if (char === "d") this.#inHunk = false;
    if (char === "\0") {
      this.#endCommit();
      return "commit";
    }
    return this.#inHunk && (char === "+" || char === "-") ? char : "skipped";
  }

  #part(bytes: Buffer): void {
    if (this.#line === "commit") this.#heading.push(Buffer.from(bytes));
    else if (this.#line === "+" || this.#line === "-") this.#note(this.#line, this.#streams[this.#line].push(bytes));
  }

  #endLine(): void {
    if (this.#line === "commit") {
      const [hash = "", date = ""] = Buffer.concat(this.#heading).toString("latin1").trim().split(" ");
      this.#commit = { hash, date };
      this.#heading = [];
    }
    this.#line = "new";
  }

  #endCommit(): void {
    for (const side of ["+", "-"] as const) {
      this.#note(side, this.#streams[side].end());
      this.#streams[side] = this.#search.matcher.stream();
    }
    const { hash, date } = this.#commit;
    const text = `${hash.slice(0, 10)} (${date})`;
    for (const mark of new Set([...this.#here["+"], ...this.#here["-"]])) {
      const seen = this.#seen.get(mark) ?? { added: null, removed: null, having: [] };
      this.#seen.set(mark, seen);
      // The newest comes first. A line that only changed around the value has it on both sides.
      if (this.#here["+"].has(mark)) {
        seen.added = text;
        if (seen.having.at(-1) !== hash) seen.having.push(hash);
      } else if (seen.having.length === 0) seen.removed ??= text;
    }
    this.#here = { "+": new Set(), "-": new Set() };
    this.#inHunk = false;
  }

  #note(side: Side, hits: readonly { readonly mark: number }[]): void {
    for (const { mark } of hits) this.#here[side].add(mark);
  }
}
