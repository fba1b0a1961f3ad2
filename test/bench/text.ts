import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LARGEST_FILE = 2_000_000;

/**
 * Fills a folder with source text of several languages that is on every machine which runs this: packages of the
 * lockfile, and Python's. Gives the bytes that were written.
 */
export function mixedText(folder: string, bytes: number): number {
  const library = spawnSync("python3", ["-c", "import os; print(os.path.dirname(os.__file__))"], { encoding: "utf8" });
  const files = [
    ...globSync("node_modules/**/*.{js,mjs,cjs,ts,json,md,map,yml,html,css}", { cwd: ROOT }).map((file) =>
      join(ROOT, file),
    ),
    ...globSync("**/*.{py,txt,cfg,h}", { cwd: library.stdout.trim() }).map((file) => join(library.stdout.trim(), file)),
  ];
  let total = 0;
  for (let at = 0; total < bytes; at++) {
    const file = files[at % files.length] as string;
    const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: LARGEST_FILE };
    if (size >= LARGEST_FILE) continue;
    const into = join(folder, String(at % 97));
    mkdirSync(into, { recursive: true });
    copyFileSync(file, join(into, `${at}-${file.split("/").at(-1) ?? ""}`));
    total += size;
  }
  return total;
}
