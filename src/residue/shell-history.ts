import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { Look } from "../contract/look.ts";
import { cmd } from "../kit/shell.ts";
import { fileMatches } from "./read.ts";
import { searchFor } from "./search.ts";
import { readPlace } from "./read-place.ts";

const LARGEST_MIB = 256;

const HISTORIES = [
  ".bash_history",
  ".zsh_history",
  ".zhistory",
  ".ash_history",
  ".sh_history",
  ".local/share/fish/fish_history",
  ".psql_history",
  ".mysql_history",
  ".rediscli_history",
  ".python_history",
];

/** What people typed into shells and database clients: the user's histories; for root everyone's. */
export function historyLook(env: NodeJS.ProcessEnv, isRoot: boolean): Look {
  return {
    name: "shell history",
    async *look(marks, host) {
      const search = searchFor(marks);
      const own = env["HISTFILE"]?.startsWith("/") === true ? [env["HISTFILE"]] : [];
      const homes = await homesOf(env, isRoot);
      for (const file of new Set([...own, ...homes.flatMap((home) => HISTORIES.map((name) => join(home, name)))])) {
        // This is how people turn a history off.
        if ((await readlink(file).catch(() => "")) === "/dev/null") continue;
        const next = (line: number): string =>
          cmd`close the shells that use it, then take the line out: vi +${line} ${file}`;
        yield* fileMatches("shell history", file, LARGEST_MIB, search, host, (_mark, line) => next(line));
      }
    },
  };
}

async function homesOf(env: NodeJS.ProcessEnv, isRoot: boolean): Promise<string[]> {
  const own = env["HOME"]?.startsWith("/") === true ? [env["HOME"]] : [];
  if (!isRoot) return own;
  const users = await readPlace("/etc/passwd", async () => readFile("/etc/passwd", "utf8"));
  const homes = "got" in users ? users.got.split("\n").map((entry) => entry.split(":")[5] ?? "") : [];
  return [...new Set([...own, ...homes.filter((home) => /^\/./.test(home) && home !== "/nonexistent")])];
}
