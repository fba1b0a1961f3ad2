import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { blockName, patched, type PageBlock } from "./pages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A copy of the tree in which the pages' examples can be tried. */
export type WorkedCopy = {
  readonly dir: string;
  /** What a tool of node_modules/.bin prints; null when it exits with 0. */
  fails(tool: string, ...args: readonly string[]): Promise<string | null>;
  remove(): void;
};

/** Copies what git keeps (files not yet added too) and links node_modules. */
export function copyTree(): WorkedCopy {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), "unsprawl-pages-"));
  const git = (cwd: string, ...args: readonly string[]): string => execFileSync("git", args, { cwd, encoding: "utf8" });
  for (const file of git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")) {
    if (file === "" || lstatSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile() !== true) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(ROOT, file), join(dir, file));
  }
  symlinkSync(realpathSync(join(ROOT, "node_modules")), join(dir, "node_modules"));
  git(dir, "init", "--quiet");
  return {
    dir,
    fails: (tool, ...args) =>
      new Promise((done) => {
        const env = { ...process.env, XDG_STATE_HOME: join(dir, "node_modules/.cache/unsprawl-state") };
        const program = join(dir, "node_modules/.bin", tool);
        execFile(program, args, { cwd: dir, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
          done(error === null ? null : `${stdout}${stderr}`),
        );
      }),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** Writes the block's file, or changes it. Throws with the page and line of a block that no longer fits. */
export function applyBlock({ dir }: WorkedCopy, block: PageBlock): void {
  const file = join(dir, block.file);
  const there = lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  if (there !== (block.kind === "diff"))
    throw new Error(`${blockName(block)}: the file ${there ? "exists already" : "does not exist"}`);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, block.kind === "file" ? block.text : patched(readFileSync(file, "utf8"), block.text));
  } catch (error) {
    throw new Error(`${blockName(block)}: ${(error as Error).message}`, { cause: error });
  }
}
